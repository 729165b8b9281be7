import type { StateWrite, TimerKind } from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import type { CommandLoop } from "./command-loop.js";
import type { Clock, EngineLog, TimerHandle, Timers } from "./environment.js";
import type { IndexWriter } from "./index-writer.js";
import { timerSleepMsMax, timersPerCommandMax } from "./limits.js";

/** What the scan works with. */
export interface TimerScanParts {
  /** Where the timers stand, ordered by time. */
  readonly index: IndexStore;
  /** How far the index is. */
  readonly writer: IndexWriter;
  /** How far the journal is. */
  readonly loop: CommandLoop;
  /** When they are due. */
  readonly clock: Clock;
  /** Wakes the scan. */
  readonly timers: Timers;
  /** Told of failures. */
  readonly log: EngineLog;
  /** Who fires the timers of each kind, named by their state keys. */
  readonly routes: TimerRoutes;
}

/** Fires due timers of one kind. */
export type FireTimers = (names: readonly string[]) => Promise<void>;

/** Who fires what: every kind has somebody, or its timers would stop all others. */
export type TimerRoutes = Readonly<Record<TimerKind, FireTimers>>;

const prefix = "t/";

/**
 * Fires durable timers when they are due. Timers stand in the index, not in memory; only the
 * earliest time is remembered.
 */
export class TimerScan {
  readonly #parts: TimerScanParts;
  #nextMs = 0;
  #handle: TimerHandle | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #whileRunningMs = Number.POSITIVE_INFINITY;

  constructor(parts: TimerScanParts) {
    this.#parts = parts;
  }

  /** Looks for what became due while nobody ran. */
  start(): void {
    this.#wake();
  }

  /** Notes timers that were set. */
  onWrites(writes: readonly StateWrite[]): void {
    for (const { key, value } of writes) {
      if (value === undefined || !key.name.startsWith(prefix)) continue;
      const dueMs = dueOf(key.name);
      if (this.#running !== undefined) this.#whileRunningMs = Math.min(this.#whileRunningMs, dueMs);
      else if (this.#handle === undefined || dueMs < this.#nextMs) this.#sleepUntil(dueMs);
    }
  }

  /** Stops and resolves when a running scan has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#clear();
    await this.#running;
  }

  #wake(): void {
    this.#clear();
    if (this.#isClosed || this.#running !== undefined) return;
    this.#whileRunningMs = Number.POSITIVE_INFINITY;
    this.#running = this.#scan().then(
      (nextMs) => {
        this.#running = undefined;
        this.#sleepUntil(Math.min(nextMs, this.#whileRunningMs));
      },
      (error: unknown) => {
        this.#running = undefined;
        if (this.#isClosed) return;
        this.#parts.log.warn("timers could not be fired; they are tried again", {
          cause: error instanceof Error ? error.message : String(error),
        });
        this.#sleepUntil(this.#parts.clock.now() + timerSleepMsMax);
      },
    );
  }

  async #scan(): Promise<number> {
    const { index, writer, loop, clock } = this.#parts;
    while (!this.#isClosed) {
      await writer.reached(loop.durableSequence);
      const page = await index.scan({ gte: prefix, lt: "t0", limit: timersPerCommandMax });
      const nowMs = clock.now();
      const due = page.filter(({ key }) => dueOf(key) <= nowMs);
      if (due.length === 0) {
        const first = page[0];
        return first === undefined ? nowMs + timerSleepMsMax : dueOf(first.key);
      }
      await this.#fire(due.map(({ key }) => key));
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Kinds that one command fires together share it. */
  async #fire(names: readonly string[]): Promise<void> {
    const byRoute = new Map<FireTimers, string[]>();
    for (const name of names) {
      const fire = this.#parts.routes[kindOf(name)];
      const known = byRoute.get(fire);
      if (known === undefined) byRoute.set(fire, [name]);
      else known.push(name);
    }
    for (const [fire, some] of byRoute) await fire(some);
  }

  #sleepUntil(atMs: number): void {
    this.#clear();
    if (this.#isClosed) return;
    this.#nextMs = atMs;
    const delay = Math.min(timerSleepMsMax, Math.max(0, atMs - this.#parts.clock.now()));
    this.#handle = this.#parts.timers.setTimer(() => this.#wake(), delay);
  }

  #clear(): void {
    if (this.#handle !== undefined) this.#parts.timers.clearTimer(this.#handle);
    this.#handle = undefined;
  }
}

function dueOf(name: string): number {
  return Number.parseInt(name.slice(prefix.length, prefix.length + 16), 16);
}

function kindOf(name: string): TimerKind {
  return name.charAt(prefix.length + 17) as TimerKind;
}
