import { RemovalCause, type RetryCause } from "@opendxa/pubsub-protocol";
import type { BatchRef } from "./batch-ref.js";
import type { DeliveryParts } from "./delivery-parts.js";
import { bytesOf } from "./granter.js";
import type { Lane } from "./lane.js";
import type { LaneState } from "./lane-state.js";
import type { IndexSpan } from "./lease.js";
import { deadLetterRunsMax } from "./limits.js";
import type { Run } from "./run.js";
import { removeRun } from "./run-changes.js";

/** Consecutive events that failed for the last time. */
export interface DoomedRun extends IndexSpan {
  /** Failed attempts, the last one included. */
  readonly attempts: number;
  /** Why the last one failed. */
  readonly cause: RetryCause;
  /** Reason of the last nack. */
  readonly reason: string;
}

/** Events of one batch that are to become dead letters. */
export interface DoomedEvents {
  /** Their lane, as the subscription counts it. */
  readonly lane: Lane;
  /** The batch. */
  readonly ref: BatchRef;
  /** Which of its events, ascending. */
  readonly runs: readonly DoomedRun[];
}

function viewOf({ first, last, attempts, cause, reason }: Run): DoomedRun {
  return { first, last, attempts: attempts + 1, cause, reason };
}

/** The oldest batch with doomed events, of the most urgent lane that has some. */
export function oldestDoomed(
  { lanes }: Pick<DeliveryParts, "lanes">,
  bytesMax: number,
): DoomedEvents | undefined {
  for (const { lane, book } of lanes) {
    const oldest = book.oldestDoomed();
    if (oldest === undefined) continue;
    const { ref, runs } = oldest.slot;
    const taken: DoomedRun[] = [];
    let events = 0;
    for (const run of runs) {
      if (run.state !== "doomed") continue;
      events += run.count;
      const isFull = taken.length >= deadLetterRunsMax || bytesOf(ref, events) > bytesMax;
      if (taken.length > 0 && isFull) break;
      taken.push(viewOf(run));
    }
    return { lane, ref, runs: taken };
  }
  return undefined;
}

function doomedRuns(lane: LaneState, { ref, runs }: DoomedEvents): Run[] {
  const slot = lane.slots.at(ref.sequence, ref.firstIndex);
  if (slot === undefined) return [];
  return runs
    .flatMap(({ first, last }) => slot.runsIn(first, last))
    .filter(({ state }) => state === "doomed");
}

/** What of doomed events is still doomed: some may be acked, skipped or gone by now. */
export function stillDoomed(lane: LaneState, given: DoomedEvents): DoomedEvents {
  return { ...given, runs: doomedRuns(lane, given).map(viewOf) };
}

/** Settles doomed events, whose letters were made: their keys go on when that is journalled. */
export function settleDoomed(parts: DeliveryParts, lane: LaneState, given: DoomedEvents): void {
  const slot = lane.slots.at(given.ref.sequence, given.ref.firstIndex);
  if (slot === undefined) return;
  for (const { first, last } of given.runs) {
    for (const run of slot.runsIn(first, last)) {
      if (run.state !== "doomed") continue;
      const from = Math.max(first, run.first);
      const part = lane.book.cut(run, from, Math.min(last, run.last));
      if (part.key !== undefined) parts.keys?.failed(part.key, lane.book.change, undefined);
      removeRun(parts, part, RemovalCause.DEAD_LETTERED);
    }
  }
  slot.mergeSettled(slot.ref.firstIndex, slot.lastIndex);
}
