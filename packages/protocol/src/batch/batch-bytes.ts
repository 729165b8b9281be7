import { RecordBatch } from "../gen/opendxa/pubsub/v1/batch.js";
import { EventHead } from "../gen/opendxa/pubsub/v1/event.js";
import { varintBytes } from "./byte-writer.js";

const NO_BYTES = new Uint8Array(0);

/** A batch's fields before `heads`, and those after `bodies`, serialized. */
export interface BatchFrame {
  /** Fields 1 to 13. */
  readonly before: Uint8Array;
  /** Fields 16 and 17. */
  readonly after: Uint8Array;
}

/** Serializes all of a batch but `heads` and `bodies`, which are never copied for it. */
export function encodeBatchFrame(batch: RecordBatch): BatchFrame {
  const { baseOffset, appendTimeUnixMs } = batch;
  return {
    before: RecordBatch.encode({
      ...batch,
      heads: NO_BYTES,
      bodies: NO_BYTES,
      baseOffset: 0n,
      appendTimeUnixMs: 0n,
    }).finish(),
    after:
      baseOffset === 0n && appendTimeUnixMs === 0n
        ? NO_BYTES
        : RecordBatch.encode(RecordBatch.fromPartial({ baseOffset, appendTimeUnixMs })).finish(),
  };
}

/** Tag of one byte, length and content of a bytes field; none when empty. */
export function bytesFieldBytes(length: number): number {
  return length === 0 ? 0 : 1 + varintBytes(length) + length;
}

function uintField(tagBytes: number, value: number): number {
  return value === 0 ? 0 : tagBytes + varintBytes(value);
}

function uint64Field(tagBytes: number, value: bigint): number {
  let bytes = 0;
  for (let rest = value; rest > 0n; rest >>= 7n) bytes += 1;
  return bytes === 0 ? 0 : tagBytes + bytes;
}

/** Size of the serialized batch, without serializing it. */
export function batchBytes(batch: RecordBatch): number {
  const defaults = batch.defaults && EventHead.encode(batch.defaults).finish().length;
  return (
    bytesFieldBytes(Buffer.byteLength(batch.topic)) +
    uintField(1, batch.partition) +
    uintField(1, batch.count) +
    bytesFieldBytes(batch.producerId.length) +
    uintField(1, batch.producerEpoch) +
    uint64Field(1, batch.baseSequence) +
    uintField(1, batch.codec) +
    uintField(1, batch.bodiesRawBytes) +
    (batch.headsCrc32c === 0 ? 0 : 5) +
    (batch.bodiesCrc32c === 0 ? 0 : 5) +
    (defaults === undefined ? 0 : 1 + varintBytes(defaults) + defaults) +
    (batch.deliverTimeUnixMs === undefined ? 0 : 9) +
    uintField(1, batch.priority) +
    bytesFieldBytes(batch.heads.length) +
    bytesFieldBytes(batch.bodies.length) +
    uint64Field(2, batch.baseOffset) +
    (batch.appendTimeUnixMs === 0n ? 0 : 10)
  );
}
