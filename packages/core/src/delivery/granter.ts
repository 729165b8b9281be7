import type { BatchRef } from "./batch-ref.js";
import type { BatchSlot } from "./batch-slot.js";
import type { ConsumerState } from "./consumer-ring.js";
import type { DeliveryParts } from "./delivery-parts.js";
import { isTriedAlone } from "./key-queue.js";
import type { LaneState } from "./lane-state.js";
import { exceptionsMax, grantRunsMax } from "./limits.js";
import type { Run } from "./run.js";

/** Events of one batch, leased to one consumer. */
export interface Grant {
  /** Whose they are. */
  readonly consumerId: bigint;
  /** Token that fences what is said of them. */
  readonly lease: bigint;
  /** The batch. */
  readonly ref: BatchRef;
  /** Which of its events: bit i in byte i / 8, least significant first. Empty: all. */
  readonly selected: Uint8Array;
  /** Delivery attempts including this one, from 1. */
  readonly attempt: number;
  /** When the lease ends, milliseconds since the Unix epoch. */
  readonly leaseEndMs: number;
  /** Byte credit that was charged; `correctBytes` replaces it by what was really sent. */
  readonly bytes: number;
}

interface Candidate {
  readonly slot: BatchSlot;
  readonly runs: readonly Run[];
  readonly count: number;
}

interface Chosen {
  readonly consumer: ConsumerState;
  readonly candidate: Candidate;
}

const none = new Uint8Array(0);

/** Bytes that so many events of a batch are expected to take: a small part is sent by itself. */
export function bytesOf({ bytes, count }: BatchRef, events: number): number {
  return Math.max(1, events * 2 >= count ? bytes : Math.ceil((bytes * events) / count));
}

function eventsOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { count }) => sum + count, 0);
}

/** The runs of a batch from one on, then those before it, as many as are looked through. */
function runsNear({ slot, first }: Run): Run[] {
  const from = slot.placeOf(first);
  const near = slot.runs.slice(from, from + grantRunsMax);
  if (from > 0) near.push(...slot.runs.slice(Math.max(0, from - grantRunsMax), from));
  return near;
}

/** The run, and those of its batch, behind it first, that can go in the same grant. */
function candidateOf(run: Run): Candidate {
  const runs = runsNear(run).filter(
    (other) => other.state === "ready" && other.attempts === run.attempts,
  );
  return { slot: run.slot, runs, count: eventsOf(runs) };
}

/**
 * The same with order KEY: a held run goes with the one before it of its key, or follows it to the
 * consumer that holds the key already, but not while that one is tried again.
 */
function keyedCandidateOf(run: Run, consumer?: ConsumerState): Candidate {
  const taken = new Set<Run>();
  const mayFollow = (before: Run | undefined): boolean => {
    if (before === undefined || isTriedAlone(before)) return false;
    const isNext = consumer !== undefined && before.lease?.consumer === consumer;
    return isNext || taken.has(before);
  };
  for (const other of runsNear(run)) {
    if (other.attempts !== run.attempts) continue;
    const isLetIn = other.state === "held" && mayFollow(other.before);
    if (other.state === "ready" || isLetIn) taken.add(other);
  }
  const runs = [...taken];
  return { slot: run.slot, runs, count: eventsOf(runs) };
}

function selectionOf(slot: BatchSlot, runs: readonly Run[]): Uint8Array {
  const { ref } = slot;
  if (eventsOf(runs) === ref.count) return none;
  const bits = new Uint8Array(Math.ceil(ref.count / 8));
  for (const run of runs) {
    for (let index = run.first; index <= run.last; index += 1) {
      const bit = index - ref.firstIndex;
      if (!slot.isExcluded(index)) bits[bit >>> 3] = (bits[bit >>> 3] as number) | (1 << (bit & 7));
    }
  }
  return bits;
}

/** What of a grant is leased still: some may have been given back before it was sent. */
export function stillLeased({ leases }: DeliveryParts, grant: Grant): Grant | undefined {
  const runs = [...(leases.find(grant.lease)?.runs ?? [])];
  const [first] = runs;
  return first && { ...grant, selected: selectionOf(first.slot, runs) };
}

