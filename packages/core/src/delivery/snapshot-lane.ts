import { CursorState, SnapshotLane } from "@opendxa/pubsub-protocol";
import type { LanePosition } from "./lane-state.js";
import { settledOnly } from "./settled-only.js";

/** What a snapshot remembers of a lane: where it stands and what is settled above, not attempts. */
export function snapshotLane({ lane, cursor, exceptions }: LanePosition): SnapshotLane {
  const { sequence, index, floorSequence, floorIndex } = cursor;
  const sequences: bigint[] = [];
  const settled: SnapshotLane["settled"] = [];
  for (const [at, exception] of [...exceptions].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const kept = at < sequence ? undefined : settledOnly(exception);
    if (kept === undefined) continue;
    sequences.push(at);
    settled.push(kept);
  }
  const kept = CursorState.create({ sequence, index, floorSequence, floorIndex });
  return SnapshotLane.create({ lane, cursor: kept, sequences, settled });
}
