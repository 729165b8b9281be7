import { randomBytes } from "node:crypto";
import {
  Codec,
  encodeBatch,
  type OutgoingEvent,
  PRODUCER_ID_BYTES,
  PublishStreamRequest,
  type RecordBatch,
} from "@opendxa/pubsub-protocol";
import { jsonDocument } from "./json-document.js";

/** What the frames of a publisher hold. */
export interface FrameShape {
  /** Topic; with several of them the beginning of their names, see {@link topicName}. */
  readonly topic: string;
  /** Topics that batches go to in turn. */
  readonly topics: number;
  /** Batches of a frame. */
  readonly batches: number;
  /** Events of a batch. */
  readonly events: number;
  /** Bytes of an event, head and body before compression. */
  readonly eventBytes: number;
  /** `random` does not compress; `json` are documents that differ from each other. */
  readonly content: "random" | "json";
  /** How bodies are compressed. */
  readonly codec: "none" | "lz4" | "gzip";
  /**
   * `derived`: events are known by producer and sequence, nothing else. `keyed`: each has an
   * ordering key of one of 1,000 as well. `own`: each has an id, a correlation id of one of 100,000
   * executions and such an ordering key.
   */
  readonly identity: "derived" | "keyed" | "own";
}

/** A frame that is ready to be written. */
export interface EncodedFrame {
  /** The message. */
  readonly bytes: Buffer;
  /** Bytes of heads and bodies as sent. */
  readonly payloadBytes: number;
  /** Bytes of heads and bodies before compression. */
  readonly rawBytes: number;
}

/** Name of the topic with that number: the name itself where there is one. */
export function topicName({ topic, topics }: FrameShape, number: number): string {
  return topics === 1 ? topic : `${topic}/${number % topics}`;
}

const CODECS = { none: Codec.UNSPECIFIED, lz4: Codec.LZ4, gzip: Codec.GZIP } as const;
/** Different batches of documents: repeated ones would not compress within a batch either way. */
const JSON_BATCHES = 16;
const EXECUTIONS = 100_000;
const ORDERING_KEYS = 1_000;

/** Makes the frames of one producer. Events without an identity are encoded once and numbered anew. */
export class PublishFrames {
  /** 16 random bytes. */
  readonly producerId: Uint8Array = randomBytes(PRODUCER_ID_BYTES);
  readonly #shape: FrameShape;
  readonly #dataBytes: number;
  readonly #encoded: readonly RecordBatch[];

  /** Encodes what is sent more than once. */
  constructor(shape: FrameShape) {
    this.#shape = shape;
    this.#dataBytes = dataBytesFor(shape);
    const count = shape.content === "json" ? JSON_BATCHES : 1;
    this.#encoded = Array.from({ length: count }, (_, at) => encode(shape, this.#dataBytes, at));
  }

  /** Serializes the frame with that number, from 1. */
  frame(number: number, producerEpoch: number): EncodedFrame {
    const first = (number - 1) * this.#shape.batches;
    const batches = Array.from({ length: this.#shape.batches }, (_, index) =>
      this.#batch(first + index, producerEpoch),
    );
    const value = { number: BigInt(number), batches, atomic: false };
    const request = PublishStreamRequest.encode({ message: { $case: "frame", value } });
    const { buffer, byteOffset, length } = request.finish();
    let payloadBytes = 0;
    let rawBytes = 0;
    for (const { heads, bodies, bodiesRawBytes } of batches) {
      payloadBytes += heads.length + bodies.length;
      rawBytes += heads.length + bodiesRawBytes;
    }
    return { bytes: Buffer.from(buffer, byteOffset, length), payloadBytes, rawBytes };
  }

  #batch(number: number, producerEpoch: number): RecordBatch {
    const shape = this.#shape;
    const fixed = this.#encoded[number % this.#encoded.length];
    const batch = shape.identity === "own" ? encode(shape, this.#dataBytes, number) : fixed!;
    return {
      ...batch,
      topic: topicName(shape, number),
      producerId: this.producerId,
      producerEpoch,
      // Sequences are counted by topic.
      baseSequence: BigInt(Math.floor(number / shape.topics) * shape.events),
    };
  }
}

/** Events encoded with too much data say how much is too much. */
function dataBytesFor(shape: FrameShape): number {
  const { heads, bodiesRawBytes } = encode(shape, shape.eventBytes, 0);
  const eventBytes = Math.ceil((heads.length + bodiesRawBytes) / shape.events);
  return Math.max(0, 2 * shape.eventBytes - eventBytes);
}

function encode(shape: FrameShape, dataBytes: number, number: number): RecordBatch {
  const events = Array.from({ length: shape.events }, (_, index) =>
    eventOf(shape, dataBytes, number * shape.events + index),
  );
  const producer = { id: new Uint8Array(PRODUCER_ID_BYTES), epoch: 0, baseSequence: 0n };
  return encodeBatch({ topic: shape.topic, events, producer, codec: CODECS[shape.codec] });
}

function eventOf(shape: FrameShape, dataBytes: number, number: number): OutgoingEvent {
  const execution = `execution-${number % EXECUTIONS}`;
  const isJson = shape.content === "json";
  const event = {
    type: "bench.event",
    timeUnixNs: 1_700_000_000_000_000_000n + BigInt(number) * 1_000n,
    data: isJson ? Buffer.from(jsonDocument(number, dataBytes)) : randomData(dataBytes, number),
    dataContentType: isJson ? "application/json" : "application/octet-stream",
  };
  if (shape.identity === "derived") return { ...event, subject: execution };
  const orderingKey = `key-${number % ORDERING_KEYS}`;
  if (shape.identity === "keyed") return { ...event, subject: execution, orderingKey };
  return {
    ...event,
    id: `event-${String(number).padStart(12, "0")}`,
    correlationId: execution,
    orderingKey,
  };
}

const RANDOM_POOL_BYTES = 4 * 1024 * 1024;
let randomPool: Buffer | undefined;

/** Bytes of a pool at a place that differs from event to event: making new ones would cost the publisher. */
function randomData(bytes: number, number: number): Uint8Array {
  randomPool ??= randomBytes(RANDOM_POOL_BYTES);
  const at = (number * 7_919) % (RANDOM_POOL_BYTES - bytes);
  return randomPool.subarray(at, at + bytes);
}
