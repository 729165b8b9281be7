import type { CursorState, PartitionStart } from "@opendxa/pubsub-protocol";
import type { BatchRef } from "./batch-ref.js";
import type { Lane } from "./lane.js";
import { startOf } from "./partition-start.js";
import { isBefore } from "./position.js";

/** Excluded events of a batch and the first `skipped` ones. */
function excludedBelow({ count, excluded }: BatchRef, skipped: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(count / 8));
  bits.set(excluded.subarray(0, bits.length));
  for (let bit = 0; bit < skipped; bit += 1) {
    bits[bit >>> 3] = (bits[bit >>> 3] as number) | (1 << (bit & 7));
  }
  return bits;
}

/** A lane as far as it decides what enters it. */
export interface EnteredLane {
  /** Which. */
  readonly lane: Lane;
  /** Its cursor. */
  readonly cursor: CursorState;
}

/**
 * What of a batch enters a subscription: nothing before the lane's floor but of topic-partitions
 * with a start of their own, and of those nothing below it. `undefined`: nothing.
 */
export function admitted(
  ref: BatchRef,
  { lane, cursor }: EnteredLane,
  starts: readonly PartitionStart[],
): BatchRef | undefined {
  const start = starts.length === 0 ? undefined : startOf(starts, lane, ref);
  if (start === undefined) {
    const floor = { sequence: cursor.floorSequence, index: cursor.floorIndex };
    return isBefore({ sequence: ref.sequence, index: ref.firstIndex }, floor) ? undefined : ref;
  }
  if (start <= ref.baseOffset) return ref;
  const skipped = start - ref.baseOffset;
  if (skipped >= BigInt(ref.count)) return undefined;
  return { ...ref, excluded: excludedBelow(ref, Number(skipped)) };
}
