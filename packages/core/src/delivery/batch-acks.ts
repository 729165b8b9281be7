import {
  ACK_AND_PUBLISH_EVENTS_MAX,
  type EventsSettled,
  type IndexRange,
  type PositionRanges,
} from "@opendxa/pubsub-protocol";
import type { BatchSlot } from "./batch-slot.js";
import type { DeliveryParts } from "./delivery-parts.js";
import type { ChangeHead, LaneState } from "./lane-state.js";
import type { Lease } from "./lease.js";
import { clearedBesideBatchesMax } from "./limits.js";
import { ackRun } from "./run-changes.js";
import { requireAtMost } from "./settlement-rules.js";

interface LeasedSpan extends IndexRange {
  readonly slot: BatchSlot;
}

/** Whether every event of a span is leased under a lease. */
function isLeased(lease: Lease, { slot, first, last }: LeasedSpan): boolean {
  if (first > last || first < slot.ref.firstIndex || last > slot.lastIndex) return false;
  return slot.runsIn(first, last).every((run) => {
    const from = Math.max(first, run.first);
    const to = Math.min(last, run.last);
    return run.lease === lease || slot.countOf(from, to) === 0;
  });
}

function spansOf({ leases }: DeliveryParts, item: PositionRanges): LeasedSpan[] | undefined {
  const lease = leases.find(item.lease);
  if (lease === undefined || lease.slot.ref.sequence !== item.sequence) return undefined;
  if (leases.isFromBefore(item.lease)) return undefined;
  const named = item.ranges.length === 0 ? lease.spans : item.ranges;
  const spans = named.map(({ first, last }) => ({ slot: lease.slot, first, last }));
  return spans.every((span) => isLeased(lease, span)) ? spans : undefined;
}

/**
 * Acks all of the events or none: every one must be leased under the token that it is named with.
 * Throws LIMIT_EXCEEDED over `ACK_AND_PUBLISH_EVENTS_MAX`, or where they lie in more than `rangesMax`
 * ranges, before anything is done.
 *
 * @returns whether they were acked
 */
export function ackAll(
  parts: DeliveryParts,
  acks: readonly PositionRanges[],
  rangesMax: number,
): boolean {
  const items = acks.reduce((sum, { ranges }) => sum + Math.max(1, ranges.length), 0);
  requireAtMost("acks", ACK_AND_PUBLISH_EVENTS_MAX, items);
  const spans: LeasedSpan[] = [];
  let events = 0;
  let ranges = 0;
  for (const item of acks) {
    const found = spansOf(parts, item);
    if (found === undefined) return false;
    for (const { slot, first, last } of found) {
      events += slot.countOf(first, last);
      ranges += slot.runsIn(first, last).length;
    }
    requireAtMost("acks", ACK_AND_PUBLISH_EVENTS_MAX, events);
    requireAtMost("acks", rangesMax, ranges);
    spans.push(...found);
  }
  for (const { slot, first, last } of spans) {
    for (const run of slot.runsIn(first, last)) {
      // Named twice, or excluded: there is nothing left to do.
      if (run.state === "settled") continue;
      const from = Math.max(first, run.first);
      const to = Math.min(last, run.last);
      if (slot.countOf(from, to) > 0) ackRun(parts, slot.lane.book.cut(run, from, to));
    }
  }
  for (const slot of new Set(spans.map((span) => span.slot))) {
    slot.mergeSettled(slot.ref.firstIndex, slot.lastIndex);
  }
  return true;
}

/** Of changes that are a part of another. */
const nobody: ChangeHead = { subscriptionId: 0, epoch: 0 };

/** What such acks are to be journalled as: one change with all lanes, beside the batches of its entry. */
export function ackedChange(
  { lanes }: Pick<DeliveryParts, "lanes">,
  head: ChangeHead,
): EventsSettled {
  const touched = lanes.filter(({ pending }) => !pending.isEmpty);
  const [first, ...others] = touched.length > 0 ? touched : lanes.slice(0, 1);
  return {
    ...(first as LaneState).take(head, clearedBesideBatchesMax),
    otherLanes: others.map((lane) => lane.take(nobody, clearedBesideBatchesMax)),
  };
}
