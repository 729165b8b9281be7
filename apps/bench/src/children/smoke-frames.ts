import { randomBytes } from "node:crypto";
import {
  encodeBatch,
  type OutgoingEvent,
  PRODUCER_ID_BYTES,
  PublishStreamRequest,
  type RecordBatch,
} from "@opendxa/pubsub-protocol";

/** What the frames of the smoke scenario hold. */
export interface FrameShape {
  /** Topic. */
  readonly topic: string;
  /** Events of a frame. */
  readonly events: number;
  /** Bytes of an event, head and body. */
  readonly eventBytes: number;
}

/** Makes the frames of one producer: events encoded once, numbered anew in every frame. */
export class SmokeFrames {
  /** 16 random bytes. */
  readonly producerId: Uint8Array = randomBytes(PRODUCER_ID_BYTES);
  readonly #batch: RecordBatch;

  /** Encodes the events. */
  constructor(shape: FrameShape) {
    this.#batch = batchOf(shape);
  }

  /** Bytes of heads and bodies in a frame. */
  get payloadBytes(): number {
    return this.#batch.heads.length + this.#batch.bodies.length;
  }

  /** Serializes a frame; what differs from frame to frame is a few bytes before the payload. */
  frame(number: number, producerEpoch: number): Buffer {
    const baseSequence = BigInt((number - 1) * this.#batch.count);
    const batch = { ...this.#batch, producerId: this.producerId, producerEpoch, baseSequence };
    const value = { number: BigInt(number), batches: [batch], atomic: false };
    const request = PublishStreamRequest.encode({ message: { $case: "frame", value } });
    const { buffer, byteOffset, length } = request.finish();
    return Buffer.from(buffer, byteOffset, length);
  }
}

/** Events encoded with too much data say how much is too much. */
function batchOf(shape: FrameShape): RecordBatch {
  const large = encode(shape, shape.eventBytes);
  const eventBytes = Math.ceil((large.heads.length + large.bodies.length) / shape.events);
  return encode(shape, 2 * shape.eventBytes - eventBytes);
}

function encode({ topic, events: count }: FrameShape, dataBytes: number): RecordBatch {
  const events = Array.from(
    { length: count },
    (_, index): OutgoingEvent => ({
      type: "bench.smoke",
      subject: `execution-${index}`,
      timeUnixNs: 1_700_000_000_000_000_000n + BigInt(index) * 1_000n,
      data: randomBytes(dataBytes),
      dataContentType: "application/octet-stream",
    }),
  );
  const producer = { id: randomBytes(PRODUCER_ID_BYTES), epoch: 0, baseSequence: 0n };
  return encodeBatch({ topic, events, producer });
}
