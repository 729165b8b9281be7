import {
  type ReadBatch,
  ReadBatch as ReadBatchCodec,
} from "../gen/opendxa/pubsub/v1/query_service.js";
import {
  type DeliveredBatch,
  DeliveredBatch as DeliveredBatchCodec,
  type Delivery,
} from "../gen/opendxa/pubsub/v1/subscriber_service.js";
import { type ByteParts, batchParts, byteParts, joined, nested } from "./byte-parts.js";

/** SubscribeResponse.delivery and ConsumeResponse.delivery alike. */
const DELIVERY_TAG = 0x12;
const BATCHES_TAG = 0x0a;
const DELIVERED_RECORD_BATCH_TAG = 0x22;
const READ_RECORD_BATCH_TAG = 0x0a;

/**
 * Serializes `SubscribeResponse{delivery}` in one allocation, copying heads and bodies once. The
 * same bytes are a `ConsumeResponse{delivery}`. Give them to a call made with `serviceDefinition`.
 */
export function encodeSubscribeDelivery(delivery: Delivery): Buffer {
  const batches = delivery.batches.map((batch) => nested(BATCHES_TAG, deliveredParts(batch)));
  return joined(nested(DELIVERY_TAG, byteParts(batches.flatMap(({ parts }) => parts))));
}

/** Serialized bytes that a batch adds to its Delivery: what its consumer's credit is charged. */
export function deliveredBatchBytes(delivered: DeliveredBatch): number {
  return nested(BATCHES_TAG, deliveredParts(delivered)).bytes;
}

/** Fields in any order are one message; the batch goes last, so that the rest is one small part. */
function deliveredParts(delivered: DeliveredBatch): ByteParts {
  const own = DeliveredBatchCodec.encode({ ...delivered, batch: undefined }).finish();
  if (delivered.batch === undefined) return byteParts([own]);
  const batch = nested(DELIVERED_RECORD_BATCH_TAG, batchParts(delivered.batch));
  return byteParts([own, ...batch.parts]);
}

/** Serializes `ReadEventsResponse{batches}` in one allocation, copying heads and bodies once. */
export function encodeReadEventsResponse(batches: readonly ReadBatch[]): Buffer {
  const fields = batches.map((batch) => nested(BATCHES_TAG, readParts(batch)));
  return joined(byteParts(fields.flatMap(({ parts }) => parts)));
}

function readParts(read: ReadBatch): ByteParts {
  const own = ReadBatchCodec.encode({ ...read, batch: undefined }).finish();
  if (read.batch === undefined) return byteParts([own]);
  const batch = nested(READ_RECORD_BATCH_TAG, batchParts(read.batch));
  return byteParts([own, ...batch.parts]);
}
