import { type PartitionStart, Priority } from "@opendxa/pubsub-protocol";
import type { Lane } from "./lane.js";

/** Offset at which a topic-partition begins in a lane by starts of its own, if it has one. */
export function startOf(
  starts: readonly PartitionStart[],
  lane: Lane,
  { topicId, partition }: { readonly topicId: number; readonly partition: number },
): bigint | undefined {
  return starts.find(
    (start) =>
      start.topicId === topicId &&
      start.partition === partition &&
      (start.lane === Priority.UNSPECIFIED || start.lane === lane),
  )?.offset;
}
