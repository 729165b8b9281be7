/** What the process that registers executions is asked to do. */
export interface RegisterTask {
  /** Host and port. */
  readonly address: string;
  /** Executions to register. */
  readonly count: number;
  /** Unanswered registrations at most. */
  readonly inFlight: number;
}

/** What came of it. */
export interface Registered {
  /** From the first registration to the last answer, in milliseconds. */
  readonly elapsedMs: number;
}

/** Id of the execution with that number. */
export function executionId(number: number): string {
  return `bench-${String(number).padStart(8, "0")}`;
}
