import { RemovalCause } from "@opendxa/pubsub-protocol";
import type { BatchSlot } from "./batch-slot.js";
import type { DeliveryParts } from "./delivery-parts.js";
import type { LaneState } from "./lane-state.js";
import { removeRun } from "./run-changes.js";

/**
 * Settles the events of a lane whose expire time has come. Leased ones are left: an ack in time
 * counts. So are doomed ones: they were tried in time and become dead letters.
 *
 * @returns whether any expired
 */
export function expireByTime(parts: DeliveryParts, { book }: LaneState, nowMs: number): boolean {
  let run = book.takeExpired(nowMs);
  if (run === undefined) return false;
  const touched = new Set<BatchSlot>();
  for (; run !== undefined; run = book.takeExpired(nowMs)) {
    removeRun(parts, run, RemovalCause.EXPIRED);
    touched.add(run.slot);
  }
  for (const slot of touched) slot.mergeSettled(slot.ref.firstIndex, slot.lastIndex);
  return true;
}
