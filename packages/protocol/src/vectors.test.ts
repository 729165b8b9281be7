import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  bitmapOf,
  Codec,
  checkBatch,
  crc32c,
  crc32cPortable,
  decodeBatch,
  decodeStatusDetails,
  decompressBodies,
  ERROR_DOMAIN,
  type EventHead,
  encodeBatch,
  encodeStatusDetails,
  errorReasons,
  hasBit,
  type OutgoingEvent,
  Priority,
  PubSubError,
  parseCorrelationKey,
  partitionForKey,
  RecordBatch,
  setBits,
  supportedCodecs,
  TopicPattern,
  validateTopicName,
} from "./index.js";

function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8")) as T;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function reasonOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return PubSubError.from(error).reason;
  }
  return "none";
}

/** Not every runtime has every codec; one that it lacks must be named as such. */
function isSupported(codec: keyof typeof Codec = "UNSPECIFIED"): boolean {
  return codec === "UNSPECIFIED" || supportedCodecs().includes(Codec[codec]);
}

type Json = Record<string, string | number | boolean | undefined>;

interface EventVector extends Json {
  readonly data_hex?: string;
}

interface BatchVector {
  readonly name: string;
  readonly topic: string;
  readonly partition?: number;
  readonly priority?: keyof typeof Priority;
  readonly codec?: keyof typeof Codec;
  readonly producer?: { id_hex: string; epoch: number; base_sequence: string };
  readonly deliver_time_unix_ms?: string;
  readonly defaults?: Json;
  readonly events: readonly EventVector[];
  readonly exact_bodies?: boolean;
  readonly sent_hex: string;
  readonly stored_hex: string;
  readonly heads_hex: string;
  readonly decoded: readonly (Json & { data_hex: string; attributes: Record<string, string> })[];
}

const INTEGERS = new Set(["time_unix_ns", "expire_time_unix_ms"]);

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function fieldsOf(fields: Json): OutgoingEvent & Partial<EventHead> {
  const { data_hex, ...rest } = fields;
  const entries = Object.entries(rest).map(([name, value]) => [
    camel(name),
    INTEGERS.has(name) ? BigInt(value as string) : value,
  ]);
  const data = data_hex === undefined ? {} : { data: Buffer.from(data_hex as string, "hex") };
  return { ...(Object.fromEntries(entries) as OutgoingEvent), ...data };
}

function encode(vector: BatchVector): RecordBatch {
  const { topic, partition, priority, producer, codec, deliver_time_unix_ms: deliver } = vector;
  return encodeBatch({
    topic,
    partition: partition ?? 0,
    priority: Priority[priority ?? "UNSPECIFIED"],
    codec: Codec[codec ?? "UNSPECIFIED"],
    producer: producer && {
      id: Buffer.from(producer.id_hex, "hex"),
      epoch: producer.epoch,
      baseSequence: BigInt(producer.base_sequence),
    },
    deliverTimeUnixMs: deliver === undefined ? undefined : BigInt(deliver),
    defaults: fieldsOf(vector.defaults ?? {}),
    events: vector.events.map(fieldsOf),
  });
}

describe.each(vectors<BatchVector[]>("batches"))("batch: $name", (vector) => {
  const sent = Buffer.from(vector.sent_hex, "hex");
  const stored = RecordBatch.decode(Buffer.from(vector.stored_hex, "hex"));

  if (!isSupported(vector.codec)) {
    it("is in a codec that this runtime lacks", () => {
      expect(reasonOf(() => encode(vector))).toBe("CODEC_NOT_SUPPORTED");
      expect(reasonOf(() => decodeBatch(stored))).toBe("CODEC_NOT_SUPPORTED");
    });
    return;
  }

  it("is written byte for byte", () => {
    const batch = encode(vector);
    expect(hex(batch.heads)).toBe(vector.heads_hex);
    if (vector.exact_bodies !== false) {
      expect(hex(RecordBatch.encode(batch).finish())).toBe(vector.sent_hex);
    } else expect(decodeBatch(batch)).toHaveLength(vector.events.length);
  });

  it("passes the broker's check", () => {
    const { heads, refusals } = checkBatch(RecordBatch.decode(sent));
    expect(refusals).toEqual([]);
    vector.decoded.forEach((event, index) => {
      expect(heads.id(index)).toBe(event["id"]);
      expect(heads.source(index)).toBe(event["source"]);
      expect(heads.correlationId(index) ?? null).toBe(event["correlation_id"]);
      expect(heads.orderingKey(index) ?? null).toBe(event["ordering_key"]);
    });
  });

  it("is read with every default", () => {
    const events = decodeBatch(stored).map((event) => ({
      id: event.id,
      source: event.source,
      type: event.type,
      subject: event.subject ?? null,
      time_unix_ns: String(event.timeUnixNs),
      correlation_id: event.correlationId ?? null,
      causation_id: event.causationId ?? null,
      ordering_key: event.orderingKey ?? null,
      expire_time_unix_ms: event.expireTimeUnixMs?.toString() ?? null,
      offset: String(event.offset),
      data_hex: hex(event.data),
      data_content_type: event.dataContentType,
      data_schema: event.dataSchema ?? null,
      metadata: event.metadata ?? null,
      attributes: event.attributes,
      traceparent: event.traceparent ?? null,
      tracestate: event.tracestate ?? null,
    }));
    expect(events).toEqual(vector.decoded);
  });
});

