import { isSelected } from "../bitmap.js";
import type { RecordBatch } from "../gen/opendxa/pubsub/v1/batch.js";
import type { Event, EventBody } from "../gen/opendxa/pubsub/v1/event.js";
import { PubSubError } from "../pubsub-error.js";
import { BatchEvent } from "./batch-event.js";
import { readBatch } from "./check-batch.js";
import { decompressBodies } from "./compression.js";

const ALL = new Uint8Array(0);

/** Options of reading a batch. */
export interface DecodeBatchOptions {
  /** Events to read: bit i in byte i / 8, least significant first. Empty or absent: all. */
  readonly selected?: Uint8Array;
  /** Check both CRCs. Default true. */
  readonly verifyChecksums?: boolean;
}

/**
 * Reads the events of a batch. Each is decoded when one of its fields is first asked for; bodies
 * are decompressed at once, under BODIES_RAW_BYTES_MAX.
 *
 * @throws {@link PubSubError} BATCH_CHECKSUM_MISMATCH, BATCH_COUNT_MISMATCH, BATCH_MALFORMED,
 * CODEC_NOT_SUPPORTED, LIMIT_EXCEEDED
 */
export function decodeBatch(batch: RecordBatch, options: DecodeBatchOptions = {}): BatchEvent[] {
  const { selected = ALL, verifyChecksums = true } = options;
  const heads = readBatch(batch, { verifyChecksums });
  const bodies = decompressBodies(batch.bodies, batch.codec, batch.bodiesRawBytes);
  const events: BatchEvent[] = [];
  for (let index = 0; index < batch.count; index += 1) {
    if (isSelected(selected, index)) events.push(new BatchEvent({ batch, heads, bodies, index }));
  }
  return events;
}

/**
 * One event of a stored batch as the reading RPCs answer it, without its body where that cannot be read:
 * the broker takes bodies as they come.
 *
 * @throws {@link PubSubError} BATCH_COUNT_MISMATCH, BATCH_MALFORMED where the heads cannot be read
 */
export function decodeStoredEvent(batch: RecordBatch, index: number): Event {
  const heads = readBatch(batch, { verifyChecksums: false });
  const event = new BatchEvent({ batch, heads, bodies: ALL, index });
  const { topic, partition, offset, appendTimeUnixMs, head, priority } = event;
  const body = readableBody(batch, (bodies) => new BatchEvent({ batch, heads, bodies, index }));
  return { topic, partition, offset, appendTimeUnixMs, head, body, priority };
}

function readableBody(
  { bodies, codec, bodiesRawBytes }: RecordBatch,
  eventOf: (bodies: Uint8Array) => BatchEvent,
): EventBody | undefined {
  try {
    return eventOf(decompressBodies(bodies, codec, bodiesRawBytes)).body;
  } catch (error) {
    if (error instanceof PubSubError) return undefined;
    throw error;
  }
}
