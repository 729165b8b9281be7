import type { IndexRange } from "@opendxa/pubsub-index-store";
import {
  Execution,
  ListTopicsRequest,
  StartPosition,
  SubscriptionSettings,
  type TopicSettings,
  TopicSettings as TopicSettingsMessage,
  UpdateTopicRequest,
  Verdict,
} from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { Inbox, passUntil, until, World, type WorldOptions } from "./test/world.js";

const dayMs = 86_400_000;
const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });

async function worldWith(
  topics: Readonly<Record<string, Partial<TopicSettings>>>,
  options?: WorldOptions,
): Promise<World> {
  const made = new World(1, options);
  await made.open();
  for (const [name, settings] of Object.entries(topics)) {
    await made.engine.createTopic(name, TopicSettingsMessage.create(settings));
  }
  return made;
}

async function bounds(made: World, topic: string, partition = 0): Promise<[bigint, bigint]> {
  const { partitions } = await made.engine.getTopic(topic);
  const { firstOffset = 0n, nextOffset = 0n } = partitions[partition] ?? {};
  return [firstOffset, nextOffset];
}

async function firstOffset(made: World, topic: string): Promise<bigint> {
  return (await bounds(made, topic))[0];
}

async function keysOf(made: World, ...prefixes: string[]): Promise<string[]> {
  const { engine, index } = made;
  await until(() => engine.stats().indexedSequence === engine.stats().durableSequence);
  const keys: string[] = [];
  for await (const { key } of index.iterate({})) {
    if (prefixes.some((prefix) => key.startsWith(prefix))) keys.push(key);
  }
  return keys;
}