interface MalformedVector {
  readonly name: string;
  readonly reason: string;
  readonly sent_hex: string;
}

it.each(vectors<MalformedVector[]>("malformed"))("malformed: $name", ({ reason, sent_hex }) => {
  const batch = RecordBatch.decode(Buffer.from(sent_hex, "hex"));
  expect(reasonOf(() => checkBatch(batch))).toBe(reason);
});

it.each(vectors<(MalformedVector & { index: number; field: string })[]>("refused"))(
  "refused: $name",
  ({ sent_hex, index, field, reason }) => {
    const { refusals } = checkBatch(RecordBatch.decode(Buffer.from(sent_hex, "hex")));
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toMatchObject({
      index,
      field,
      reason: errorReasons[reason as "EVENT_INVALID"].number,
    });
    expect(refusals[0]?.rule).not.toBe("");
  },
);

interface BodiesVector {
  readonly name: string;
  readonly codec: keyof typeof Codec;
  readonly bodies_hex: string;
  readonly bodies_raw_bytes: number;
  readonly raw_hex?: string;
  readonly reason?: string;
  readonly field?: string;
}

it.each(vectors<BodiesVector[]>("bodies"))("bodies: $name", (vector) => {
  const bodies = Buffer.from(vector.bodies_hex, "hex");
  const read = () => decompressBodies(bodies, Codec[vector.codec], vector.bodies_raw_bytes);
  if (!isSupported(vector.codec)) {
    expect(reasonOf(read)).toBe("CODEC_NOT_SUPPORTED");
  } else if (vector.raw_hex !== undefined) {
    expect(hex(read())).toBe(vector.raw_hex);
  } else {
    expect(reasonOf(read)).toBe(vector.reason);
  }
});

interface PartitionVector {
  readonly key: string;
  readonly crc32c: number;
  readonly partitions: Record<string, number>;
}

it("hashes keys to partitions", () => {
  for (const { key, crc32c: expected, partitions } of vectors<PartitionVector[]>("partitions")) {
    expect(crc32c(Buffer.from(key))).toBe(expected);
    expect(crc32cPortable(Buffer.from(key))).toBe(expected);
    for (const [count, partition] of Object.entries(partitions)) {
      expect(partitionForKey(key, Number(count))).toBe(partition);
      expect(partitionForKey(Buffer.from(key), Number(count))).toBe(partition);
    }
  }
});

it("writes and reads bitmaps", () => {
  for (const { count, indexes, hex: text } of vectors<
    { count: number; indexes: number[]; hex: string }[]
  >("bitmaps")) {
    const bitmap = Buffer.from(text, "hex");
    expect([...setBits(bitmap)]).toEqual(indexes);
    expect(hex(bitmapOf(count, indexes))).toBe(indexes.length === 0 ? "" : text);
    for (let i = 0; i < count; i += 1) expect(hasBit(bitmap, i)).toBe(indexes.includes(i));
  }
});

interface ErrorVector {
  readonly reason: keyof typeof errorReasons;
  readonly code: number;
  readonly message: string;
  readonly retryable: boolean;
  readonly metadata: Record<string, string>;
  readonly retry_after_ms: number | null;
  readonly field_violations: { field: string; description: string }[];
  readonly hex: string;
}

it.each(vectors<ErrorVector[]>("errors"))("error: $reason", (vector) => {
  const details = {
    code: vector.code,
    message: vector.message,
    reason: vector.reason,
    domain: ERROR_DOMAIN,
    metadata: vector.metadata,
    retryAfterMs: vector.retry_after_ms ?? undefined,
    fieldViolations: vector.field_violations,
  };
  expect(hex(encodeStatusDetails(details))).toBe(vector.hex);
  const decoded = decodeStatusDetails(Buffer.from(vector.hex, "hex"));
  expect(decoded).toEqual(details);
  const error = PubSubError.fromStatusDetails(details);
  expect(error).toMatchObject({
    reason: vector.reason,
    message: vector.message,
    retryable: vector.retryable,
  });
});

interface NameVectors {
  readonly topics: { valid: string[]; invalid: string[] };
  readonly patterns: {
    invalid: string[];
    matches: { pattern: string; topic: string; matches: boolean }[];
  };
  readonly correlation_keys: {
    valid: { key: string; system: string; kind: string; rest: string }[];
    invalid: string[];
  };
}

it("knows names, patterns and keys", () => {
  const { topics, patterns, correlation_keys: keys } = vectors<NameVectors>("names");
  for (const name of topics.valid) validateTopicName(name);
  for (const name of topics.invalid) {
    expect(reasonOf(() => validateTopicName(name))).toBe("TOPIC_NAME_INVALID");
  }
  for (const text of patterns.invalid) {
    expect(reasonOf(() => TopicPattern.parse(text))).toBe("TOPIC_PATTERN_INVALID");
  }
  for (const { pattern, topic, matches } of patterns.matches) {
    const parsed = TopicPattern.parse(pattern);
    expect([pattern, topic, parsed.matches(topic)]).toEqual([pattern, topic, matches]);
    expect(parsed.expand().some((single) => single.matches(topic))).toBe(matches);
  }
  for (const { key, ...parts } of keys.valid) expect(parseCorrelationKey(key)).toEqual(parts);
  for (const key of keys.invalid) {
    expect(reasonOf(() => parseCorrelationKey(key))).toBe("CORRELATION_KEY_INVALID");
  }
});
