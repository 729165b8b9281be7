import type { EventInput, ReceivedEvent, StoredEvent } from "@opendxa/pubsub-client";

/** A JSON object of the driver's protocol. */
export type Fields = Readonly<Record<string, unknown>>;

/** A text field, if stated. */
export function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return value === undefined || value === null ? undefined : String(value);
}

/** A number field, if stated. */
export function number(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  return value === undefined || value === null ? undefined : Number(value);
}

/** An event of the protocol as the client takes it: 64-bit numbers are decimal texts. */
export function eventOf(fields: Fields): EventInput {
  const timeUnixNs = text(fields, "time_unix_ns");
  const base64 = text(fields, "data_base64");
  const fillBytes = number(fields, "fill_bytes");
  const keyBytes = number(fields, "key_bytes");
  const attributeCount = number(fields, "attribute_count");
  return {
    type: text(fields, "type") ?? "conformance",
    id: text(fields, "id"),
    source: text(fields, "source"),
    subject: text(fields, "subject"),
    correlationId: text(fields, "correlation_id"),
    causationId: text(fields, "causation_id"),
    orderingKey: keyBytes === undefined ? text(fields, "ordering_key") : "k".repeat(keyBytes),
    dataContentType: text(fields, "data_content_type"),
    dataSchema: text(fields, "data_schema"),
    traceparent: text(fields, "traceparent"),
    attributes:
      attributeCount === undefined
        ? ((fields["attributes"] ?? {}) as Readonly<Record<string, string>>)
        : Object.fromEntries(Array.from({ length: attributeCount }, (_, at) => [String(at), ""])),
    ...(timeUnixNs === undefined ? {} : { timeUnixNs: BigInt(timeUnixNs) }),
    ...(base64 === undefined ? {} : { data: Buffer.from(base64, "base64") }),
    ...(fillBytes === undefined ? {} : { data: Buffer.alloc(fillBytes, "x") }),
    ...("json" in fields ? { json: fields["json"] } : {}),
    ...("text" in fields ? { text: text(fields, "text") } : {}),
  };
}

/** A stored event in the protocol's form. */
export function storedJson(event: StoredEvent): Fields {
  return {
    topic: event.topic,
    offset: String(event.offset),
    partition: event.partition,
    id: event.id,
    source: event.source,
    type: event.type,
    subject: event.subject ?? null,
    time_unix_ns: String(event.timeUnixNs),
    correlation_id: event.correlationId ?? null,
    causation_id: event.causationId ?? null,
    ordering_key: event.orderingKey ?? null,
    data_base64: Buffer.from(event.data).toString("base64"),
    data_content_type: event.dataContentType,
    data_schema: event.dataSchema ?? null,
    traceparent: event.traceparent ?? null,
    attributes: event.attributes,
    ...(event.dataContentType === "application/json" ? { json: event.json() } : {}),
  };
}

/** A delivered event in the protocol's form. */
export function receivedJson(event: ReceivedEvent): Fields {
  return {
    ...storedJson(event),
    attempt: event.attempt,
    sequence: String(event.position.sequence),
  };
}
