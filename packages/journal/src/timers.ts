/** Timers as the journal needs them. */
export interface Timers {
  /** Calls back once after a delay; the handle goes to `clearTimer` as it is. */
  setTimer(callback: () => void, delayMs: number): unknown;
  /** Clears a timer; one that ran is left alone. */
  clearTimer(timer: unknown): void;
}
