import { decodeBatch, PublishStreamRequest, type RecordBatch } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { jsonDocument } from "./json-document.js";
import { type FrameShape, PublishFrames } from "./publish-frames.js";

const shape: FrameShape = {
  topic: "bench/t",
  topics: 1,
  batches: 1,
  events: 10,
  eventBytes: 1_000,
  content: "random",
  codec: "none",
  identity: "derived",
};

function batchesOf(frames: PublishFrames, number: number): readonly RecordBatch[] {
  const { message } = PublishStreamRequest.decode(frames.frame(number, 7).bytes);
  return message?.$case === "frame" ? message.value.batches : [];
}

describe("PublishFrames", () => {
  it.each([
    { identity: "derived", content: "random" },
    { identity: "keyed", content: "random" },
    { identity: "own", content: "random" },
    { identity: "derived", content: "json" },
  ] as const)("makes events of the asked size: %o", (options) => {
    const { payloadBytes } = new PublishFrames({ ...shape, ...options }).frame(1, 1);
    expect(payloadBytes / shape.events).toBeGreaterThan(970);
    expect(payloadBytes / shape.events).toBeLessThanOrEqual(1_001);
  });

  it("counts sequences by topic, so that the broker takes none for a repetition", () => {
    const frames = new PublishFrames({ ...shape, topics: 3, batches: 2 });
    const named = [1, 2, 3].flatMap((number) =>
      batchesOf(frames, number).map(({ topic, baseSequence }) => [topic, baseSequence]),
    );
    expect(named).toEqual([
      ["bench/t/0", 0n],
      ["bench/t/1", 0n],
      ["bench/t/2", 0n],
      ["bench/t/0", 10n],
      ["bench/t/1", 10n],
      ["bench/t/2", 10n],
    ]);
  });

  it("gives every event an id of its own where asked", () => {
    const frames = new PublishFrames({ ...shape, identity: "own" });
    const ids = [1, 2].flatMap((number) =>
      batchesOf(frames, number).flatMap((batch) => decodeBatch(batch).map(({ id }) => id)),
    );
    expect(new Set(ids).size).toBe(20);
  });

  it("tells the size before compression from the size as sent", () => {
    const { payloadBytes, rawBytes } = new PublishFrames({
      ...shape,
      content: "json",
      codec: "gzip",
    }).frame(1, 1);
    expect(payloadBytes).toBeLessThan(rawBytes);
  });
});

describe("jsonDocument", () => {
  it("is JSON of the asked size that differs from seed to seed only", () => {
    const document = jsonDocument(5, 900);
    expect(document).toHaveLength(900);
    expect(() => JSON.parse(document) as unknown).not.toThrow();
    expect(jsonDocument(5, 900)).toBe(document);
    expect(jsonDocument(6, 900)).not.toBe(document);
  });
});
