import type { Clock, TimerHandle, Timers } from "./environment.js";
import { timerSleepMsMax } from "./limits.js";

/**
 * Calls when a time of the wall clock has come, or before it after `timerSleepMsMax`; setting it again
 * forgets the time before.
 */
export class Alarm {
  readonly #parts: { readonly clock: Clock; readonly timers: Timers };
  readonly #ring: () => void;
  #timer: TimerHandle | undefined;

  constructor(parts: { readonly clock: Clock; readonly timers: Timers }, ring: () => void) {
    this.#parts = parts;
    this.#ring = ring;
  }

  /** Sets it, in milliseconds since the Unix epoch; infinite: it never rings. */
  set(atMs: number): void {
    this.clear();
    if (atMs === Number.POSITIVE_INFINITY) return;
    const { clock, timers } = this.#parts;
    this.#timer = timers.setTimer(
      () => {
        this.#timer = undefined;
        this.#ring();
      },
      Math.min(timerSleepMsMax, Math.max(0, atMs - clock.now())),
    );
  }

  /** It does not ring any more. */
  clear(): void {
    if (this.#timer !== undefined) this.#parts.timers.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
