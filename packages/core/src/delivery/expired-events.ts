import type { CursorException, PartitionStart } from "@opendxa/pubsub-protocol";
import { admitted, type EnteredLane } from "./admission.js";
import type { BatchRef } from "./batch-ref.js";
import type { DeliveryParts } from "./delivery-parts.js";
import { LaneState } from "./lane-state.js";
import { isBefore } from "./position.js";
import { settleRun } from "./run-changes.js";

/** What a subscription had not settled of a batch that expires. */
export interface ExpiredEvents {
  /** Events. */
  readonly count: number;
  /** Of these, events that had not entered the subscription before. */
  readonly entered: number;
}

/** A subscription's durable position in one entry. */
export interface EntryPosition extends EnteredLane {
  /** Its exceptions in the entry of the batch. */
  readonly exception: CursorException | undefined;
  /** Topic-partitions that begin elsewhere. */
  readonly starts: readonly PartitionStart[];
}

/** What nobody loses. */
export const nothingExpired: ExpiredEvents = { count: 0, entered: 0 };

/** What a lane leaves unsettled of a batch that is not resident. */
function unsettledAhead(lane: LaneState, ref: BatchRef): ExpiredEvents {
  const slot = lane.slotAhead(ref);
  if (isBefore({ sequence: ref.sequence, index: slot.lastIndex }, lane.position())) {
    return nothingExpired;
  }
  let count = 0;
  let entered = 0;
  for (const run of slot.runs) {
    if (run.state === "settled") continue;
    count += run.count;
    if (run.attempts === 0) entered += run.count;
  }
  return { count, entered };
}

/** What a position leaves unsettled of a batch, without consumers. */
export function unsettledOf(position: EntryPosition, given: BatchRef): ExpiredEvents {
  const { lane, cursor, exception, starts } = position;
  const ref = admitted(given, { lane, cursor }, starts);
  if (ref === undefined) return nothingExpired;
  const exceptions = new Map(exception === undefined ? [] : [[ref.sequence, exception]]);
  return unsettledAhead(new LaneState({ lane, cursor, exceptions }), ref);
}

/**
 * Settles what is unsettled of a batch as expired: its leases end, and what is said of them
 * afterwards is stale.
 */
export function expireBatch(parts: DeliveryParts, lane: LaneState, ref: BatchRef): ExpiredEvents {
  const slot = lane.slots.at(ref.sequence, ref.firstIndex);
  if (slot === undefined) return unsettledAhead(lane, ref);
  let count = 0;
  let entered = 0;
  for (const run of slot.runs) {
    if (run.state === "settled") continue;
    count += run.count;
    if (run.attempts === 0) entered += run.count;
    settleRun(parts, run);
  }
  slot.mergeSettled(slot.ref.firstIndex, slot.lastIndex);
  return { count, entered };
}
