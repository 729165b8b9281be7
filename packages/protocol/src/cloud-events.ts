import type { BatchEvent } from "./batch/batch-event.js";
import { DATA_CONTENT_TYPE_DEFAULT } from "./batch/batch-event.js";
import type { OutgoingEvent } from "./batch/outgoing-event.js";
import { PubSubError } from "./pubsub-error.js";

/** A CloudEvent 1.0 as a plain object: attributes, extensions, and the payload as bytes. */
export interface CloudEvent {
  /** Always `1.0`. */
  readonly specversion: "1.0";
  /** Identifies it together with `source`. */
  readonly id: string;
  /** Who it is from. */
  readonly source: string;
  /** What happened. */
  readonly type: string;
  /** What it is about. */
  readonly subject?: string;
  /** When it happened, RFC 3339 with up to nine digits of a second. */
  readonly time?: string;
  /** Media type of the payload. */
  readonly datacontenttype?: string;
  /** URI of the payload's schema. */
  readonly dataschema?: string;
  /** Extensions of this project and others'. */
  readonly extensions: Readonly<Record<string, string>>;
  /** Payload. */
  readonly data?: Uint8Array;
}

const NANOSECONDS = 1_000_000_000n;
const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

/** Our own fields as extensions; CloudEvents allows lower-case letters and digits in their names. */
const TEXT_EXTENSIONS = [
  ["correlationid", "correlationId"],
  ["causationid", "causationId"],
  ["partitionkey", "orderingKey"],
  ["traceparent", "traceparent"],
  ["tracestate", "tracestate"],
] as const;

const METADATA_EXTENSIONS = [
  ["sourceversion", "version"],
  ["sourceservice", "service"],
  ["sourceenvironment", "environment"],
] as const;

const EXPIRY = "expirytime";

/** Extensions that are fields of ours: what they carry is no attribute. */
const TAKEN: ReadonlySet<string> = new Set([
  ...TEXT_EXTENSIONS.map(([name]) => name),
  ...METADATA_EXTENSIONS.map(([name]) => name),
  EXPIRY,
]);

/** Writes nanoseconds since the Unix epoch as RFC 3339 in UTC, without losing a digit. */
export function formatTime(timeUnixNs: bigint): string {
  const nanos = ((timeUnixNs % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
  const seconds = (timeUnixNs - nanos) / NANOSECONDS;
  const base = new Date(Number(seconds) * 1000).toISOString().slice(0, -".000Z".length);
  const digits = nanos.toString().padStart(9, "0").replace(/0+$/, "");
  return digits === "" ? `${base}Z` : `${base}.${digits}Z`;
}

const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Reads RFC 3339 as nanoseconds since the Unix epoch.
 *
 * @throws {@link PubSubError} BAD_REQUEST with `field` and `rule`
 */
export function parseTime(text: string): bigint {
  const [, date, clock, fraction = "", zone = ""] = RFC_3339.exec(text) ?? [];
  const ms = Date.parse(`${date}T${clock}${zone.toUpperCase()}`);
  if (Number.isNaN(ms)) {
    const rule = "RFC 3339, such as 2026-01-31T12:00:00Z";
    throw PubSubError.of("BAD_REQUEST", `time: ${rule}`, { metadata: { field: "time", rule } });
  }
  return BigInt(ms) * NANOSECONDS_PER_MILLISECOND + BigInt(fraction.padEnd(9, "0"));
}

/** Presents an event as a CloudEvent; {@link fromCloudEvent} gives the same event back. */
export function toCloudEvent(event: BatchEvent): CloudEvent {
  return {
    specversion: "1.0",
    id: event.id,
    source: event.source,
    type: event.type,
    ...(event.subject === undefined ? {} : { subject: event.subject }),
    time: formatTime(event.timeUnixNs),
    datacontenttype: event.dataContentType,
    ...(event.dataSchema === undefined ? {} : { dataschema: event.dataSchema }),
    extensions: extensionsOf(event),
    data: event.data,
  };
}

function extensionsOf(event: BatchEvent): Record<string, string> {
  const extensions: Record<string, string> = { ...event.attributes };
  for (const [name, field] of TEXT_EXTENSIONS) {
    const value = event[field];
    if (value !== undefined) extensions[name] = value;
  }
  for (const [name, field] of METADATA_EXTENSIONS) {
    const value = event.metadata?.[field];
    if (value) extensions[name] = value;
  }
  if (event.expireTimeUnixMs !== undefined) {
    extensions[EXPIRY] = formatTime(event.expireTimeUnixMs * NANOSECONDS_PER_MILLISECOND);
  }
  return extensions;
}

/**
 * Takes a CloudEvent for publishing. Extensions that are not fields of ours become attributes.
 *
 * @throws {@link PubSubError} BAD_REQUEST when a time is not RFC 3339
 */
export function fromCloudEvent(event: CloudEvent): OutgoingEvent {
  const { extensions } = event;
  const own = Object.entries(extensions).filter(([name]) => !TAKEN.has(name));
  const metadata = Object.fromEntries(
    METADATA_EXTENSIONS.map(([name, field]) => [field, extensions[name] ?? ""]),
  ) as Record<"version" | "service" | "environment", string>;
  const hasMetadata = Object.values(metadata).some((value) => value !== "");
  const expiry = extensions[EXPIRY];
  return {
    id: event.id,
    source: event.source,
    type: event.type,
    subject: event.subject,
    timeUnixNs: event.time === undefined ? undefined : parseTime(event.time),
    ...Object.fromEntries(TEXT_EXTENSIONS.map(([name, field]) => [field, extensions[name]])),
    expireTimeUnixMs:
      expiry === undefined ? undefined : parseTime(expiry) / NANOSECONDS_PER_MILLISECOND,
    data: event.data ?? new Uint8Array(0),
    dataContentType: event.datacontenttype ?? DATA_CONTENT_TYPE_DEFAULT,
    dataSchema: event.dataschema,
    metadata: hasMetadata ? metadata : undefined,
    attributes: Object.fromEntries(own),
  };
}
