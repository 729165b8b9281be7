/** Tells the time. */
export interface Clock {
  /** Milliseconds since the Unix epoch, as the machine believes; may jump both ways. */
  now(): number;
  /** Milliseconds since some moment, on a scale that nobody sets: it never goes back or jumps. */
  steady(): number;
}

/** A running timer. */
export type TimerHandle = unknown;

/** Runs something later. */
export interface Timers {
  /** Calls back once, `delayMs` from now. */
  setTimer(callback: () => void, delayMs: number): TimerHandle;
  /** Forgets a timer. */
  clearTimer(handle: TimerHandle): void;
}

/** Source of random numbers for jitter and identities; never for secrets. */
export interface Random {
  /** A number in [0, 1). */
  float(): number;
}

/** Receives what an operator should know. */
export interface EngineLog {
  /** Something unusual that is handled. */
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  /** Progress. */
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
}
