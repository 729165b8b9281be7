import { PubSubError, RemovalCause } from "@opendxa/pubsub-protocol";
import type { BatchRef } from "./batch-ref.js";
import type { DeliveryParts } from "./delivery-parts.js";
import type { LaneState } from "./lane-state.js";
import type { IndexSpan } from "./lease.js";
import { exceptionsMax } from "./limits.js";
import { isBefore } from "./position.js";
import { removeRun } from "./run-changes.js";

function isPassed(lane: LaneState, ref: BatchRef): boolean {
  const last = { sequence: ref.sequence, index: ref.firstIndex + ref.count - 1 };
  return isBefore(last, lane.position());
}

/** Throws LIMIT_REACHED where events of a batch would be settled ahead and too many are already. */
export function requireRoomToSkip(lane: LaneState, ref: BatchRef): void {
  const isAhead = lane.slots.at(ref.sequence, ref.firstIndex) === undefined && !isPassed(lane, ref);
  if (!isAhead || lane.exceptionRuns < exceptionsMax) return;
  throw PubSubError.of("LIMIT_REACHED", `at most ${exceptionsMax} runs above the cursor`, {
    metadata: { field: "exceptions", limit: exceptionsMax },
  });
}

function skipAhead(lane: LaneState, ref: BatchRef, span: IndexSpan): number {
  if (isPassed(lane, ref)) return 0;
  const slot = lane.slotAhead(ref);
  let count = 0;
  for (const run of slot.runsIn(span.first, span.last)) {
    if (run.state === "settled") continue;
    const { part } = slot.cut(run, Math.max(run.first, span.first), Math.min(run.last, span.last));
    if (part.count === 0) continue;
    count += part.count;
    lane.pending.remove(part, RemovalCause.SKIPPED);
    lane.settleAhead(part);
    part.state = "settled";
  }
  return count;
}

/** Settles unsettled events of a batch as skipped, also those that were not looked at yet. */
export function skipEvents(
  parts: DeliveryParts,
  lane: LaneState,
  ref: BatchRef,
  asked: IndexSpan,
): number {
  const first = Math.max(asked.first, ref.firstIndex);
  const last = Math.min(asked.last, ref.firstIndex + ref.count - 1);
  if (first > last) return 0;
  const slot = lane.slots.at(ref.sequence, ref.firstIndex);
  if (slot === undefined) return skipAhead(lane, ref, { first, last });
  let count = 0;
  for (const run of slot.runsIn(first, last)) {
    if (run.state === "settled") continue;
    const from = Math.max(run.first, first);
    const to = Math.min(run.last, last);
    if (slot.countOf(from, to) === 0) continue;
    const part = lane.book.cut(run, from, to);
    count += part.count;
    removeRun(parts, part, RemovalCause.SKIPPED);
  }
  slot.mergeSettled(first, last);
  return count;
}
