import { crc32c } from "../checksum.js";
import { Codec, type RecordBatch } from "../gen/opendxa/pubsub/v1/batch.js";
import { EventHead, Priority } from "../gen/opendxa/pubsub/v1/event.js";
import { BATCH_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_BYTES_MAX } from "../limits.js";
import { PubSubError } from "../pubsub-error.js";
import { batchBytes } from "./batch-bytes.js";
import { ByteWriter } from "./byte-writer.js";
import { compressBodies } from "./compression.js";
import { type OutgoingEvent, validateOutgoingEvent } from "./outgoing-event.js";
import { writeBody, writeHead } from "./write-event.js";

/** The producer that a batch belongs to. */
export interface BatchProducer {
  /** 16 random bytes. */
  readonly id: Uint8Array;
  /** Epoch that the broker granted. */
  readonly epoch: number;
  /** Sequence of the first event. */
  readonly baseSequence: bigint;
}

/** What becomes a batch. */
export interface EncodeBatchOptions {
  /** Topic name. */
  readonly topic: string;
  /** Partition. Default 0. */
  readonly partition?: number;
  /** 1 to 65,535 events. */
  readonly events: readonly OutgoingEvent[];
  /** Producer; without one every event needs an id. */
  readonly producer?: BatchProducer | undefined;
  /** How bodies are compressed. Default: not. */
  readonly codec?: Codec;
  /** Values of head fields that absent ones take. Default: those that all events share. */
  readonly defaults?: Partial<EventHead> | undefined;
  /** Lane. Default NORMAL. */
  readonly priority?: Priority;
  /** When the batch becomes deliverable, milliseconds since the Unix epoch. Default: at once. */
  readonly deliverTimeUnixMs?: bigint | undefined;
}

const SHARED_FIELDS = [
  "source",
  "type",
  "subject",
  "timeUnixNs",
  "correlationId",
  "causationId",
  "orderingKey",
  "expireTimeUnixMs",
] as const;

const NO_BYTES = new Uint8Array(0);

const heads = new ByteWriter();
const bodies = new ByteWriter();

/**
 * Packs events of one topic-partition into a batch that owns its memory.
 *
 * @throws {@link PubSubError} EVENT_INVALID, LIMIT_EXCEEDED (event, batch, attributes),
 * BATCH_COUNT_MISMATCH (no events or too many), CODEC_NOT_SUPPORTED
 * @example
 * ```ts
 * const batch = encodeBatch({ topic: "learning", events: [{ id: "1", type: "learning" }] });
 * ```
 */
export function encodeBatch(options: EncodeBatchOptions): RecordBatch {
  const { events, codec = Codec.UNSPECIFIED, producer } = options;
  checkCount(events.length);
  const stated = options.defaults ?? {};
  events.forEach((event, index) => {
    validateOutgoingEvent(event, index, stated, events[index - 1]);
    if (producer === undefined && event.id === undefined && stated.id === undefined) {
      const rule = "required without a producer";
      throw PubSubError.of("EVENT_INVALID", `event ${index}, id: ${rule}`, {
        metadata: { index, field: "id", rule },
      });
    }
  });
  const lengths = writeBodies(events);
  const defaults = options.defaults ?? sharedFields(events, lengths);
  writeHeads(events, lengths, defaults);
  const rawBodies = bodies.written();
  const batch = assemble(options, {
    heads: copy(heads.written()),
    bodies: codec === Codec.UNSPECIFIED ? copy(rawBodies) : compressBodies(rawBodies, codec),
    rawBytes: rawBodies.length,
    defaults,
  });
  checkSize(batch);
  return batch;
}

interface Parts {
  readonly heads: Uint8Array;
  readonly bodies: Uint8Array;
  readonly rawBytes: number;
  readonly defaults: Partial<EventHead>;
}

