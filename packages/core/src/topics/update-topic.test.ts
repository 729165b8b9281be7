import { Durability, PubSubError, TopicSettings } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import { MemoryState } from "../test/memory-state.js";
import { createTopic } from "./create-topic.js";
import { deleteTopic, purgeTopic } from "./delete-topic.js";
import { topicsProjection } from "./topics-projection.js";
import { updateTopic } from "./update-topic.js";

function withTopic(settings?: Partial<TopicSettings>): MemoryState {
  const state = new MemoryState([topicsProjection]);
  state.run(createTopic, { name: "t", settings: TopicSettings.create(settings) });
  return state;
}

function faultOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    const { reason, metadata } = PubSubError.from(error);
    return { reason, metadata };
  }
  throw new Error("nothing was thrown");
}

describe("update topic", () => {
  it("changes what is named and nothing else", () => {
    const state = withTopic({ partitions: 3, retentionBytes: 7n });
    const settings = TopicSettings.create({
      durability: Durability.OS,
      retentionMs: 5_000n,
      retentionBytes: 9n,
      partitions: 8,
    });
    const fields = ["durability", "retention_ms"];
    state.run(updateTopic, { name: "t", settings, fields });
    expect(state.get(stateKeys.topic("t"))?.topic?.settings).toMatchObject({
      partitions: 3,
      durability: Durability.OS,
      retentionMs: 5_000n,
      retentionBytes: 7n,
    });
  });

  it("gives a named setting that is absent its default, and journals nothing where none changes", () => {
    const state = withTopic({ dedup: { windowMs: 5n, idsMax: 0 } });
    const fields = ["dedup", "retention_bytes"];
    const { settings } = state.run(updateTopic, { name: "t", settings: undefined, fields });
    expect(settings?.dedup).toBeUndefined();
    const before = state.entries.length;
    state.run(updateTopic, { name: "t", settings: undefined, fields });
    expect(state.entries).toHaveLength(before);
  });

  it.each([
    [[], "must name at least one setting"],
    [
      ["partitions"],
      'must be of durability, dedup, retention_ms, retention_bytes; "partitions" is not',
    ],
    [
      ["toString"],
      'must be of durability, dedup, retention_ms, retention_bytes; "toString" is not',
    ],
  ])("refuses the fields %j", (fields, rule) => {
    const state = withTopic();
    const run = () => state.run(updateTopic, { name: "t", settings: undefined, fields });
    expect(faultOf(run)).toEqual({ reason: "BAD_REQUEST", metadata: { field: "fields", rule } });
  });

  it("refuses a retention beyond what is configured, and a topic that is not there", () => {
    const state = withTopic();
    const settings = TopicSettings.create({ retentionMs: 2_000n });
    const update = { settings, fields: ["retention_ms"], retentionMsMax: 1_999 };
    expect(faultOf(() => state.run(updateTopic, { name: "t", ...update }))).toMatchObject({
      reason: "BAD_REQUEST",
      metadata: { field: "settings.retention_ms", rule: "must be 1000 to 1999" },
    });
    expect(faultOf(() => state.run(updateTopic, { name: "u", ...update }))).toMatchObject({
      reason: "TOPIC_NOT_FOUND",
    });
  });
});

describe("delete topic", () => {
  it("frees the name, and the number never comes again", () => {
    const state = withTopic({ partitions: 2 });
    state.run(deleteTopic, { name: "t" });
    expect(state.get(stateKeys.topic("t"))).toBeUndefined();
    expect(state.get(stateKeys.namespace())?.topics).toBe(0);
    expect(state.get(stateKeys.deletedTopic(1))?.topic?.settings?.partitions).toBe(2);
    state.run(createTopic, { name: "t", settings: undefined });
    expect(state.get(stateKeys.topic("t"))?.topicId).toBe(2);
    state.run(purgeTopic, { topicId: 1 });
    expect(state.get(stateKeys.deletedTopic(1))).toBeUndefined();
    const before = state.entries.length;
    state.run(purgeTopic, { topicId: 1 });
    expect(state.entries).toHaveLength(before);
    expect(state.get(stateKeys.topic("t"))?.topicId).toBe(2);
  });

  it("names a topic that is not there", () => {
    const state = withTopic();
    expect(faultOf(() => state.run(deleteTopic, { name: "u" }))).toEqual({
      reason: "TOPIC_NOT_FOUND",
      metadata: { topic: "u" },
    });
  });
});
