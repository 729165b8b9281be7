import type { RecordBatch } from "../gen/opendxa/pubsub/v1/batch.js";
import {
  type Event,
  EventBody,
  EventHead,
  type EventMetadata,
  Priority,
} from "../gen/opendxa/pubsub/v1/event.js";
import { PubSubError } from "../pubsub-error.js";
import { countDecoded } from "./decode-counter.js";
import type { ScannedHeads } from "./scanned-heads.js";

/** Media type of data whose event states none. */
export const DATA_CONTENT_TYPE_DEFAULT = "application/octet-stream";

const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

/** Where an event lies. */
export interface BatchEventOrigin {
  /** Its batch. */
  readonly batch: RecordBatch;
  /** The batch's heads. */
  readonly heads: ScannedHeads;
  /** The batch's bodies before compression. */
  readonly bodies: Uint8Array;
  /** Its index in the batch. */
  readonly index: number;
}

/** One event of a batch, decoded when first asked, with every default filled in. */
export class BatchEvent {
  /** Its index in the batch. */
  readonly index: number;
  readonly #origin: BatchEventOrigin;
  #head: EventHead | undefined;
  #body: EventBody | undefined;

  /** Made by `decodeBatch`. */
  constructor(origin: BatchEventOrigin) {
    this.index = origin.index;
    this.#origin = origin;
  }

  /** Topic that holds it. */
  get topic(): string {
    return this.#origin.batch.topic;
  }
  /** Partition of the topic. */
  get partition(): number {
    return this.#origin.batch.partition;
  }
  /** Offset in the topic-partition. */
  get offset(): bigint {
    return this.#origin.batch.baseOffset + BigInt(this.index);
  }
  /** When the broker stored it, milliseconds since the Unix epoch. */
  get appendTimeUnixMs(): bigint {
    return this.#origin.batch.appendTimeUnixMs;
  }
  /** Its lane: never UNSPECIFIED. */
  get priority(): Priority {
    return this.#origin.batch.priority || Priority.NORMAL;
  }
  /** Its id, derived from the producer where none was sent. */
  get id(): string {
    return this.head.id ?? "";
  }
  /** Who it is from. */
  get source(): string {
    return this.head.source ?? "";
  }
  /** What happened, dotted. */
  get type(): string {
    return this.head.type ?? "";
  }
  /** What it is about, if stated. */
  get subject(): string | undefined {
    return this.head.subject;
  }
  /** When it happened, nanoseconds since the Unix epoch. */
  get timeUnixNs(): bigint {
    return this.head.timeUnixNs ?? 0n;
  }
  /** Binds what belongs to one piece of work, if stated. */
  get correlationId(): string | undefined {
    return this.head.correlationId;
  }
  /** The id of the event that caused it, if stated. */
  get causationId(): string | undefined {
    return this.head.causationId;
  }
  /** Key whose events are kept in order, if stated. */
  get orderingKey(): string | undefined {
    return this.head.orderingKey;
  }
  /** When it expires, milliseconds since the Unix epoch, if ever. */
  get expireTimeUnixMs(): bigint | undefined {
    return this.head.expireTimeUnixMs;
  }
  /** Payload: a view on the batch's memory. */
  get data(): Uint8Array {
    return this.body.data;
  }
  /** Media type of the payload. */
  get dataContentType(): string {
    return this.body.dataContentType;
  }
  /** URI of the payload's schema, if stated. */
  get dataSchema(): string | undefined {
    return this.body.dataSchema || undefined;
  }
  /** Where it was made, if stated. */
  get metadata(): EventMetadata | undefined {
    return this.body.metadata;
  }
  /** Free attributes. */
  get attributes(): Readonly<Record<string, string>> {
    return this.body.attributes;
  }
  /** W3C trace context, if stated. */
  get traceparent(): string | undefined {
    return this.body.traceparent || undefined;
  }
  /** W3C trace state, if stated. */
  get tracestate(): string | undefined {
    return this.body.tracestate || undefined;
  }

  /** The envelope with every default filled in. */
  get head(): EventHead {
    this.#head ??= decodeHead(this.#origin);
    return this.#head;
  }

  /**
   * The payload with its media type filled in.
   *
   * @throws {@link PubSubError} BATCH_MALFORMED when its bytes are no EventBody
   */
  get body(): EventBody {
    this.#body ??= decodeBody(this.#origin);
    return this.#body;
  }

  /** The event as the reading RPCs answer it. */
  toEvent(): Event {
    const { topic, partition, offset, appendTimeUnixMs, head, body, priority } = this;
    return { topic, partition, offset, appendTimeUnixMs, head, body, priority };
  }
}

/** Fields that absent ones take from the batch's defaults as they are. */
const DEFAULTED = [
  "id",
  "source",
  "type",
  "subject",
  "timeUnixNs",
  "correlationId",
  "causationId",
  "orderingKey",
  "expireTimeUnixMs",
] as const satisfies readonly (keyof EventHead)[];

function decodeHead({ batch, heads, index }: BatchEventOrigin): EventHead {
  countDecoded();
  const { start, end } = heads.headRange(index);
  const head = decode(index, "head", () => EventHead.decode(batch.heads.subarray(start, end)));
  const { defaults } = batch;
  if (defaults !== undefined) {
    const open: Record<string, unknown> = head as unknown as Record<string, unknown>;
    for (const field of DEFAULTED) open[field] ??= defaults[field];
  }
  head.id ??= heads.id(index);
  head.source ??= heads.source(index);
  head.timeUnixNs ??= batch.appendTimeUnixMs * NANOSECONDS_PER_MILLISECOND;
  const body = heads.bodyRange(index);
  head.bodyLength = body.end - body.start;
  return head;
}

function decodeBody({ heads, bodies, index }: BatchEventOrigin): EventBody {
  countDecoded();
  const { start, end } = heads.bodyRange(index);
  const body = decode(index, "body", () => EventBody.decode(bodies.subarray(start, end)));
  body.dataContentType ||= DATA_CONTENT_TYPE_DEFAULT;
  return body;
}

function decode<T>(index: number, field: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const rule = "a protobuf message";
    throw PubSubError.of("BATCH_MALFORMED", `${field} of event ${index}: ${rule}`, {
      metadata: { index, field, rule },
      cause,
    });
  }
}
