import {
  Durability,
  NamespaceState,
  PubSubError,
  type TopicIndex,
  TopicSettings,
} from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import { MemoryState } from "../test/memory-state.js";
import { createTopic } from "./create-topic.js";
import { nextTopicId } from "./decided-topics.js";
import { topicsMax } from "./limits.js";
import { completeTopicSettings, differingTopicSetting } from "./topic-settings.js";
import { topicsProjection } from "./topics-projection.js";

function reasonOf(run: () => unknown): { reason: string; field: string | undefined } {
  try {
    run();
  } catch (error) {
    const { reason, metadata } = PubSubError.from(error);
    return { reason, field: metadata["field"] };
  }
  throw new Error("nothing was thrown");
}

const settings = (partial: Partial<TopicSettings>): TopicSettings => TopicSettings.create(partial);

describe("create topic", () => {
  it("creates once and answers the existing topic afterwards", () => {
    const state = new MemoryState([topicsProjection]);
    expect(state.run(createTopic, { name: "a/b", settings: undefined }).existed).toBe(false);
    expect(state.run(createTopic, { name: "a/b", settings: undefined }).existed).toBe(true);
    expect(state.run(createTopic, { name: "a/b", settings: settings({}) }).existed).toBe(true);
    expect(state.get(stateKeys.topic("a/b"))).toMatchObject({ topicId: 1 });
  });

  it("names the setting in which an existing topic differs", () => {
    const state = new MemoryState([topicsProjection]);
    state.run(createTopic, { name: "a", settings: undefined });
    const again = () =>
      state.run(createTopic, { name: "a", settings: settings({ partitions: 3 }) });
    expect(reasonOf(again)).toEqual({ reason: "TOPIC_EXISTS", field: "partitions" });
  });

  it.each([
    ["", "TOPIC_NAME_INVALID"],
    ["a/*", "TOPIC_NAME_INVALID"],
    ["$mine", "TOPIC_NAME_INVALID"],
    ["a/$b", "TOPIC_NAME_INVALID"],
  ])("refuses the name %j", (name, reason) => {
    const state = new MemoryState([topicsProjection]);
    expect(reasonOf(() => state.run(createTopic, { name, settings: undefined })).reason).toBe(
      reason,
    );
    expect(state.entries).toEqual([]);
  });

  it("holds at most its limit of topics", () => {
    const full = { topics: topicsMax, nextTopicId: topicsMax + 1 };
    const namespace = NamespaceState.create({ ...full, startNumber: 1 });
    expect(reasonOf(() => nextTopicId(namespace, 1))).toEqual({
      reason: "LIMIT_REACHED",
      field: "topics",
    });
    expect(nextTopicId(undefined, 2)).toBe(2);
  });

  it("notes the start number", () => {
    const state = new MemoryState([topicsProjection]);
    const value = { startNumber: 4, version: "v" };
    state.apply({ timeUnixMs: 9n, kind: { $case: "brokerStarted", value }, batches: [] });
    expect(state.get(stateKeys.namespace())).toMatchObject({ startNumber: 4, timeUnixMs: 9n });
  });
});

describe("topic settings", () => {
  it.each([
    [{ partitions: 1_025 }, "BAD_REQUEST", "settings.partitions"],
    [{ durability: 99 as Durability }, "BAD_REQUEST", "settings.durability"],
    [{ index: 4 as TopicIndex }, "BAD_REQUEST", "settings.index"],
    [{ dedup: { windowMs: 2_592_000_001n, idsMax: 0 } }, "BAD_REQUEST", "settings.dedup.window_ms"],
    [{ dedup: { windowMs: 1n, idsMax: 10_000_001 } }, "BAD_REQUEST", "settings.dedup.ids_max"],
    [{ retentionMs: 999n }, "BAD_REQUEST", "settings.retention_ms"],
    [{ retentionMs: 2_592_000_001n }, "BAD_REQUEST", "settings.retention_ms"],
  ])("refuses %o", (partial, reason, field) => {
    expect(reasonOf(() => completeTopicSettings("t", settings(partial)))).toEqual({
      reason,
      field,
    });
  });

  it("keeps for 30 days by default, or for what the broker is configured to keep", () => {
    const dayMs = 86_400_000;
    const kept = (retentionMs: bigint, max?: number) =>
      completeTopicSettings("t", settings({ retentionMs }), max).retentionMs;
    expect(kept(0n)).toBe(BigInt(30 * dayMs));
    expect(kept(0n, dayMs)).toBe(BigInt(dayMs));
    expect(kept(0n, 90 * dayMs)).toBe(BigInt(30 * dayMs));
    expect(kept(BigInt(60 * dayMs), 90 * dayMs)).toBe(BigInt(60 * dayMs));
  });

  it("deduplicates ingress by default and nothing else", () => {
    expect(completeTopicSettings("ingress/mlflow", undefined).dedup?.windowMs).toBe(604_800_000n);
    expect(completeTopicSettings("orders", undefined).dedup).toBeUndefined();
    const off = settings({ dedup: { windowMs: 0n, idsMax: 5 } });
    expect(completeTopicSettings("ingress/mlflow", off).dedup).toBeUndefined();
  });

  it.each([
    [{ partitions: 2 }, "partitions"],
    [{ durability: Durability.OS }, "durability"],
    [{ index: 2 as const }, "index"],
    [{ dedup: { windowMs: 1n, idsMax: 1_000_000 } }, "dedup.window_ms"],
    [{ retentionMs: 1_000n }, "retention_ms"],
    [{ retentionBytes: 1n }, "retention_bytes"],
  ])("tells %o apart", (partial, field) => {
    const complete = completeTopicSettings("t", undefined);
    expect(differingTopicSetting(complete, { ...complete, ...partial })).toBe(field);
  });

  it("tells numbers of remembered ids apart", () => {
    const dedup = (idsMax: number) =>
      completeTopicSettings("t", settings({ dedup: { windowMs: 1n, idsMax } }));
    expect(differingTopicSetting(dedup(1), dedup(2))).toBe("dedup.ids_max");
    expect(differingTopicSetting(dedup(1), dedup(1))).toBeUndefined();
  });
});
