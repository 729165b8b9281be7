import type { PublishCommand } from "@opendxa/pubsub-core";
import {
  batchBytes,
  checkBatch,
  type PublishFrame,
  PubSubError,
  type RecordBatch,
} from "@opendxa/pubsub-protocol";

function checked(batch: RecordBatch, batchIndex: number): PublishCommand["checks"][number] {
  try {
    return checkBatch(batch, { batchIndex });
  } catch (error) {
    if (error instanceof PubSubError) return error;
    throw error;
  }
}

/** A frame with what the check of each batch found, and its bytes. */
export function publishCommandOf(frame: PublishFrame): {
  readonly command: PublishCommand;
  readonly bytes: number;
} {
  return {
    command: { frame, checks: frame.batches.map(checked) },
    bytes: frame.batches.reduce((sum, batch) => sum + batchBytes(batch), 0),
  };
}