function assemble(options: EncodeBatchOptions, parts: Parts): RecordBatch {
  const hasDefaults = Object.values(parts.defaults).some((value) => value !== undefined);
  return {
    topic: options.topic,
    partition: options.partition ?? 0,
    count: options.events.length,
    producerId: options.producer?.id ?? NO_BYTES,
    producerEpoch: options.producer?.epoch ?? 0,
    baseSequence: options.producer?.baseSequence ?? 0n,
    codec: options.codec ?? Codec.UNSPECIFIED,
    bodiesRawBytes: parts.rawBytes,
    headsCrc32c: crc32c(parts.heads),
    bodiesCrc32c: crc32c(parts.bodies),
    defaults: hasDefaults ? EventHead.fromPartial(parts.defaults) : undefined,
    deliverTimeUnixMs: options.deliverTimeUnixMs,
    priority: options.priority ?? Priority.UNSPECIFIED,
    heads: parts.heads,
    bodies: parts.bodies,
    baseOffset: 0n,
    appendTimeUnixMs: 0n,
  };
}

function copy(written: Buffer): Uint8Array {
  return written.length === 0 ? NO_BYTES : Buffer.from(written);
}

function writeBodies(events: readonly OutgoingEvent[]): Uint32Array {
  bodies.reset();
  const lengths = new Uint32Array(events.length);
  events.forEach((event, index) => {
    const before = bodies.position;
    writeBody(bodies, event);
    lengths[index] = bodies.position - before;
  });
  return lengths;
}

function writeHeads(
  events: readonly OutgoingEvent[],
  lengths: Uint32Array,
  defaults: Partial<EventHead>,
): void {
  heads.reset();
  events.forEach((event, index) => {
    const before = heads.position;
    const length = lengths[index] ?? 0;
    writeHead(heads, event, length, defaults);
    checkEventSize(index, heads.position - before + length);
  });
}

/** Head fields that all events state alike; written once, they cost the others nothing. */
function sharedFields(events: readonly OutgoingEvent[], lengths: Uint32Array): Partial<EventHead> {
  const [first] = events;
  const shared: Partial<Record<keyof EventHead, string | bigint | number>> = {};
  if (first === undefined || events.length === 1) return shared as Partial<EventHead>;
  for (const field of SHARED_FIELDS) {
    const value = first[field];
    if (value !== undefined && events.every((event) => event[field] === value)) {
      shared[field] = value;
    }
  }
  const [length = 0] = lengths;
  if (length > 0 && lengths.every((other) => other === length)) shared.bodyLength = length;
  return shared as Partial<EventHead>;
}

function checkCount(count: number): void {
  if (count >= 1 && count <= BATCH_EVENTS_MAX) return;
  throw PubSubError.of("BATCH_COUNT_MISMATCH", `a batch holds 1 to ${BATCH_EVENTS_MAX} events`, {
    metadata: { count, heads: count },
  });
}

function checkEventSize(index: number, size: number): void {
  if (size <= EVENT_BYTES_MAX) return;
  throw PubSubError.of("LIMIT_EXCEEDED", `event ${index} has ${size} bytes`, {
    metadata: { index, field: "event", limit: EVENT_BYTES_MAX, size },
  });
}

function checkSize(batch: RecordBatch): void {
  const size = batchBytes(batch);
  if (size <= BATCH_BYTES_MAX) return;
  throw PubSubError.of("LIMIT_EXCEEDED", `the batch has ${size} bytes`, {
    metadata: { field: "batch", limit: BATCH_BYTES_MAX, size },
  });
}

/** Bytes that an event takes in a batch at most, before compression: for whoever fills batches. */
export function estimateEventBytes(event: OutgoingEvent): number {
  let bytes = FRAMING_BYTES + (event.data?.length ?? 0);
  for (const value of Object.values(event)) {
    if (typeof value === "string") bytes += Buffer.byteLength(value) + TEXT_FRAMING_BYTES;
  }
  for (const [key, value] of Object.entries({ ...event.attributes, ...event.metadata })) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value) + 2 * TEXT_FRAMING_BYTES;
  }
  return bytes;
}

/** Framing of head and body, both times, the body's length. */
const FRAMING_BYTES = 48;
/** Tag and length of a text. */
const TEXT_FRAMING_BYTES = 4;
