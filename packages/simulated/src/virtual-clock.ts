/** A timer of a {@link VirtualClock}; give it back to `clearTimer`. */
export interface VirtualTimer {
  /** Time at which it is due, on the clock's own steady scale in milliseconds. */
  readonly dueMs: number;
}

interface Scheduled extends VirtualTimer {
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that moves only when told. Timers run on a steady scale which wall-clock jumps do not
 * touch, as on a real machine.
 */
export class VirtualClock {
  readonly #timers = new Set<Scheduled>();
  #steadyMs = 0;
  #wallOffsetMs: number;
  #order = 0;

  /** `startMs`: the first answer of `now()`, in milliseconds since the Unix epoch. */
  constructor(startMs = 1_750_000_000_000) {
    this.#wallOffsetMs = startMs;
  }

  /** Wall-clock time in milliseconds since the Unix epoch; `jump` moves it, timers ignore it. */
  now(): number {
    return this.#wallOffsetMs + this.#steadyMs;
  }

  /** Steady time in milliseconds since the clock was made; never goes back, never jumps. */
  steady(): number {
    return this.#steadyMs;
  }

  /** Number of timers that have neither run nor been cleared. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Runs `callback` once when `delayMs` have passed; a delay below 0 counts as 0. */
  setTimer(callback: () => void, delayMs: number): VirtualTimer {
    const timer: Scheduled = {
      callback,
      dueMs: this.#steadyMs + Math.max(0, delayMs),
      order: this.#order++,
    };
    this.#timers.add(timer);
    return timer;
  }

  /** Clears a timer; one that ran or was cleared is left alone. */
  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as Scheduled);
  }

  /**
   * Moves time on by `ms` and runs what falls due, earliest first and in order of setting, also
   * timers that the callbacks set. Promises that callbacks settle run after this returns: use
   * {@link VirtualClock.advanceAsync} to let them run in between.
   */
  advance(ms: number): void {
    const targetMs = this.#steadyMs + checkAdvance(ms);
    for (let timer = this.#due(targetMs); timer !== undefined; timer = this.#due(targetMs)) {
      this.#fire(timer);
    }
    this.#steadyMs = targetMs;
  }

  /** As `advance`, letting promise reactions run after every timer (`turns` microtask turns). */
  async advanceAsync(ms: number, turns = 64): Promise<void> {
    const targetMs = this.#steadyMs + checkAdvance(ms);
    for (let timer = this.#due(targetMs); timer !== undefined; timer = this.#due(targetMs)) {
      this.#fire(timer);
      await microtasks(turns);
    }
    this.#steadyMs = targetMs;
    await microtasks(turns);
  }

  /** Moves on to the next timer and runs it; answers false, and does not move, when there is none. */
  runNext(): boolean {
    const timer = this.#due(Number.POSITIVE_INFINITY);
    if (timer === undefined) return false;
    this.#fire(timer);
    return true;
  }

  /** Jumps the wall clock by `ms` (back when negative) as an operator or NTP would. */
  jump(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  #fire(timer: Scheduled): void {
    this.#timers.delete(timer);
    this.#steadyMs = Math.max(this.#steadyMs, timer.dueMs);
    timer.callback();
  }

  #due(targetMs: number): Scheduled | undefined {
    let first: Scheduled | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > targetMs) continue;
      if (first === undefined || isBefore(timer, first)) first = timer;
    }
    return first;
  }
}

async function microtasks(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

function checkAdvance(ms: number): number {
  if (!(ms >= 0)) throw new RangeError(`a steady clock cannot advance by ${ms} ms`);
  return ms;
}
