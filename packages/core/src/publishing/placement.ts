import {
  type CheckedBatch,
  PubSubError,
  partitionForKey,
  type RecordBatch,
} from "@opendxa/pubsub-protocol";

/** Checks that a batch goes to the partition of its ordering keys. Throws PARTITION_INVALID. */
export function checkPlacement(batch: RecordBatch, check: CheckedBatch, partitions: number): void {
  const misplaced = batch.partition >= partitions || hasForeignKey(batch, check, partitions);
  if (misplaced) {
    throw PubSubError.of(
      "PARTITION_INVALID",
      `partition ${batch.partition} of topic ${batch.topic} does not exist or is not that of an ordering key`,
      {
        metadata: {
          topic: batch.topic,
          partition: String(batch.partition),
          partitions: String(partitions),
        },
      },
    );
  }
}

function hasForeignKey(batch: RecordBatch, check: CheckedBatch, partitions: number): boolean {
  if (partitions <= 1) return false;
  for (let i = 0; i < batch.count; i++) {
    const key = check.heads.orderingKey(i);
    if (key !== undefined && partitionForKey(key, partitions) !== batch.partition) return true;
  }
  return false;
}
