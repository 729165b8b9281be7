import type { EventHead, EventMetadata } from "../gen/opendxa/pubsub/v1/event.js";
import { isInt64 } from "../int64.js";
import {
  ATTRIBUTE_BYTES_MAX,
  ATTRIBUTES_MAX,
  EVENT_ID_BYTES_MAX,
  ORDERING_KEY_BYTES_MAX,
  TEXT_BYTES_MAX,
} from "../limits.js";
import { PubSubError } from "../pubsub-error.js";
import { brokenTextRule, tooLong } from "../text-rules.js";

/** An event on its way to a broker. What is absent takes the batch's default, then the contract's. */
export interface OutgoingEvent {
  /** Identifies it together with `source`, 1 to 128 bytes. Absent: derived from the producer. */
  readonly id?: string | undefined;
  /** Who it is from, a URI reference. Absent: the producer. */
  readonly source?: string | undefined;
  /** What happened, dotted. Required here or in the batch's defaults. */
  readonly type?: string | undefined;
  /** What it is about. */
  readonly subject?: string | undefined;
  /** When it happened, nanoseconds since the Unix epoch. Absent: when it is stored. */
  readonly timeUnixNs?: bigint | undefined;
  /** Binds what belongs to one piece of work. */
  readonly correlationId?: string | undefined;
  /** The id of the event that caused it. */
  readonly causationId?: string | undefined;
  /** Events of one key are kept in order, at most 1 KiB. */
  readonly orderingKey?: string | undefined;
  /** From then on it is not delivered, milliseconds since the Unix epoch. */
  readonly expireTimeUnixMs?: bigint | undefined;
  /** Payload. Absent: empty. */
  readonly data?: Uint8Array | undefined;
  /** Media type of the payload. */
  readonly dataContentType?: string | undefined;
  /** URI of the payload's schema. */
  readonly dataSchema?: string | undefined;
  /** Where it was made. */
  readonly metadata?: EventMetadata | undefined;
  /** Free attributes, at most 64 of 255 bytes each for key and value. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** W3C trace context. */
  readonly traceparent?: string | undefined;
  /** W3C trace state. */
  readonly tracestate?: string | undefined;
}

const HEAD_TEXTS = [
  ["id", 1, EVENT_ID_BYTES_MAX],
  ["source", 1, TEXT_BYTES_MAX],
  ["type", 1, TEXT_BYTES_MAX],
  ["subject", 0, TEXT_BYTES_MAX],
  ["correlationId", 0, TEXT_BYTES_MAX],
  ["causationId", 0, TEXT_BYTES_MAX],
  ["orderingKey", 0, ORDERING_KEY_BYTES_MAX],
] as const;

const TIMES = ["timeUnixNs", "expireTimeUnixMs"] as const;

const BODY_TEXTS = ["dataContentType", "dataSchema", "traceparent", "tracestate"] as const;

/**
 * Checks what a broker would refuse, and what it cannot see: the limits inside of the body.
 *
 * @param index of the event in its batch, for the error
 * @param defaults of the batch
 * @param checked an event that passed already: what is equal in both is not looked at again
 * @throws {@link PubSubError} EVENT_INVALID with `index`, `field` and `rule`; LIMIT_EXCEEDED for
 * too many attributes
 */
export function validateOutgoingEvent(
  event: OutgoingEvent,
  index: number,
  defaults: Partial<EventHead> = {},
  checked: OutgoingEvent = {},
): void {
  if (event.type === undefined && defaults.type === undefined) {
    refuse(index, "type", "required here or in the batch's defaults");
  }
  checkHead(event, index, checked);
  checkBody(event, index, checked);
}

function checkHead(event: OutgoingEvent, index: number, checked: OutgoingEvent): void {
  for (const [field, bytesMin, bytesMax] of HEAD_TEXTS) {
    const text = event[field];
    if (text !== undefined && text !== checked[field]) {
      check(index, field, text, bytesMax, bytesMin);
    }
  }
  for (const field of TIMES) {
    const time = event[field];
    if (time !== undefined && time !== checked[field]) checkTime(index, field, time);
  }
}

function checkBody(event: OutgoingEvent, index: number, checked: OutgoingEvent): void {
  for (const field of BODY_TEXTS) {
    const text = event[field];
    if (text && text !== checked[field]) check(index, field, text, TEXT_BYTES_MAX);
  }
  const { data, metadata, attributes } = event;
  // A caller in JavaScript may give anything.
  if (data !== undefined && !((data as unknown) instanceof Uint8Array)) {
    refuse(index, "data", "bytes");
  }
  if (metadata !== undefined) checkMetadata(index, metadata);
  if (attributes !== undefined) checkAttributes(index, attributes);
}

function checkTime(index: number, field: string, time: bigint): void {
  if (!isInt64(time)) refuse(index, field, "a bigint of 64 bits");
}

function checkMetadata(index: number, metadata: EventMetadata): void {
  const isTexts = isRecord(metadata) && Object.values(metadata).every(isTextOrAbsent);
  if (!isTexts) refuse(index, "metadata", "an object of texts");
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkAttributes(index: number, attributes: Readonly<Record<string, string>>): void {
  if (!isRecord(attributes)) refuse(index, "attributes", "an object of texts");
  const entries = Object.entries(attributes);
  if (entries.length > ATTRIBUTES_MAX) {
    throw PubSubError.of("LIMIT_EXCEEDED", `event ${index} has ${entries.length} attributes`, {
      metadata: { index, field: "attributes", limit: ATTRIBUTES_MAX, size: entries.length },
    });
  }
  for (const [key, value] of entries) {
    for (const text of [key, value]) {
      if (typeof (text as unknown) !== "string") refuse(index, "attributes", "an object of texts");
      const bytes = Buffer.byteLength(text);
      if (bytes > ATTRIBUTE_BYTES_MAX) {
        refuse(index, "attributes", `key and value ${tooLong(bytes, ATTRIBUTE_BYTES_MAX)}`);
      }
    }
  }
}

function check(index: number, field: string, text: string, bytesMax: number, bytesMin = 0): void {
  const rule = brokenTextRule(text, { bytesMin, bytesMax });
  if (rule !== undefined) refuse(index, field, rule);
}

function refuse(index: number, field: string, rule: string): never {
  const name = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  throw PubSubError.of("EVENT_INVALID", `event ${index}, ${name}: ${rule}`, {
    metadata: { index, field: name, rule },
  });
}
