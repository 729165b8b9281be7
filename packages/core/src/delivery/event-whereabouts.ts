import type { LaneState } from "./lane-state.js";
import { isBefore, type Position } from "./position.js";
import type { RunState } from "./run.js";

/** Where one event is: what an explanation needs. */
export interface EventWhereabouts {
  /** `settled` and `unexamined` speak for themselves; `unmatched`: not an event of the subscription. */
  readonly state: Exclude<RunState, "gone"> | "unexamined" | "unmatched";
  /** Failed attempts so far. */
  readonly attempts: number;
  /** End of the lease or time of the retry, milliseconds since the Unix epoch. */
  readonly atMs: number | undefined;
  /** Who leases it. */
  readonly consumerId: bigint | undefined;
  /** Reason of its last nack. */
  readonly reason: string;
  /** Its ordering key, while unsettled and with order KEY. */
  readonly key: string | undefined;
}

/** Where one event of a lane is. */
export function whereaboutsOf(lane: LaneState, at: Position): EventWhereabouts {
  const { sequence, index } = at;
  const slot = lane.slots
    .ofSequence(sequence)
    .find(({ ref, lastIndex }) => ref.firstIndex <= index && index <= lastIndex);
  const run = slot?.runs[slot.placeOf(index)];
  if (run !== undefined && run.state !== "gone") {
    const atMs = run.state === "leased" || run.state === "waiting" ? run.atMs : undefined;
    const { state, attempts, reason, lease, key } = run;
    return { state, attempts, atMs, consumerId: lease?.consumer.id, reason, key: key?.key };
  }
  const isPassed = isBefore(at, lane.position());
  const isAhead = sequence >= lane.frontier;
  const state = isPassed ? "settled" : isAhead ? "unexamined" : "unmatched";
  return {
    state,
    attempts: 0,
    atMs: undefined,
    consumerId: undefined,
    reason: "",
    key: undefined,
  };
}
