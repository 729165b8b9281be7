import { encodeBatchFrame } from "../batch/batch-bytes.js";
import { varintBytes } from "../batch/byte-writer.js";
import type { RecordBatch } from "../gen/opendxa/pubsub/v1/batch.js";

const HEADS_TAG = 0x72;
const BODIES_TAG = 0x7a;

/** A serialized message as parts that were not copied together. */
export interface ByteParts {
  /** The parts, in order. */
  readonly parts: readonly Uint8Array[];
  /** Their total. */
  readonly bytes: number;
}

/** Sums up parts. */
export function byteParts(parts: readonly Uint8Array[]): ByteParts {
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  return { parts, bytes };
}

/** Tag and length of a field of bytes; tags below 16 take one byte. */
export function fieldPrefix(tag: number, length: number): Uint8Array {
  const prefix = new Uint8Array(1 + varintBytes(length));
  prefix[0] = tag;
  let rest = length;
  let at = 1;
  for (; rest > 0x7f; rest >>>= 7) prefix[at++] = (rest & 0x7f) | 0x80;
  prefix[at] = rest;
  return prefix;
}

/** A nested message as a field. */
export function nested(tag: number, message: ByteParts): ByteParts {
  const prefix = fieldPrefix(tag, message.bytes);
  return { parts: [prefix, ...message.parts], bytes: prefix.length + message.bytes };
}

/** A field of bytes; none when empty, as proto3 has it. */
function bytesField(tag: number, value: Uint8Array): Uint8Array[] {
  return value.length === 0 ? [] : [fieldPrefix(tag, value.length), value];
}

/** A batch as parts; heads and bodies are the given views. */
export function batchParts(batch: RecordBatch): ByteParts {
  const { before, after } = encodeBatchFrame(batch);
  return byteParts([
    before,
    ...bytesField(HEADS_TAG, batch.heads),
    ...bytesField(BODIES_TAG, batch.bodies),
    after,
  ]);
}

/** Copies parts into one Buffer, each once. */
export function joined({ parts, bytes }: ByteParts): Buffer {
  const all = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
