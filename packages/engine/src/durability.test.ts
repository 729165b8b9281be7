import {
  Durability,
  Execution,
  encodeBatch,
  PublishFrame,
  StartPosition,
  TopicSettings,
} from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { nearlyFullRetryMs } from "./limits.js";
import { Inbox, passUntil, until, World } from "./test/world.js";

const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });

async function worldWithOs(): Promise<World> {
  const made = new World();
  await made.open();
  const settings = TopicSettings.create({ durability: Durability.OS });
  await made.engine.createTopic("os", settings);
  await made.engine.createTopic("fsync", undefined);
  return made;
}

function frame(...topics: string[]): PublishFrame {
  const batches = topics.map((topic) =>
    encodeBatch({
      topic,
      partition: 0,
      events: [{ id: "a", type: "t", data: new Uint8Array(0) }],
      defaults: { source: "/s" },
    }),
  );
  return PublishFrame.create({ batches });
}

async function durabilities(made: World, ...topics: string[]): Promise<Durability[]> {
  const results = await made.engine.publish(frame(...topics));
  return results.map(({ durability }) => durability);
}

function syncs(made: World): number {
  return made.disk.trace.filter((line) => line.startsWith("datasync") && line.includes("/journal/"))
    .length;
}

describe("a nearly full disk", () => {
  it("refuses what is new, and lets acks, deletes and retention go on", async () => {
    const made = new World();
    await made.open();
    const settings = TopicSettings.create({ retentionMs: 60_000n });
    await made.engine.createTopic("t", settings);
    await made.publish("t", "a");
    const inbox = new Inbox();
    const consumer = await made.join("s", inbox, { patterns: ["t"], start: earliest });
    await until(() => inbox.ids.length === 1);
    made.watch.isLow = true;
    const refusal = {
      reason: "STORAGE_NEARLY_FULL",
      retryable: true,
      metadata: { reserve_bytes: "512" },
      retryAfterMs: nearlyFullRetryMs,
    };
    await expect(made.engine.publish(frame("t"))).rejects.toMatchObject(refusal);
    await expect(made.engine.createTopic("u", undefined)).rejects.toMatchObject(refusal);
    const execution = Execution.create({ executionId: "x", functionName: "f" });
    await expect(made.engine.registerExecution(execution)).rejects.toMatchObject(refusal);
    made.ack(consumer, inbox.received);
    await until(() => inbox.verdictsSeen.length === 1);
    await passUntil(made.clock, () => made.engine.stats().batchesExpired === 1);
    await made.engine.deleteSubscription("s");
    await made.engine.deleteTopic("t");
    made.watch.isLow = false;
    await made.engine.createTopic("t", undefined);
    expect(await made.publish("t", "b")).toBe(0n);
  });
});

describe("durability os", () => {
  it("answers when written, says so, and delivers; a frame that mixes takes the stronger", async () => {
    const made = await worldWithOs();
    const inbox = new Inbox();
    await made.join("s", inbox, { patterns: ["os"], start: earliest });
    const before = syncs(made);
    expect(await durabilities(made, "os")).toEqual([Durability.OS]);
    expect(syncs(made)).toBe(before);
    await until(() => inbox.ids.length === 1);
    expect(await durabilities(made, "os", "fsync")).toEqual([Durability.FSYNC, Durability.FSYNC]);
    expect(syncs(made)).toBeGreaterThan(before);
    expect(await durabilities(made, "fsync")).toEqual([Durability.FSYNC]);
    const [missing] = await made.engine.publish(frame("nowhere", "os"));
    expect(missing?.refusal).toBeDefined();
  });

  it("may lose to a power cut what nothing durable came after, and starts again", async () => {
    const made = await worldWithOs();
    await durabilities(made, "os");
    await durabilities(made, "fsync");
    await durabilities(made, "os");
    await made.powerCut("drop", "kept");
    expect((await made.engine.getTopic("os")).partitions[0]?.nextOffset).toBe(1n);
    expect((await made.engine.getTopic("fsync")).partitions[0]?.nextOffset).toBe(1n);
    expect(made.warnings).toContain("the index is rebuilt");
  });

  it.each(["kept", "lost"] as const)(
    "is covered by a checkpoint only when it is synced (index %s)",
    async (index) => {
      const made = await worldWithOs();
      for (let round = 0; round < 3; round++) {
        await durabilities(made, "os");
        made.clock.advance(10_000);
        await until(() => made.engine.stats().indexedSequence >= 3n);
        for (let turn = 0; turn < 50; turn++) {
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      await durabilities(made, "os");
      await made.powerCut("drop", index);
      expect((await made.engine.getTopic("os")).partitions[0]?.nextOffset).toBe(3n);
      await made.engine.close();
    },
  );
});
