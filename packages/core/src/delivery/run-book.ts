import { MinHeap } from "./min-heap.js";
import type { Run } from "./run.js";

/**
 * Every unsettled run by what it waits for: a consumer, its retry time or the end of its lease.
 * A run enters after it got its state and leaves before it loses it. Order `KEY` and priority
 * lanes choose among ready runs here.
 */
export class RunBook {
  /** Events leased now. */
  leasedEvents = 0;
  /** Events ready for a consumer. */
  readyEvents = 0;
  /** Events waiting for their retry time. */
  waitingEvents = 0;
  /** Ready events that were never tried. */
  freshEvents = 0;
  /** Runs of those. */
  freshRuns = 0;
  readonly #fresh = new MinHeap<Run>((run) => run.state === "ready" && run.attempts === 0);
  readonly #again = new MinHeap<Run>(
    (run, at) => run.state === "ready" && run.attempts > 0 && run.atMs === at,
  );
  readonly #due = new MinHeap<Run>((run, at) => run.state === "waiting" && run.atMs === at);
  readonly #ends = new MinHeap<Run>((run, at) => run.state === "leased" && run.atMs === at);
  #isAgainFirst = true;

  /** Takes a run in by its state. */
  enter(run: Run): void {
    this.#count(run, 1);
    if (run.state === "ready" && run.attempts === 0) {
      this.#fresh.push(run.slot.order + run.first, run);
    } else if (run.state === "ready") {
      this.#again.push(run.atMs, run);
    } else if (run.state === "waiting") {
      this.#due.push(run.atMs, run);
    } else if (run.state === "leased") {
      this.#ends.push(run.atMs, run);
      run.lease?.runs.add(run);
    }
  }

  /** Lets a run go, before its state changes or it is cut. */
  leave(run: Run): void {
    this.#count(run, -1);
    if (run.state === "leased") run.lease?.runs.delete(run);
  }

  /** Cuts a run and keeps the book. */
  cut(run: Run, first: number, last: number): Run {
    if (run.first === first && run.last === last) return run;
    this.leave(run);
    const { parts, part } = run.slot.cut(run, first, last);
    for (const each of parts) this.enter(each);
    return part;
  }

  /** Makes runs ready whose retry time has come. */
  promote(nowMs: number): void {
    for (let at = this.#due.peekKey(); at !== undefined && at <= nowMs; at = this.#due.peekKey()) {
      const run = this.#due.pop() as Run;
      this.leave(run);
      run.state = "ready";
      this.enter(run);
    }
  }

  /** A leased run whose lease is over. */
  overdue(nowMs: number): Run | undefined {
    const at = this.#ends.peekKey();
    return at !== undefined && at <= nowMs ? this.#ends.peek() : undefined;
  }

  /** Earliest time at which a lease ends or a retry is due. */
  nextTimeMs(): number | undefined {
    const end = this.#ends.peekKey();
    const due = this.#due.peekKey();
    return end === undefined || due === undefined ? (end ?? due) : Math.min(end, due);
  }

  /**
   * The next run for a consumer: retries, the longest due first, and fresh ones, the oldest first,
   * in turn, so that neither starves the other.
   */
  nextReady(): Run | undefined {
    const again = this.#again.peek();
    const fresh = this.#fresh.peek();
    return this.#isAgainFirst ? (again ?? fresh) : (fresh ?? again);
  }

  /** Passes the turn from retries to fresh runs and back. */
  turn(): void {
    this.#isAgainFirst = !this.#isAgainFirst;
  }

  #count(run: Run, sign: 1 | -1): void {
    const events = sign * run.count;
    if (run.state === "leased") this.leasedEvents += events;
    else if (run.state === "waiting") this.waitingEvents += events;
    else if (run.state === "ready") {
      this.readyEvents += events;
      if (run.attempts > 0) return;
      this.freshEvents += events;
      this.freshRuns += sign;
    }
  }
}