function fits(consumer: ConsumerState, { slot, count }: Candidate): boolean {
  const events = Math.min(count, consumer.window - consumer.leased);
  return bytesOf(slot.ref, events) <= consumer.bytes || consumer.leased === 0;
}

/** Hands ready events to consumers with credit, in turn. */
export class Granter {
  readonly #parts: DeliveryParts;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Everything that can be handed out now: an urgent lane before the next, while credit lasts. */
  grant(nowMs: number): Grant[] {
    const { consumers, lanes } = this.#parts;
    const grants: Grant[] = [];
    const isIdle = lanes.every(({ book }) => book.readyEvents === 0 && book.heldEvents === 0);
    const receivers = isIdle ? [] : consumers.receivers();
    for (const lane of lanes) {
      while (receivers.length > 0) {
        const chosen = this.#ofBoundKey(lane, receivers) ?? this.#ofLane(lane, receivers);
        if (chosen === undefined) break;
        grants.push(this.#hand(chosen.consumer, chosen.candidate, nowMs));
        consumers.served(receivers, chosen.consumer);
        lane.book.turn();
      }
    }
    return grants;
  }

  #ofLane(lane: LaneState, receivers: readonly ConsumerState[]): Chosen | undefined {
    const run = this.#next(lane);
    if (run === undefined) return undefined;
    const candidate = this.#parts.keys === undefined ? candidateOf(run) : keyedCandidateOf(run);
    const consumer = receivers.find((each) => fits(each, candidate));
    return consumer && { consumer, candidate };
  }

  /** More of a key that a consumer holds, before anything else: nobody else may have it. */
  #ofBoundKey(lane: LaneState, receivers: readonly ConsumerState[]): Chosen | undefined {
    const { keys } = this.#parts;
    if (keys === undefined || lane.book.heldEvents === 0) return undefined;
    for (const consumer of receivers) {
      const [queue] = consumer.bound;
      const run = queue?.free;
      if (run === undefined || !this.#mayFollow(lane, run)) continue;
      const candidate = keyedCandidateOf(run, consumer);
      if (fits(consumer, candidate)) return { consumer, candidate };
    }
    return undefined;
  }

  #mayFollow(lane: LaneState, run: Run): boolean {
    if (lane.exceptionRuns >= exceptionsMax) return run.slot === lane.slots.head();
    return run.attempts > 0 || this.#parts.keys?.isOverfull !== true;
  }

  /**
   * With too many exceptions only the oldest unsettled batch goes on: settling it moves the cursor,
   * and nothing else can lower their number. With too many blocked keys only retries go on.
   */
  #next({ book, exceptionRuns, slots }: LaneState): Run | undefined {
    if (exceptionRuns < exceptionsMax) return book.nextReady(this.#parts.keys?.isOverfull ?? false);
    return slots.head()?.runs.find(({ state }) => state === "ready");
  }

  #hand(consumer: ConsumerState, { slot, runs }: Candidate, nowMs: number): Grant {
    const { keys, leases, settings } = this.#parts;
    const { book } = slot.lane;
    const taken: Run[] = [];
    let left = consumer.window - consumer.leased;
    for (const run of runs) {
      if (left === 0) break;
      const most = isTriedAlone(run) ? 1 : left;
      const isWhole = run.count <= most;
      taken.push(isWhole ? run : book.cut(run, run.first, slot.indexOfEvent(run, most)));
      left -= isWhole ? run.count : most;
    }
    const leaseEndMs = nowMs + settings.ackDeadlineMs;
    const lease = leases.lease(consumer, slot, taken, leaseEndMs);
    if (keys !== undefined) {
      for (const { key } of taken) {
        if (key === undefined) continue;
        key.passLeased();
        keys.arrange(key);
      }
    }
    const bytes = bytesOf(slot.ref, eventsOf(taken));
    consumer.bytes -= bytes;
    return {
      consumerId: consumer.id,
      lease: lease.token,
      ref: slot.ref,
      selected: selectionOf(slot, taken),
      attempt: (taken[0] as Run).attempts + 1,
      leaseEndMs,
      bytes,
    };
  }
}
