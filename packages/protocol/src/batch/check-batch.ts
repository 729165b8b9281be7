import { crc32c } from "../checksum.js";
import { Codec, type RecordBatch } from "../gen/opendxa/pubsub/v1/batch.js";
import { Priority } from "../gen/opendxa/pubsub/v1/event.js";
import type { EventRefusal } from "../gen/opendxa/pubsub/v1/publisher_service.js";
import {
  BATCH_BYTES_MAX,
  BATCH_EVENTS_MAX,
  BODIES_RAW_BYTES_MAX,
  PRODUCER_ID_BYTES,
  PRODUCER_SEQUENCE_MAX,
} from "../limits.js";
import { type ErrorReasonName, PubSubError } from "../pubsub-error.js";
import { batchBytes } from "./batch-bytes.js";
import { isSupportedCodec } from "./compression.js";
import { brokenDefaults } from "./head-rules.js";
import { type HeadScan, scanHeads } from "./scan-heads.js";
import { ScannedHeads } from "./scanned-heads.js";
import { FramingFault } from "./wire-cursor.js";

/** Bytes of an empty head with its framing: bounds the count by the bytes before memory is taken. */
const HEAD_BYTES_MIN = 2;

/** Bounds of a check. */
export interface BatchLimits {
  /** Index of the batch in its frame, for errors. Default 0. */
  readonly batchIndex?: number;
  /** Serialized bytes at most. Default BATCH_BYTES_MAX. */
  readonly batchBytesMax?: number;
}

/** A batch that may be stored, but for the events that are refused. */
export interface CheckedBatch {
  /** Its heads, read where they lie. */
  readonly heads: ScannedHeads;
  /** Events whose heads break a rule, in order. */
  readonly refusals: readonly EventRefusal[];
}

type Metadata = Readonly<Record<string, string | number>>;

/**
 * Checks everything that the broker checks of a batch without decoding an event: size, count, both
 * CRCs, framing of the heads, lengths, and the rules of each head. Topic, partition and producer
 * are for whoever knows them.
 *
 * @throws {@link PubSubError} when nothing of the batch may be stored: LIMIT_EXCEEDED,
 * BATCH_COUNT_MISMATCH, BATCH_CHECKSUM_MISMATCH, BATCH_MALFORMED, CODEC_NOT_SUPPORTED
 */
export function checkBatch(batch: RecordBatch, limits: BatchLimits = {}): CheckedBatch {
  const { batchIndex = 0, batchBytesMax = BATCH_BYTES_MAX } = limits;
  const refuse: Refuse = (reason, text, metadata) => {
    throw PubSubError.of(reason, text, { metadata: { batch: batchIndex, ...metadata } });
  };
  const size = batchBytes(batch);
  if (size > batchBytesMax) {
    refuse("LIMIT_EXCEEDED", `the batch has ${size} bytes`, {
      field: "batch",
      limit: batchBytesMax,
      size,
    });
  }
  checkHeader(batch, refuse);
  checkChecksums(batch, refuse);
  const scan = readHeads(batch, refuse, true);
  checkLengths(batch, scan, refuse);
  return { heads: new ScannedHeads(batch, scan.index), refusals: scan.refusals };
}

/**
 * Finds the heads of a stored or delivered batch: framing, count and lengths, without the rules
 * of single heads.
 *
 * @throws {@link PubSubError} BATCH_COUNT_MISMATCH, BATCH_CHECKSUM_MISMATCH, BATCH_MALFORMED
 */
export function readBatch(batch: RecordBatch, { verifyChecksums = true } = {}): ScannedHeads {
  const refuse: Refuse = (reason, text, metadata) => {
    throw PubSubError.of(reason, text, { metadata });
  };
  checkCount(batch, refuse);
  if (verifyChecksums) checkChecksums(batch, refuse);
  const scan = readHeads(batch, refuse, false);
  checkLengths(batch, scan, refuse);
  return new ScannedHeads(batch, scan.index);
}

