import { MinHeap } from "./min-heap.js";
import type { Run, RunState } from "./run.js";

/** Waiting for anything but the end of a lease or its dead letter: its expire time counts. */
function canExpire({ state }: Run): boolean {
  return state === "ready" || state === "held" || state === "waiting";
}

/**
 * Every unsettled run of a lane by what it waits for: a consumer, an earlier event of its key, its
 * retry time, the end of its lease or its dead letter. A run enters after it got its state and
 * leaves before it loses it.
 */
export class RunBook {
  /** Events leased now. */
  leasedEvents = 0;
  /** Events ready for a consumer. */
  readyEvents = 0;
  /** Events held behind earlier ones of their keys. */
  heldEvents = 0;
  /** Runs of those. */
  heldRuns = 0;
  /** Events waiting for their retry time. */
  waitingEvents = 0;
  /** Events that are to become dead letters. */
  doomedEvents = 0;
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
  readonly #doomed = new MinHeap<Run>((run) => run.state === "doomed");
  readonly #expires = new MinHeap<Run>((run) => run.state !== "settled" && run.state !== "gone");
  /** Waiting runs of whose failure nobody knows yet that it is journalled. */
  readonly #unjournalled = new Set<Run>();
  #isAgainFirst = true;
  #change = 1;
  #journalled = 0;

  /** Number of the change that journals what fails now. */
  get change(): number {
    return this.#change;
  }

  /** What fails from now on belongs into the next change; answers the number of the one before. */
  seal(): number {
    this.#change += 1;
    return this.#change - 1;
  }

  /** What failed up to a change is journalled: it comes again when its time has come. */
  journalled(change: number): boolean {
    const before = this.#unjournalled.size;
    this.#journalled = Math.max(this.#journalled, change);
    for (const run of this.#unjournalled) {
      if (run.failedIn > this.#journalled) continue;
      this.#unjournalled.delete(run);
      this.#due.push(run.atMs, run);
    }
    return this.#unjournalled.size < before;
  }

  /** Takes a run in by its state. */
  enter(run: Run): void {
    this.#count(run, 1);
    if (run.expireMs !== Number.POSITIVE_INFINITY) this.#time(run);
    if (run.state === "ready" && run.attempts === 0) {
      this.#fresh.push(run.slot.order + run.first, run);
    } else if (run.state === "ready") {
      this.#again.push(run.atMs, run);
    } else if (run.state === "waiting") {
      if (run.failedIn > this.#journalled) this.#unjournalled.add(run);
      else this.#due.push(run.atMs, run);
    } else if (run.state === "leased") {
      this.#ends.push(run.atMs, run);
      run.lease?.runs.add(run);
    } else if (run.state === "doomed") {
      this.#doomed.push(run.slot.order + run.first, run);
    }
  }

  /** Lets a run go, before its state changes or it is cut. */
  leave(run: Run): void {
    this.#count(run, -1);
    if (run.state === "leased") run.lease?.runs.delete(run);
    else if (run.state === "waiting") this.#unjournalled.delete(run);
  }

  /** Gives a run another state. */
  move(run: Run, state: RunState): void {
    this.leave(run);
    run.state = state;
    this.enter(run);
  }

  /** Cuts a run and keeps the book and the order of its key. */
  cut(run: Run, first: number, last: number): Run {
    if (run.first === first && run.last === last) return run;
    this.leave(run);
    const { parts, part } = run.slot.cut(run, first, last);
    run.key?.replace(run, parts);
    for (const each of parts) if (each.state !== "settled") this.enter(each);
    return part;
  }

  /** Takes the next run whose retry time has come; it is held until its key lets it go. */
  takeDue(nowMs: number): Run | undefined {
    const at = this.#due.peekKey();
    if (at === undefined || at > nowMs) return undefined;
    const run = this.#due.pop() as Run;
    this.move(run, run.key === undefined ? "ready" : "held");
    return run;
  }

  /** Takes the next run whose expire time has come; a leased one is looked at when its lease ends. */
  takeExpired(nowMs: number): Run | undefined {
    for (let at = this.#expires.peekKey(); at !== undefined && at <= nowMs; ) {
      const run = this.#expires.pop() as Run;
      run.isTimed = false;
      if (canExpire(run)) return run;
      at = this.#expires.peekKey();
    }
    return undefined;
  }

  /** A leased run whose lease is over. */
  overdue(nowMs: number): Run | undefined {
    const at = this.#ends.peekKey();
    return at !== undefined && at <= nowMs ? this.#ends.peek() : undefined;
  }

  /** The oldest run that is to become dead letters. */
  oldestDoomed(): Run | undefined {
    return this.#doomed.peek();
  }

  /** Earliest time at which a lease ends, a retry is due or events expire. */
  nextTimeMs(): number {
    const none = Number.POSITIVE_INFINITY;
    return Math.min(
      this.#ends.peekKey() ?? none,
      this.#due.peekKey() ?? none,
      this.#expires.peekKey() ?? none,
    );
  }

  /**
   * The next run for a consumer: retries, the longest due first, and fresh ones, the oldest first,
   * in turn, so that neither starves the other.
   *
   * @param isAgainOnly retries only
   */
  nextReady(isAgainOnly: boolean): Run | undefined {
    const again = this.#again.peek();
    if (isAgainOnly) return again;
    const fresh = this.#fresh.peek();
    return this.#isAgainFirst ? (again ?? fresh) : (fresh ?? again);
  }

  /** Passes the turn from retries to fresh runs and back. */
  turn(): void {
    this.#isAgainFirst = !this.#isAgainFirst;
  }

  #time(run: Run): void {
    if (run.isTimed || !canExpire(run)) return;
    run.isTimed = true;
    this.#expires.push(run.expireMs, run);
  }

  #count(run: Run, sign: 1 | -1): void {
    const events = sign * run.count;
    if (run.state === "leased") this.leasedEvents += events;
    else if (run.state === "waiting") this.waitingEvents += events;
    else if (run.state === "doomed") this.doomedEvents += events;
    else if (run.state === "held") {
      this.heldEvents += events;
      this.heldRuns += sign;
    } else if (run.state === "ready") {
      this.readyEvents += events;
      if (run.attempts > 0) return;
      this.freshEvents += events;
      this.freshRuns += sign;
    }
  }
}
