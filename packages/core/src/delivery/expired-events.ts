import type { CursorException } from "@opendxa/pubsub-protocol";
import type { BatchRef } from "./batch-ref.js";
import { BatchSlot } from "./batch-slot.js";
import type { DeliveryParts } from "./delivery-parts.js";
import { isBefore, type Position } from "./slot-table.js";

/** What a subscription had not settled of a batch that expires. */
export interface ExpiredEvents {
  /** Events. */
  readonly count: number;
  /** Of these, events that had not entered the subscription before. */
  readonly entered: number;
}

/** A subscription's durable position in one entry. */
export interface EntryPosition {
  /** Everything before it is settled. */
  readonly cursor: Position;
  /** Its exceptions in the entry of the batch. */
  readonly exception: CursorException | undefined;
}

/** What nobody loses. */
export const nothingExpired: ExpiredEvents = { count: 0, entered: 0 };

/** What a position leaves unsettled of a batch that is not resident. */
export function unsettledOf({ cursor, exception }: EntryPosition, ref: BatchRef): ExpiredEvents {
  const slot = new BatchSlot(ref, 0);
  if (isBefore({ sequence: ref.sequence, index: slot.lastIndex }, cursor)) return nothingExpired;
  const isCut = cursor.sequence === ref.sequence && cursor.index > ref.firstIndex;
  const from = isCut ? cursor.index : ref.firstIndex;
  let count = slot.countOf(from, slot.lastIndex);
  let entered = count;
  for (const run of exception?.runs ?? []) {
    const first = Math.max(run.first, from);
    const last = Math.min(run.last, slot.lastIndex);
    if (first > last) continue;
    const known = slot.countOf(first, last);
    entered -= known;
    if (run.settled) count -= known;
  }
  return { count, entered };
}

/**
 * Settles what is unsettled of a batch as expired: its leases end, and what is said of them
 * afterwards is stale.
 */
export function expireBatch(parts: DeliveryParts, ref: BatchRef): ExpiredEvents {
  const slot = parts.slots
    .ofSequence(ref.sequence)
    .find((each) => each.ref.firstIndex === ref.firstIndex);
  if (slot === undefined) {
    const exception = parts.durable.exceptionOf(ref.sequence);
    return unsettledOf({ cursor: parts.position(), exception }, ref);
  }
  let count = 0;
  let entered = 0;
  for (const run of slot.runs) {
    if (run.state === "settled") continue;
    count += run.count;
    if (run.attempts === 0) entered += run.count;
    parts.leases.release(run);
    run.state = "settled";
  }
  slot.mergeSettled(slot.ref.firstIndex, slot.lastIndex);
  return { count, entered };
}
