import type { Clock, EngineLog, TimerHandle, Timers } from "./environment.js";
import {
  clockAheadMs,
  clockConfirmedMs,
  clockJumpMs,
  clockSteadyMs,
  clockTickMs,
} from "./limits.js";

/** What the guard watches. */
export interface ClockGuardParts {
  /** The wall clock. */
  readonly clock: Clock;
  /** Timers, which do not follow its jumps. */
  readonly timers: Timers;
  /** Told of jumps. */
  readonly log: EngineLog;
  /** Time of the newest entry found at start, in milliseconds since the Unix epoch; 0: none. */
  readonly newestEntryMs: number;
  /** When an operator confirmed the clock, in milliseconds since the Unix epoch. */
  readonly confirmedMs: number | undefined;
}

/**
 * Tells whether the wall clock may be believed when it says that events are old: a clock that
 * jumped would let everything go at once. After a jump it must run beside the timers for a while.
 */
export class ClockGuard {
  readonly #parts: ClockGuardParts;
  #lastMs: number;
  #steadyMs = clockSteadyMs;
  #jumps = 0;
  #handle: TimerHandle | undefined;

  constructor(parts: ClockGuardParts) {
    this.#parts = parts;
    this.#lastMs = parts.clock.now();
    this.#checkStart();
  }

  /** Begins to compare. */
  start(): void {
    this.#handle = this.#parts.timers.setTimer(() => this.#tick(), clockTickMs);
  }

  /** Ends. */
  stop(): void {
    this.#parts.timers.clearTimer(this.#handle);
  }

  /** Jumps seen so far: times that were computed before one are doubtful. */
  get jumps(): number {
    return this.#jumps;
  }

  /** Whether time-based retention has to wait. Looks at the clock at once. */
  get isPaused(): boolean {
    this.#look();
    return this.#steadyMs < clockSteadyMs;
  }

  #checkStart(): void {
    const { newestEntryMs, confirmedMs, log } = this.#parts;
    const aheadMs = this.#lastMs - newestEntryMs;
    const isUsual = -clockJumpMs <= aheadMs && aheadMs <= clockAheadMs;
    if (newestEntryMs === 0 || isUsual) return;
    const isConfirmed =
      confirmedMs !== undefined && Math.abs(this.#lastMs - confirmedMs) <= clockConfirmedMs;
    const facts = { clock_ms: this.#lastMs, newest_entry_ms: newestEntryMs };
    if (isConfirmed) {
      log.info("the clock is far from the newest entry, and confirmed", facts);
      return;
    }
    this.#steadyMs = 0;
    log.warn("the clock is far from the newest entry: retention by time is paused", facts);
  }

  /** Between two ticks the clock moves on by less than a tick. */
  #look(): void {
    const { clock, log } = this.#parts;
    const nowMs = clock.now();
    const movedMs = nowMs - this.#lastMs;
    if (-clockJumpMs <= movedMs && movedMs <= clockTickMs + clockJumpMs) return;
    this.#steadyMs = 0;
    this.#jumps += 1;
    this.#lastMs = nowMs;
    log.warn("the clock jumped: retention by time is paused until it was steady", {
      jumped_ms: movedMs,
      steady_ms: clockSteadyMs,
    });
  }

  #tick(): void {
    this.#look();
    this.#lastMs = this.#parts.clock.now();
    if (this.#steadyMs < clockSteadyMs) {
      this.#steadyMs += clockTickMs;
      if (this.#steadyMs >= clockSteadyMs) {
        this.#parts.log.info("the clock was steady: retention by time goes on", {});
      }
    }
    this.start();
  }
}
