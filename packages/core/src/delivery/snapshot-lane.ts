import { CursorException, SnapshotLane } from "@opendxa/pubsub-protocol";
import type { LanePosition } from "./lane-state.js";

/** What a snapshot remembers of a lane: which events are settled; attempts are not remembered. */
export function snapshotLane({ lane, cursor, exceptions }: LanePosition): SnapshotLane {
  const sequences: bigint[] = [];
  const settled: CursorException[] = [];
  const ascending = [...exceptions].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [sequence, exception] of ascending) {
    const runs = exception.runs.filter((run) => run.settled);
    if (sequence < cursor.sequence || runs.length === 0) continue;
    sequences.push(sequence);
    settled.push(CursorException.create({ runs }));
  }
  return SnapshotLane.create({ lane, cursor: { ...cursor }, sequences, settled });
}
