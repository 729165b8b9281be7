import { describe, expect, it } from "vitest";
import {
  ATTRIBUTE_BYTES_MAX,
  ATTRIBUTES_MAX,
  BATCH_BYTES_MAX,
  BATCH_EVENTS_MAX,
  BODIES_RAW_BYTES_MAX,
  Codec,
  checkBatch,
  crc32c,
  decodeBatch,
  decompressBodies,
  ErrorReason,
  EVENT_BYTES_MAX,
  EVENT_ID_BYTES_MAX,
  encodeBatch,
  ORDERING_KEY_BYTES_MAX,
  type OutgoingEvent,
  PRODUCER_SEQUENCE_MAX,
  type Priority,
  PubSubError,
  type RecordBatch,
  TEXT_BYTES_MAX,
} from "../index.js";

function caught(action: () => unknown): PubSubError {
  try {
    action();
  } catch (error) {
    return PubSubError.from(error);
  }
  throw new Error("nothing was thrown");
}

function pack(event: Partial<OutgoingEvent>): RecordBatch {
  return encodeBatch({ topic: "t", events: [{ id: "1", type: "t", ...event }] });
}

describe("limits of events at their edge", () => {
  it.each([
    ["id", EVENT_ID_BYTES_MAX],
    ["source", TEXT_BYTES_MAX],
    ["type", TEXT_BYTES_MAX],
    ["subject", TEXT_BYTES_MAX],
    ["correlationId", TEXT_BYTES_MAX],
    ["causationId", TEXT_BYTES_MAX],
    ["orderingKey", ORDERING_KEY_BYTES_MAX],
    ["dataContentType", TEXT_BYTES_MAX],
    ["traceparent", TEXT_BYTES_MAX],
  ])("%s takes %i bytes and no more", (field, bytesMax) => {
    expect(checkBatch(pack({ [field]: "x".repeat(bytesMax) })).refusals).toEqual([]);
    const error = caught(() => pack({ [field]: "x".repeat(bytesMax + 1) }));
    expect(error.reason).toBe("EVENT_INVALID");
    expect(error.metadata["rule"]).toContain(`at most ${bytesMax} `);
    expect(error.metadata["rule"]).toContain(`not ${bytesMax + 1}`);
  });

  it("counts attributes and their bytes", () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, ""]));
    pack({ attributes: many(ATTRIBUTES_MAX) });
    expect(caught(() => pack({ attributes: many(ATTRIBUTES_MAX + 1) }))).toMatchObject({
      reason: "LIMIT_EXCEEDED",
      metadata: { field: "attributes", limit: String(ATTRIBUTES_MAX), size: "65" },
    });
    pack({ attributes: { a: "x".repeat(ATTRIBUTE_BYTES_MAX) } });
    expect(caught(() => pack({ attributes: { a: "é".repeat(128) } })).reason).toBe("EVENT_INVALID");
  });

  it("refuses an event above its size in the client and, alone, in the broker", () => {
    pack({ data: new Uint8Array(EVENT_BYTES_MAX - 64) });
    expect(caught(() => pack({ data: new Uint8Array(EVENT_BYTES_MAX) }))).toMatchObject({
      reason: "LIMIT_EXCEEDED",
      metadata: { field: "event", limit: String(EVENT_BYTES_MAX) },
    });
    const small = pack({ data: new Uint8Array(EVENT_BYTES_MAX - 64) });
    const heads = Buffer.concat([small.heads, Buffer.from("0a080a01321a01745001", "hex")]);
    const bodies = Buffer.concat([small.bodies, Buffer.alloc(1)]);
    const raw = EVENT_BYTES_MAX + 100;
    const bad = {
      ...small,
      count: 2,
      heads: replaceLength(heads, raw),
      bodies: Buffer.concat([Buffer.alloc(raw), bodies.subarray(-1)]),
    };
    const { refusals } = checkBatch({ ...withSums(bad), bodiesRawBytes: raw + 1 });
    expect(refusals).toMatchObject([
      { index: 0, reason: ErrorReason.LIMIT_EXCEEDED, field: "event" },
    ]);
  });

  it("needs a type and, without a producer, an id", () => {
    expect(caught(() => pack({ type: undefined })).metadata["field"]).toBe("type");
    expect(caught(() => pack({ id: undefined })).metadata["field"]).toBe("id");
    expect(caught(() => pack({ subject: "a\nb" })).metadata["field"]).toBe("subject");
    expect(caught(() => pack({ subject: "\ud800" })).metadata["rule"]).toBe("valid Unicode");
  });
});

