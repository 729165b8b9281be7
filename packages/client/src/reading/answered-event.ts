import {
  DATA_CONTENT_TYPE_DEFAULT,
  type Event,
  type EventBody,
  EventHead,
  type FeedbackEvent,
  PubSubError,
} from "@opendxa/pubsub-protocol";
import { feedbackFromJson } from "../feedback/feedback-event.js";
import { parseJson } from "./event-json.js";

/** A stored event as a broker answers single ones. */
export class AnsweredEvent {
  /** Topic that holds it. */
  readonly topic: string;
  /** Partition of the topic. */
  readonly partition: number;
  /** Offset in the topic-partition. */
  readonly offset: bigint;
  /** When the broker stored it, milliseconds since the Unix epoch. */
  readonly appendTimeUnixMs: bigint;
  /** Its envelope with every default filled in. */
  readonly head: EventHead;
  readonly #body: EventBody | undefined;

  /** Wraps an answer. */
  constructor({ topic, partition, offset, appendTimeUnixMs, head, body }: Event) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.appendTimeUnixMs = appendTimeUnixMs;
    this.head = head ?? EventHead.create();
    this.#body = body;
  }

  /**
   * Its payload with what belongs to it.
   *
   * @throws {@link PubSubError} BATCH_MALFORMED where the broker could not read what its publisher sent
   */
  get body(): EventBody {
    if (this.#body !== undefined) return this.#body;
    const rule = "readable by the broker";
    throw PubSubError.of("BATCH_MALFORMED", `the body of event ${this.id} is not ${rule}`, {
      metadata: { field: "body", rule },
    });
  }

  /** Its id. */
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
  /** Binds what belongs to one piece of work, if stated. */
  get correlationId(): string | undefined {
    return this.head.correlationId;
  }
  /** The id of the event that caused it, if stated. */
  get causationId(): string | undefined {
    return this.head.causationId;
  }
  /** Payload. @throws {@link PubSubError} BATCH_MALFORMED as `body` */
  get data(): Uint8Array {
    return this.body.data;
  }
  /** Media type of the payload. */
  get dataContentType(): string {
    return this.body.dataContentType || DATA_CONTENT_TYPE_DEFAULT;
  }

  /** The payload as JSON. @throws {@link PubSubError} EVENT_INVALID when it is not JSON */
  json<T = unknown>(): T {
    return parseJson(this.data) as T;
  }

  /** The payload as feedback. @throws {@link PubSubError} EVENT_INVALID when it is not JSON */
  feedback(): FeedbackEvent {
    return feedbackFromJson(this.json());
  }
}