type Refuse = (reason: ErrorReasonName, text: string, metadata: Metadata) => never;

function checkCount({ count, heads }: RecordBatch, refuse: Refuse): void {
  if (count < 1 || count > BATCH_EVENTS_MAX) {
    refuse("BATCH_COUNT_MISMATCH", `a batch holds 1 to ${BATCH_EVENTS_MAX} events`, { count });
  }
  const headsMax = Math.floor(heads.length / HEAD_BYTES_MIN);
  if (count > headsMax) {
    refuse("BATCH_COUNT_MISMATCH", `${count} events cannot fit ${heads.length} bytes of heads`, {
      count,
      heads: headsMax,
    });
  }
}

function checkHeader(batch: RecordBatch, refuse: Refuse): void {
  checkCount(batch, refuse);
  const idBytes = batch.producerId.length;
  if (idBytes !== 0 && idBytes !== PRODUCER_ID_BYTES) {
    malformed(refuse, "producer_id", `${PRODUCER_ID_BYTES} bytes or none`);
  }
  const lastSequence = batch.baseSequence + BigInt(batch.count - 1);
  if (idBytes !== 0 && lastSequence > PRODUCER_SEQUENCE_MAX) {
    malformed(
      refuse,
      "base_sequence",
      `its last event's sequence is at most ${PRODUCER_SEQUENCE_MAX}`,
    );
  }
  if (batch.priority < Priority.UNSPECIFIED || batch.priority > Priority.LOW) {
    malformed(refuse, "priority", "one of the lanes that the contract names");
  }
  if (!isSupportedCodec(batch.codec)) {
    refuse("CODEC_NOT_SUPPORTED", `codec ${batch.codec} is not known here`, { codec: batch.codec });
  }
  if (batch.bodiesRawBytes > BODIES_RAW_BYTES_MAX) {
    refuse("LIMIT_EXCEEDED", `bodies of ${batch.bodiesRawBytes} bytes before compression`, {
      field: "bodies_raw_bytes",
      limit: BODIES_RAW_BYTES_MAX,
      size: batch.bodiesRawBytes,
    });
  }
  const broken = brokenDefaults(batch.defaults);
  if (broken !== undefined) malformed(refuse, `defaults.${broken.field}`, broken.rule);
}

function checkChecksums(batch: RecordBatch, refuse: Refuse): void {
  for (const [field, bytes, stated] of [
    ["heads", batch.heads, batch.headsCrc32c],
    ["bodies", batch.bodies, batch.bodiesCrc32c],
  ] as const) {
    if (crc32c(bytes) !== stated) {
      refuse("BATCH_CHECKSUM_MISMATCH", `the CRC-32C of ${field} does not fit`, { field });
    }
  }
}

function readHeads(batch: RecordBatch, refuse: Refuse, rules: boolean): HeadScan {
  let scan: HeadScan;
  try {
    scan = scanHeads(batch, { rules });
  } catch (fault) {
    if (fault instanceof FramingFault) return malformed(refuse, "heads", fault.message);
    throw fault;
  }
  if (scan.heads === batch.count) return scan;
  return refuse("BATCH_COUNT_MISMATCH", `${scan.heads} heads for ${batch.count} events`, {
    count: batch.count,
    heads: scan.heads,
  });
}

function checkLengths(batch: RecordBatch, { bodiesBytes }: HeadScan, refuse: Refuse): void {
  if (bodiesBytes !== batch.bodiesRawBytes) {
    malformed(refuse, "bodies_raw_bytes", `the sum of body_length, ${bodiesBytes}`);
  }
  if (batch.codec === Codec.UNSPECIFIED && batch.bodies.length !== bodiesBytes) {
    malformed(refuse, "bodies", `${bodiesBytes} bytes where not compressed`);
  }
}

function malformed(refuse: Refuse, field: string, rule: string): never {
  return refuse("BATCH_MALFORMED", `${field}: ${rule}`, { field, rule });
}
