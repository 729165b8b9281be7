/** What every worker of a history run is told, as JSON in its one argument. */
export interface WorkerTask {
  /** Address of the broker. */
  readonly address: string;
  /** Its name in the history; a publisher's source. */
  readonly name: string;
  /** Its file. */
  readonly out: string;
  /** Decides what it does. */
  readonly seed: number;
}

/** What the operator is told. */
export interface OperatorTask extends WorkerTask {
  /** How long the broker is killed, in milliseconds: a request may have to wait for the end of that. */
  readonly killsMs: number;
}

/** What a consumer is told. */
export interface ConsumerTask extends WorkerTask {
  /** Its subscription, which exists. */
  readonly sub: string;
  /** It gives up some events for ever, so that they reach the attempts' bound. */
  readonly isPoisoned: boolean;
  /** Its settings, for a client that must name them to open it. */
  readonly topics: readonly string[];
  readonly isOrdered: boolean;
  readonly ackDeadlineMs: number;
  readonly attemptsMax: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

/** Reads the task of this process. */
export function readTask<T extends WorkerTask>(): T {
  const [text] = process.argv.slice(2);
  if (text === undefined) throw new Error("usage: worker TASK, a JSON object");
  return JSON.parse(text) as T;
}

/** Resolves with SIGTERM. */
export function whenStopped(): Promise<void> {
  return new Promise((resolve) => process.once("SIGTERM", () => resolve()));
}