/** The first head's body_length, three bytes of varint, set to another value. */
function replaceLength(heads: Buffer, length: number): Buffer {
  const changed = Buffer.from(heads);
  const at = changed.indexOf(0x50) + 1;
  changed[at] = (length & 0x7f) | 0x80;
  changed[at + 1] = ((length >> 7) & 0x7f) | 0x80;
  changed[at + 2] = length >> 14;
  return changed;
}

function withSums(batch: RecordBatch): RecordBatch {
  return { ...batch, headsCrc32c: crc32c(batch.heads), bodiesCrc32c: crc32c(batch.bodies) };
}

const produced = { producerId: new Uint8Array(16).fill(7), producerEpoch: 1 };

describe("limits of batches at their edge", () => {
  it("holds 1 to 65,535 events", () => {
    const events = Array.from({ length: BATCH_EVENTS_MAX }, () => ({ id: "1", type: "t" }));
    expect(checkBatch(encodeBatch({ topic: "t", events })).heads.count).toBe(BATCH_EVENTS_MAX);
    expect(caught(() => encodeBatch({ topic: "t", events: [] })).reason).toBe(
      "BATCH_COUNT_MISMATCH",
    );
    const tooMany = [...events, { id: "1", type: "t" }];
    expect(caught(() => encodeBatch({ topic: "t", events: tooMany })).reason).toBe(
      "BATCH_COUNT_MISMATCH",
    );
  });

  it.each([
    ["priority", { priority: 99 as Priority }, "BATCH_MALFORMED"],
    ["priority", { priority: -1 as Priority }, "BATCH_MALFORMED"],
    ["codec", { codec: 9 as Codec }, "CODEC_NOT_SUPPORTED"],
    ["codec", { codec: -1 as Codec }, "CODEC_NOT_SUPPORTED"],
    ["bodies_raw_bytes", { bodiesRawBytes: BODIES_RAW_BYTES_MAX + 1 }, "LIMIT_EXCEEDED"],
    ["base_sequence", { ...produced, baseSequence: PRODUCER_SEQUENCE_MAX }, "BATCH_MALFORMED"],
  ])("has no %s of %o", (field, change, reason) => {
    const events = [1, 2].map((id) => ({ id: `${id}`, type: "t" }));
    const error = caught(() => checkBatch({ ...encodeBatch({ topic: "t", events }), ...change }));
    expect(error.reason).toBe(reason);
    expect(Object.keys(error.metadata).concat(Object.values(error.metadata))).toContain(field);
  });

  it("ends a producer's sequences with 2^64 - 1", () => {
    const last = { ...pack({}), ...produced, baseSequence: PRODUCER_SEQUENCE_MAX };
    expect(checkBatch(last).refusals).toEqual([]);
  });

  it("has at most 1 MiB - 4 KiB", () => {
    const data = new Uint8Array(600 * 1024);
    const events = [
      { id: "1", type: "t", data },
      { id: "2", type: "t", data },
    ];
    const limit = String(BATCH_BYTES_MAX);
    expect(caught(() => encodeBatch({ topic: "t", events }))).toMatchObject({
      reason: "LIMIT_EXCEEDED",
      metadata: { field: "batch", limit },
    });
    const one = pack({ data });
    const error = caught(() => checkBatch(one, { batchBytesMax: 1000, batchIndex: 3 }));
    expect(error).toMatchObject({
      reason: "LIMIT_EXCEEDED",
      metadata: { batch: "3", limit: "1000" },
    });
  });

  it("is not decompressed beyond the cap, nor beyond what it states", () => {
    expect(
      caught(() => decompressBodies(new Uint8Array(9), Codec.GZIP, BODIES_RAW_BYTES_MAX + 1)),
    ).toMatchObject({ reason: "LIMIT_EXCEEDED", metadata: { field: "bodies_raw_bytes" } });
    const events = [{ id: "1", type: "t", data: new Uint8Array(100_000) }];
    const bomb = encodeBatch({ topic: "t", codec: Codec.GZIP, events });
    for (const raw of [10, 200_000]) {
      expect(caught(() => decompressBodies(bomb.bodies, Codec.GZIP, raw)).reason).toBe(
        "BATCH_MALFORMED",
      );
    }
    expect(decodeBatch(bomb)[0]?.data).toHaveLength(100_000);
  });

  it("names a codec that is not known", () => {
    const error = caught(() => decompressBodies(new Uint8Array(0), 9 as Codec, 1));
    expect(error).toMatchObject({ reason: "CODEC_NOT_SUPPORTED", metadata: { codec: "9" } });
  });
});
