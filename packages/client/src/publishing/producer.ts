import {
  type BatchProducer,
  type OutgoingEvent,
  PRODUCER_ID_BYTES,
} from "@opendxa/pubsub-protocol";

/** The identity under which a client publishes, with a sequence for each topic-partition (S-P2). */
export class Producer {
  /** Its 16 bytes. */
  readonly id: Uint8Array;
  /** The same in lower-case hexadecimal. */
  readonly hex: string;
  /** Epoch that the broker granted last. */
  epoch = 0;
  readonly #sequences = new Map<string, bigint>();

  /** Begins with every sequence at 0. */
  constructor(id: Uint8Array) {
    if (id.length !== PRODUCER_ID_BYTES) {
      throw new RangeError(`a producer id has ${PRODUCER_ID_BYTES} bytes`);
    }
    this.id = id;
    this.hex = Buffer.from(id).toString("hex");
  }

  /** Sequences for `count` events of a topic-partition; never given twice. */
  take(topic: string, partition: number, count: number): BatchProducer {
    const key = `${topic}\n${partition}`;
    const baseSequence = this.#sequences.get(key) ?? 0n;
    this.#sequences.set(key, baseSequence + BigInt(count));
    return { id: this.id, epoch: this.epoch, baseSequence };
  }

  /** Id of an event: its own, or the one that follows from its sequence. */
  eventId(event: OutgoingEvent, sequence: bigint): string {
    return event.id ?? `${this.hex}-${sequence}`;
  }
}
