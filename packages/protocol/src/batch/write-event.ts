import type { EventHead } from "../gen/opendxa/pubsub/v1/event.js";
import type { ByteWriter } from "./byte-writer.js";
import type { OutgoingEvent } from "./outgoing-event.js";

/** Tag of an EventHead in EventHeads. */
const HEAD = 0x0a;

/** Writes an event's EventBody, byte for byte as the generated code does. */
export function writeBody(writer: ByteWriter, event: OutgoingEvent): void {
  if (event.data !== undefined && event.data.length > 0) writer.bytes(0x0a, event.data);
  if (event.dataContentType) writer.text(0x12, event.dataContentType);
  if (event.dataSchema) writer.text(0x1a, event.dataSchema);
  if (event.metadata !== undefined) {
    const { version, service, environment } = event.metadata;
    const at = writer.open(0x22);
    if (version) writer.text(0x0a, version);
    if (service) writer.text(0x12, service);
    if (environment) writer.text(0x1a, environment);
    writer.close(at);
  }
  if (event.attributes !== undefined) writeAttributes(writer, event.attributes);
  if (event.traceparent) writer.text(0x32, event.traceparent);
  if (event.tracestate) writer.text(0x3a, event.tracestate);
}

function writeAttributes(writer: ByteWriter, attributes: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    const at = writer.open(0x2a);
    if (key) writer.text(0x0a, key);
    if (value) writer.text(0x12, value);
    writer.close(at);
  }
}

/**
 * Writes an event's EventHead with its framing, byte for byte as the generated code does, leaving
 * out what equals the defaults.
 */
export function writeHead(
  writer: ByteWriter,
  event: OutgoingEvent,
  bodyLength: number,
  defaults: Partial<EventHead>,
): void {
  const at = writer.open(HEAD);
  writeText(writer, 0x0a, event.id, defaults.id);
  writeText(writer, 0x12, event.source, defaults.source);
  writeText(writer, 0x1a, event.type, defaults.type);
  writeText(writer, 0x22, event.subject, defaults.subject);
  writeTime(writer, 0x29, event.timeUnixNs, defaults.timeUnixNs);
  writeText(writer, 0x32, event.correlationId, defaults.correlationId);
  writeText(writer, 0x3a, event.causationId, defaults.causationId);
  writeText(writer, 0x42, event.orderingKey, defaults.orderingKey);
  writeTime(writer, 0x49, event.expireTimeUnixMs, defaults.expireTimeUnixMs);
  if (bodyLength !== (defaults.bodyLength ?? 0)) {
    writer.byte(0x50);
    writer.varint(bodyLength);
  }
  writer.close(at);
}

function writeText(
  writer: ByteWriter,
  tag: number,
  value: string | undefined,
  shared: string | undefined,
): void {
  if (value !== undefined && value !== shared) writer.text(tag, value);
}

function writeTime(
  writer: ByteWriter,
  tag: number,
  value: bigint | undefined,
  shared: bigint | undefined,
): void {
  if (value !== undefined && value !== shared) writer.sfixed64(tag, value);
}
