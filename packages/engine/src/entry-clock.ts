import type { Clock } from "./environment.js";

/** While the wall clock is behind, this clock goes at this share of its pace until it is overtaken. */
const paceBehind = 0.5;

/**
 * The time of entries, leases and deadlines. It is the wall clock's, but never goes back: where the
 * wall clock was set back, it goes on from where it was at half the pace until the wall clock has
 * caught up, so that what is due in a second is due in two and not after the hours of the jump.
 */
export class EntryClock implements Clock {
  readonly #machine: Clock;
  #nowMs: number;
  #steadyMs: number;

  /** Never before `notBeforeMs`, the time of the newest entry. */
  constructor(machine: Clock, notBeforeMs: number) {
    this.#machine = machine;
    this.#nowMs = Math.max(machine.now(), notBeforeMs);
    this.#steadyMs = machine.steady();
  }

  now(): number {
    const steadyMs = this.#machine.steady();
    const passedMs = Math.max(0, steadyMs - this.#steadyMs);
    this.#steadyMs = steadyMs;
    this.#nowMs = Math.max(this.#machine.now(), this.#nowMs + passedMs * paceBehind);
    return Math.floor(this.#nowMs);
  }

  steady(): number {
    return this.#machine.steady();
  }
}
