import type { CursorException, CursorState } from "@opendxa/pubsub-protocol";
import type { Lane } from "../delivery/lane.js";

/** Where a subscription stands in one lane. */
export interface LanePosition {
  /** Lane. */
  readonly lane: Lane;
  /** Everything before it is settled. */
  readonly cursor: CursorState;
  /** What differs from "never tried" at or above the cursor, by the sequence of the entry. */
  readonly exceptions: ReadonlyMap<bigint, CursorException>;
}

/** Orders two positions. */
export function comparePositions(
  a: { readonly sequence: bigint; readonly index: number },
  b: { readonly sequence: bigint; readonly index: number },
): number {
  if (a.sequence !== b.sequence) return a.sequence < b.sequence ? -1 : 1;
  return a.index - b.index;
}

/** The settled runs of an exception without their neighbours' attempts; nothing when there are none. */
export function settledOnly(exception: CursorException): CursorException | undefined {
  const runs = exception.runs.filter(({ settled }) => settled);
  return runs.length === 0 ? undefined : { runs };
}
