import { PubSubError, type Topic } from "@opendxa/pubsub-protocol";

/** Offset of the oldest event of a partition. @throws {@link PubSubError} PARTITION_INVALID */
export function firstOffset({ name, partitions }: Topic, partition: number): bigint {
  const bounds = partitions.find((candidate) => candidate.partition === partition);
  if (bounds !== undefined) return bounds.firstOffset;
  throw PubSubError.of("PARTITION_INVALID", `${name} has no partition ${String(partition)}`, {
    metadata: { topic: name, partition: String(partition), partitions: partitions.length },
  });
}
