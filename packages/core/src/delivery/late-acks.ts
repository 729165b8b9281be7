import type { AbsentBatch } from "./absent-batch.js";
import type { BatchSlot } from "./batch-slot.js";
import type { DeliveryParts } from "./delivery-parts.js";
import type { IndexSpan } from "./lease.js";
import { exceptionsMax } from "./limits.js";
import type { Run } from "./run.js";

/** Events that could not be acked. */
type Refuse = (span: IndexSpan) => void;

function ackAhead(slot: BatchSlot, run: Run, { first, last }: IndexSpan): void {
  const { part } = slot.cut(run, first, last);
  slot.lane.pending.ack(part);
  slot.lane.settleAhead(part);
  part.state = "settled";
}

/** Spans of which one thing is known: with order KEY single events, else whole runs. */
function* spansOf(slot: BatchSlot, { first, last }: IndexSpan, isKeyed: boolean) {
  for (const run of slot.runsIn(first, last)) {
    const from = Math.max(first, run.first);
    const to = Math.min(last, run.last);
    if (!isKeyed) yield { first: from, last: to };
    else for (let index = from; index <= to; index += 1) yield { first: index, last: index };
  }
}

/**
 * Acks events, from before a restart, of a batch that was not looked at yet. With order KEY nobody
 * knows here what comes before them, so that only events without a key are settled; with too many
 * exceptions none is. The others come again.
 *
 * @param batch what the engine found; its slot is filled apart
 */
export function ackLate(
  { keys }: Pick<DeliveryParts, "keys">,
  batch: { readonly slot: BatchSlot; readonly absent: AbsentBatch },
  span: IndexSpan,
  refuse: Refuse,
): void {
  const { slot, absent } = batch;
  const isKeyed = keys !== undefined;
  for (const each of spansOf(slot, span, isKeyed)) {
    if (slot.countOf(each.first, each.last) === 0) continue;
    const [run] = slot.runsIn(each.first, each.first);
    const isFree = !isKeyed || (absent.traits && absent.traits.keyOf(each.first) === undefined);
    const hasRoom = slot.lane.exceptionRuns < exceptionsMax;
    if (run !== undefined && run.state !== "settled" && isFree && hasRoom)
      ackAhead(slot, run, each);
    else refuse(each);
  }
}
