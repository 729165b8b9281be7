import { hasBit, selectionOf } from "../bitmap.js";
import { crc32c } from "../checksum.js";
import { Codec, type RecordBatch } from "../gen/opendxa/pubsub/v1/batch.js";
import { ByteWriter } from "./byte-writer.js";
import { readBatch } from "./check-batch.js";

/** A smaller batch. */
export interface GatheredBatch {
  /** From the first selected event to the last; those between that are not selected are empty. */
  readonly batch: RecordBatch;
  /** Selected events of the new batch. Empty: all. */
  readonly selected: Uint8Array;
  /** Index in the old batch of the new one's event 0. */
  readonly firstIndex: number;
}

const HEAD_TAG = 0x0a;
const BODY_LENGTH_TAG = 0x50;

const heads = new ByteWriter();

/**
 * Builds a smaller batch that holds the selected events only. Offsets, producer sequences and
 * derived ids stay what they were: event i of the new batch is event `firstIndex + i` of the old
 * one, and an event between that is not selected keeps its place as an empty head (2 to 4 bytes).
 *
 * @param selected selected events of `batch`, at least one; empty: all
 * @returns undefined where bodies are compressed, so that they cannot be cut
 * @throws {@link PubSubError} BATCH_MALFORMED, BATCH_COUNT_MISMATCH
 */
export function gatherBatch(batch: RecordBatch, selected: Uint8Array): GatheredBatch | undefined {
  if (batch.codec !== Codec.UNSPECIFIED) return undefined;
  if (selected.length === 0) return { batch, selected, firstIndex: 0 };
  const indexes = Array.from({ length: batch.count }, (_, i) => i).filter((i) =>
    hasBit(selected, i),
  );
  const first = indexes[0];
  const last = indexes.at(-1);
  if (first === undefined || last === undefined)
    throw new Error("gatherBatch: no event is selected");
  const scanned = readBatch(batch, { verifyChecksums: false });
  const parts: Uint8Array[] = [];
  heads.reset();
  for (let index = first; index <= last; index += 1) {
    if (hasBit(selected, index)) {
      const head = scanned.headRange(index);
      heads.bytes(HEAD_TAG, batch.heads.subarray(head.start, head.end));
      const body = scanned.bodyRange(index);
      parts.push(batch.bodies.subarray(body.start, body.end));
    } else writeEmptyHead(batch);
  }
  const count = last - first + 1;
  return {
    batch: rebuild(batch, first, count, Buffer.from(heads.written()), Buffer.concat(parts)),
    selected: selectionOf(
      count,
      indexes.map((index) => index - first),
    ),
    firstIndex: first,
  };
}

/** A head whose body is empty, whatever length the defaults state. */
function writeEmptyHead(batch: RecordBatch): void {
  const at = heads.open(HEAD_TAG);
  if (batch.defaults?.bodyLength) {
    heads.byte(BODY_LENGTH_TAG);
    heads.varint(0);
  }
  heads.close(at);
}

function rebuild(
  batch: RecordBatch,
  first: number,
  count: number,
  newHeads: Uint8Array,
  newBodies: Uint8Array,
): RecordBatch {
  return {
    ...batch,
    count,
    baseSequence:
      batch.producerId.length === 0 ? batch.baseSequence : batch.baseSequence + BigInt(first),
    baseOffset: batch.baseOffset + BigInt(first),
    heads: newHeads,
    bodies: newBodies,
    headsCrc32c: crc32c(newHeads),
    bodiesCrc32c: crc32c(newBodies),
    bodiesRawBytes: newBodies.length,
  };
}
