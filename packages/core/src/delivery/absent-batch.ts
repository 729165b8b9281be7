import type { PositionRanges, Settlement } from "@opendxa/pubsub-protocol";
import type { BatchRef } from "./batch-ref.js";
import type { BatchTraits } from "./batch-traits.js";
import { type DeliveryParts, laneStateOf } from "./delivery-parts.js";

/** A batch that a settlement names and that is not resident, as the index has it. */
export interface AbsentBatch {
  /** The batch. */
  readonly ref: BatchRef;
  /** Needed with order KEY only. */
  readonly traits?: BatchTraits;
}

/**
 * Whether the batches of an entry must be known to tell what was settled long ago from what never was:
 * the entry has batches in several lanes, some of which have passed it.
 */
function isPassedInPart(
  { lanes }: Pick<DeliveryParts, "lanes">,
  { sequence, ranges }: PositionRanges,
): boolean {
  const isPassedByAll = lanes.every((lane) => lane.position().sequence > sequence);
  if (lanes.length === 1 || isPassedByAll) return false;
  const resident = lanes.flatMap(({ slots }) => slots.ofSequence(sequence));
  return ranges.some(
    ({ first, last }) =>
      !resident.some(({ ref, lastIndex }) => ref.firstIndex <= first && last <= lastIndex),
  );
}

/**
 * Entries that acks name and whose batches are to be found: not looked at yet, or left by some lanes
 * and not by others. As soon as there is one, all that old leases name: what is resident now may be
 * settled and gone when they are found. None for what the leases of this start cover.
 */
export function absentSequences(
  parts: Pick<DeliveryParts, "lanes" | "leases">,
  { acks }: Settlement,
): bigint[] {
  const { lanes, leases } = parts;
  const named = acks.filter(
    ({ lease, ranges }) =>
      ranges.length > 0 && leases.find(lease) === undefined && leases.mayCover(lease),
  );
  const isAnyAbsent = named.some(
    (item) =>
      lanes.some(({ frontier }) => item.sequence >= frontier) || isPassedInPart(parts, item),
  );
  return isAnyAbsent ? [...new Set(named.map(({ sequence }) => sequence))] : [];
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
