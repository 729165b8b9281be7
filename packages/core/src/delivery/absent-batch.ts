import type { Settlement } from "@opendxa/pubsub-protocol";
import type { BatchRef } from "./batch-ref.js";
import type { BatchTraits } from "./batch-traits.js";
import { type DeliveryParts, laneStateOf } from "./delivery-parts.js";

/** A batch that a settlement names and that was not looked at yet, as the index has it. */
export interface AbsentBatch {
  /** The batch. */
  readonly ref: BatchRef;
  /** Needed with order KEY only. */
  readonly traits?: BatchTraits;
}

/** Entries that acks name and that were not looked at yet; none for what the leases of this start cover. */
export function absentSequences(
  { lanes, leases }: Pick<DeliveryParts, "lanes" | "leases">,
  { acks }: Settlement,
): bigint[] {
  const named = acks.filter(
    ({ lease, ranges }) =>
      ranges.length > 0 && leases.find(lease) === undefined && leases.mayCover(lease),
  );
  const sequences = new Set(named.map(({ sequence }) => sequence));
  return [...sequences].filter((at) => lanes.some(({ frontier }) => at >= frontier));
}

/** What of such batches enters the subscription. */
export function admittedOf(
  parts: Pick<DeliveryParts, "lanes" | "admit">,
  absent: readonly AbsentBatch[] | undefined,
): AbsentBatch[] {
  return (absent ?? []).flatMap(({ ref, ...rest }) => {
    const admittedRef = parts.admit(laneStateOf(parts, ref), ref);
    return admittedRef === undefined ? [] : [{ ...rest, ref: admittedRef }];
  });
}