/** Lets a second pass and all that it starts. */
async function tick(made: World): Promise<void> {
  made.clock.advance(1_000);
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function readAll(made: World, topic: string, offset = 0n): Promise<bigint[]> {
  const range = { topic, partition: 0, offset, eventsMax: 0n, follow: false };
  const offsets: bigint[] = [];
  for await (const group of made.engine.readEvents(range, new AbortController().signal)) {
    for (const { batch } of group) offsets.push(batch?.baseOffset ?? -1n);
  }
  return offsets;
}

/** Before the world is opened: tells of each look at the batches of a partition. */
function watchBatchScans(made: World, onScan: (limit: number) => void): void {
  made.index = new Proxy(made.index, {
    get: (target, name) => {
      if (name === "scan") {
        return (range: IndexRange) => {
          if ((range.gte ?? range.gt ?? "").startsWith("b/")) onScan(range.limit ?? 0);
          return target.scan(range);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function subscribe(made: World, name: string, pattern: string) {
  const settings = SubscriptionSettings.create({ patterns: [pattern], start: earliest });
  return made.engine.createSubscription(name, settings);
}

describe("retention by age", () => {
  it("drops what is older, from the index and from reading, and nothing else", async () => {
    const made = await worldWith({ short: { retentionMs: 60_000n, index: 3 }, long: { index: 3 } });
    await made.publish("short", "a", "b");
    await made.publish("long", "a", "b");
    made.clock.advance(50_000);
    await made.publish("short", "c");
    await passUntil(made.clock, async () => (await firstOffset(made, "short")) === 2n);
    expect(await bounds(made, "long")).toEqual([0n, 2n]);
    expect(await readAll(made, "short", 2n)).toEqual([2n]);
    await expect(readAll(made, "short", 1n)).rejects.toMatchObject({
      reason: "OFFSET_OUT_OF_RANGE",
      metadata: { offset: "1", first: "2", next: "3" },
    });
    const keys = await keysOf(made, "b/00000001", "i/00000001");
    expect(keys.map((key) => key.split("/").at(-2))).toHaveLength(2);
    await passUntil(made.clock, async () => (await firstOffset(made, "short")) === 3n);
    expect(await keysOf(made, "b/00000001", "i/00000001")).toEqual([]);
    expect(await keysOf(made, "s/", "c/")).toHaveLength(3);
    expect(await readAll(made, "short", 3n)).toEqual([]);
    expect(await made.publish("short", "d")).toBe(3n);
    expect(made.engine.stats().batchesExpired).toBe(2);
  });

  it("does not sleep through a topic that comes while there is nothing to do", async () => {
    const made = await worldWith({});
    for (let second = 0; second < 10; second++) await tick(made);
    await made.engine.createTopic("short", TopicSettingsMessage.create({ retentionMs: 1_000n }));
    await made.publish("short", "a");
    for (let second = 0; second < 4; second++) await tick(made);
    expect(await firstOffset(made, "short")).toBe(1n);
  });

  it("looks at no new topic before something in it can be old", async () => {
    const made = new World();
    let looks = 0;
    watchBatchScans(made, () => (looks += 1));
    await made.open();
    for (let i = 0; i < 50; i += 1) {
      await made.engine.createTopic(
        `t/${i}`,
        TopicSettingsMessage.create({ retentionMs: 600_000n }),
      );
    }
    await made.publish("t/7", "a");
    for (let second = 0; second < 60; second += 1) await tick(made);
    expect(looks).toBe(0);
    await passUntil(made.clock, () => made.engine.stats().batchesExpired === 1, 10_000);
    expect(looks).toBeGreaterThan(0);
  });

  it("follows a change of the setting, and the ceiling of the broker holds for every topic", async () => {
    const made = await worldWith({ long: {}, short: {} }, { retentionMsMax: 10 * dayMs });
    await made.publish("long", "a");
    const refused = TopicSettingsMessage.create({ retentionMs: BigInt(11 * dayMs) });
    await expect(made.engine.createTopic("other", refused)).rejects.toMatchObject({
      metadata: { field: "settings.retention_ms" },
    });
    await made.publish("short", "a");
    made.clock.advance(2 * 60_000);
    const request = UpdateTopicRequest.create({
      name: "short",
      settings: TopicSettingsMessage.create({ retentionMs: 60_000n }),
      fields: ["retention_ms"],
    });
    expect((await made.engine.updateTopic(request)).settings?.retentionMs).toBe(60_000n);
    await passUntil(made.clock, async () => (await firstOffset(made, "short")) === 1n);
    expect(await firstOffset(made, "long")).toBe(0n);
  });

  it("keeps what belongs to an open execution until it is closed, and first things first", async () => {
    const made = await worldWith({ short: { retentionMs: 60_000n } });
    const deadlineUnixMs = BigInt(made.clock.now() + dayMs);
    const execution = { executionId: "x", functionName: "f", correlationId: "held" };
    await made.engine.registerExecution(Execution.create({ ...execution, deadlineUnixMs }));
    await made.publish("short", "a");
    await made.publishTo({ topic: "short", correlationId: "held" }, "b");
    await made.publish("short", "c");
    await passUntil(made.clock, () => made.engine.stats().batchesExpired === 2);
    expect(await bounds(made, "short")).toEqual([1n, 3n]);
    expect(await readAll(made, "short", 1n)).toEqual([1n]);
    made.clock.advance(8 * dayMs);
    const isGone = async () => (await firstOffset(made, "short")) === 3n;
    await passUntil(made.clock, isGone, 60_000);
  });
});

describe("retention by bytes", () => {
  it("drops the oldest over all partitions", async () => {
    const made = await worldWith({ t: { retentionBytes: 5_000n, partitions: 2 } });
    for (let i = 0; i < 10; i++) {
      await made.publishTo({ topic: "t", partition: i % 2, bytes: 900 }, `e${i}`);
    }
    await passUntil(made.clock, () => made.engine.stats().batchesExpired > 4);
    const both = [await bounds(made, "t", 0), await bounds(made, "t", 1)];
    expect(both.map(([first]) => first)).toEqual([3n, 2n]);
    made.clock.advance(60_000);
    expect(await bounds(made, "t", 0)).toEqual([3n, 5n]);
  });

  it("reads no more at once than one command expires: publishing waits for that", async () => {
    const made = new World();
    const limits: number[] = [];
    watchBatchScans(made, (limit) => limits.push(limit));
    await made.open();
    const settings = TopicSettingsMessage.create({ retentionBytes: 1n });
    await made.engine.createTopic("t", settings);
    for (let i = 0; i < 300; i++) await made.publish("t", `e${i}`);
    await passUntil(made.clock, () => made.engine.stats().batchesExpired >= 300, 60_000);
    // One more than it expires tells whether there is more.
    expect(Math.max(...limits)).toBe(257);
  });

  it("goes on for what nobody holds where executions hold more than the bound", async () => {
    const made = await worldWith({ t: { retentionBytes: 1_000n } });
    await made.engine.registerExecution(Execution.create({ executionId: "x", functionName: "f" }));
    const held = { topic: "t", correlationId: "x", bytes: 900 };
    await made.publishTo(held, "h1");
    await made.publishTo(held, "h2");
    await made.publishTo({ topic: "t", bytes: 600 }, "a");
    await made.publishTo({ topic: "t", bytes: 600 }, "b");
    await passUntil(made.clock, () => made.engine.stats().batchesExpired === 1);
    expect(await readAll(made, "t")).toEqual([0n, 1n, 3n]);
  });
});

describe("subscriptions", () => {
  it("count as expired what they had not settled, with and without consumers", async () => {
    const made = await worldWith({ t: { retentionMs: 60_000n } });
    await subscribe(made, "idle", "t");
    await subscribe(made, "other", "elsewhere");
    await made.publish("t", "a", "b", "c");
    const inbox = new Inbox();
    const consumer = await made.join("active", inbox, { patterns: ["t"], start: earliest });
    await until(() => inbox.ids.length === 3);
    made.ack(consumer, inbox.received.slice(0, 1));
    await until(() => inbox.verdictsSeen.length === 1);
    await passUntil(made.clock, async () => (await firstOffset(made, "t")) === 3n);
    const expired = async (name: string) => (await made.engine.getSubscription(name)).expired;
    expect([await expired("idle"), await expired("active"), await expired("other")]).toEqual([
      3n,
      2n,
      0n,
    ]);
    made.ack(consumer, inbox.received.slice(1));
    await until(() => inbox.verdictsSeen.length === 2);
    const { exceptions = [] } = inbox.verdictsSeen[1] ?? {};
    expect(exceptions).toHaveLength(inbox.received.length - 1);
    expect(exceptions.every(({ verdict }) => verdict === Verdict.STALE)).toBe(true);
    await made.publish("t", "d");
    await until(() => inbox.ids.includes("d"));
    const late = new Inbox();
    await made.join("idle", late);
    await until(() => late.ids.length > 0);
    expect(late.ids).toEqual(["d"]);
    await made.powerCut("drop");
    expect([await expired("idle"), await expired("active")]).toEqual([3n, 2n]);
  });
});

describe("deleting a topic", () => {
  it("frees the name at once, and its events in the background, held or not", async () => {
    const made = await worldWith({ t: { index: 3, partitions: 2 } });
    await subscribe(made, "s", "t");
    await made.engine.registerExecution(Execution.create({ executionId: "x", functionName: "f" }));
    await made.publishTo({ topic: "t", correlationId: "x" }, "a", "b");
    await made.publishTo({ topic: "t", partition: 1 }, "c");
    await made.engine.deleteTopic("t");
    await expect(made.engine.getTopic("t")).rejects.toMatchObject({ reason: "TOPIC_NOT_FOUND" });
    await expect(made.publish("t", "d")).rejects.toThrow("does not exist");
    await expect(made.engine.deleteTopic("t")).rejects.toMatchObject({
      reason: "TOPIC_NOT_FOUND",
    });
    await made.engine.createTopic("t", undefined);
    expect(await made.publish("t", "new")).toBe(0n);
    await passUntil(made.clock, async () => (await keysOf(made, "gone/")).length === 0);
    expect(await keysOf(made, "b/", "i/", "c/", "s/", "part/00000001")).toHaveLength(2);
    expect((await made.engine.getSubscription("s")).expired).toBe(3n);
    expect(await readAll(made, "t")).toEqual([0n]);
    const request = ListTopicsRequest.create({ pattern: "*" });
    const { topics } = await made.engine.listTopics(request);
    expect(topics.map(({ name }) => name)).toEqual(["t"]);
  });

  it("goes on where a power cut interrupted it", async () => {
    const made = await worldWith({ t: { index: 3 } });
    await made.publish("t", "a");
    await made.engine.deleteTopic("t");
    await made.powerCut("drop");
    expect(await keysOf(made, "gone/")).toHaveLength(1);
    await passUntil(made.clock, async () => (await keysOf(made, "gone/")).length === 0);
    expect(await keysOf(made, "b/", "i/", "c/", "s/")).toEqual([]);
  });
});

describe("damage", () => {
  it("of one topic does not keep others from their turn", async () => {
    const made = await worldWith(
      { bad: { retentionMs: 60_000n, index: 3 }, good: { retentionMs: 60_000n } },
      { segmentBytes: 16_384 },
    );
    await made.publishTo({ topic: "bad", bytes: 4_000 }, "a");
    for (let i = 0; i < 10; i++) await made.publishTo({ topic: "good", bytes: 4_000 }, `g${i}`);
    await keysOf(made);
    const [segment] = (await made.disk.readdir("/data/journal")).filter((n) => n.endsWith(".seg"));
    made.disk.flipBit(`/data/journal/${segment}`, 2_000);
    await made.powerCut("keep", "kept");
    await passUntil(made.clock, async () => (await firstOffset(made, "good")) === 10n);
    expect(await firstOffset(made, "bad")).toBe(0n);
    expect(made.warnings).toContain("retention of a topic could not go on; it is tried again");
  });
});
