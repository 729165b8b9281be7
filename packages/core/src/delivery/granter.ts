import type { BatchRef } from "./batch-ref.js";
import type { BatchSlot } from "./batch-slot.js";
import type { ConsumerState } from "./consumer-ring.js";
import type { DeliveryParts } from "./delivery-parts.js";
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

const none = new Uint8Array(0);

/** Bytes that so many events of a batch are expected to take: a small part is sent by itself. */
function bytesOf({ bytes, count }: BatchRef, events: number): number {
  return Math.max(1, events * 2 >= count ? bytes : Math.ceil((bytes * events) / count));
}

/** The run, and those of its batch, behind it first, that can go in the same grant. */
function candidateOf(run: Run): Candidate {
  const { slot } = run;
  const from = slot.placeOf(run.first);
  const near = [
    ...slot.runs.slice(from, from + grantRunsMax),
    ...slot.runs.slice(Math.max(0, from - grantRunsMax), from),
  ];
  const runs = near.filter((other) => other.state === "ready" && other.attempts === run.attempts);
  return { slot, runs, count: runs.reduce((sum, { count }) => sum + count, 0) };
}

/** The index of the `nth` event of a run, from 1. */
function indexOfEvent(run: Run, nth: number): number {
  if (run.slot.ref.excluded.length === 0) return run.first + nth - 1;
  let seen = 0;
  for (let index = run.first; ; index += 1) {
    if (!run.slot.isExcluded(index)) seen += 1;
    if (seen === nth) return index;
  }
}

function selectionOf(slot: BatchSlot, runs: readonly Run[]): Uint8Array {
  const { ref } = slot;
  const events = runs.reduce((sum, { count }) => sum + count, 0);
  if (events === ref.count) return none;
  const bits = new Uint8Array(Math.ceil(ref.count / 8));
  for (const run of runs) {
    for (let index = run.first; index <= run.last; index += 1) {
      const bit = index - ref.firstIndex;
      if (!slot.isExcluded(index)) bits[bit >>> 3] = (bits[bit >>> 3] as number) | (1 << (bit & 7));
    }
  }
  return bits;
}

/** Hands ready events to consumers with credit, in turn. */
export class Granter {
  readonly #parts: DeliveryParts;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Everything that can be handed out now. */
  grant(nowMs: number): Grant[] {
    const { book, consumers } = this.#parts;
    book.promote(nowMs);
    const grants: Grant[] = [];
    const receivers = book.readyEvents === 0 ? [] : consumers.receivers();
    while (receivers.length > 0) {
      const run = this.#next();
      if (run === undefined) break;
      const candidate = candidateOf(run);
      const consumer = receivers.find((each) => this.#fits(each, candidate));
      if (consumer === undefined) break;
      grants.push(this.#hand(consumer, candidate, nowMs));
      consumers.served(receivers, consumer);
      book.turn();
    }
    return grants;
  }

  /**
   * With too many exceptions only the oldest unsettled batch goes on: settling it moves the cursor,
   * and nothing else can lower their number.
   */
  #next(): Run | undefined {
    const { book, durable, slots } = this.#parts;
    if (durable.exceptionRuns < exceptionsMax) return book.nextReady();
    return slots.head()?.runs.find(({ state }) => state === "ready");
  }

  #fits(consumer: ConsumerState, { slot, count }: Candidate): boolean {
    const events = Math.min(count, consumer.window - consumer.leased);
    return bytesOf(slot.ref, events) <= consumer.bytes || consumer.leased === 0;
  }

  #hand(consumer: ConsumerState, { slot, runs }: Candidate, nowMs: number): Grant {
    const { book, leases, ackDeadlineMs } = this.#parts;
    const taken: Run[] = [];
    let left = consumer.window - consumer.leased;
    for (const run of runs) {
      if (left === 0) break;
      const isWhole = run.count <= left;
      taken.push(isWhole ? run : book.cut(run, run.first, indexOfEvent(run, left)));
      left -= isWhole ? run.count : left;
    }
    const leaseEndMs = nowMs + ackDeadlineMs;
    const lease = leases.lease(consumer, slot, taken, leaseEndMs);
    const bytes = bytesOf(
      slot.ref,
      taken.reduce((sum, { count }) => sum + count, 0),
    );
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
