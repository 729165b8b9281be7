import type { VirtualClock } from "@opendxa/pubsub-simulated";

const HOUR_MS = 3_600_000;
/** Jumps beyond this are doubted while the broker runs. */
const JUMP_MS = HOUR_MS;
/** A start is doubted whose clock is so far ahead of the newest entry. */
const AHEAD_MS = 4 * 24 * HOUR_MS;
/** "For an hour", less the tick in which the broker counts. */
const PAUSE_MS = HOUR_MS - 60_000;

/**
 * What somebody outside knows of the broker's own time, which never goes back: two bounds, and
 * whether the clock jumped so that nothing may leave for its age.
 */
export class EntryTime {
  readonly #clock: VirtualClock;
  #highMs: number;
  #seenMs = 0;
  #pausedUntilSteadyMs = 0;

  /** Begins with a machine that never ran. */
  constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.#highMs = clock.now();
  }

  /** The broker's time is not later than this. */
  get highMs(): number {
    return this.#highMs;
  }

  /** The broker's time is not earlier than this. */
  get lowMs(): number {
    return Math.max(this.#clock.now(), this.#seenMs);
  }

  /** Retention by age must wait. */
  get isPaused(): boolean {
    return this.#clock.steady() < this.#pausedUntilSteadyMs;
  }

  /** Time passed; a clock that was set back is followed at half the pace. */
  passed(ms: number): void {
    this.#highMs = Math.max(this.#clock.now(), this.#highMs + ms / 2);
  }

  /** The wall clock jumped under a running broker. */
  jumped(ms: number): void {
    this.#highMs = Math.max(this.#clock.now(), this.#highMs);
    if (Math.abs(ms) > JUMP_MS) this.#pause();
  }

  /** A broker may have started, and ended before it said so. */
  mayHaveStarted(): void {
    this.#highMs = Math.max(this.#clock.now(), this.#highMs);
  }

  /** A broker started. What an earlier one thought of the clock is forgotten. */
  started(): void {
    const nowMs = this.#clock.now();
    this.#pausedUntilSteadyMs = 0;
    const isAhead = nowMs - this.#highMs > AHEAD_MS;
    if (isAhead || this.#seenMs - nowMs > JUMP_MS) this.#pause();
    this.mayHaveStarted();
  }

  /** An event with this append time is durable. */
  saw(appendMs: number): void {
    this.#seenMs = Math.max(this.#seenMs, appendMs);
  }

  #pause(): void {
    this.#pausedUntilSteadyMs = this.#clock.steady() + PAUSE_MS;
  }
}
