import {
  decodeBatch,
  ListCorrelatedEventsRequest,
  Priority,
  StartPosition,
  TopicSettings,
} from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { checkpointIntervalMs } from "./limits.js";
import { Inbox, passUntil, until, World } from "./test/world.js";

const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });

async function world(settings: Partial<TopicSettings> = {}, segmentBytes?: number): Promise<World> {
  const made = new World(1, segmentBytes === undefined ? {} : { segmentBytes });
  await made.open();
  await made.engine.createTopic("t", TopicSettings.create(settings));
  return made;
}

interface ReadEvent {
  readonly id: string;
  readonly offset: bigint;
  readonly sequence: bigint;
  readonly index: number;
  readonly appendTimeMs: number;
}

async function readAll(made: World, offset = 0n): Promise<ReadEvent[]> {
  const range = { topic: "t", partition: 0, offset, eventsMax: 0n, follow: false };
  const events: ReadEvent[] = [];
  for await (const group of made.engine.readEvents(range, new AbortController().signal)) {
    for (const { batch, selected, sequence, firstIndex } of group) {
      if (batch === undefined) throw new Error("nothing was read");
      for (const event of decodeBatch(batch, { selected })) {
        const index = firstIndex + Number(event.offset - batch.baseOffset);
        const appendTimeMs = Number(event.appendTimeUnixMs);
        events.push({ id: event.id, offset: event.offset, sequence, index, appendTimeMs });
      }
    }
  }
  return events;
}

async function nextOffset(made: World): Promise<bigint> {
  const { partitions } = await made.engine.getTopic("t");
  return partitions[0]?.nextOffset ?? 0n;
}

/** Lets the checkpoint of a start be written. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function cancel(made: World, id: string): Promise<boolean> {
  const request = { namespace: "", topic: "t", source: "/test", id };
  return made.engine.cancelScheduledEvent(request);
}

describe("scheduled events", () => {
  it("are delivered and read in the order of their release, live and from the backlog", async () => {
    const made = await world();
    const live = new Inbox();
    await made.join("live", live, { patterns: ["t"] });
    await made.publishTo({ topic: "t", aheadMs: 10_000 }, "late", "later");
    await made.publishTo({ topic: "t", aheadMs: 5_000 }, "soon");
    await made.publish("t", "now");
    await until(() => live.ids.length === 1);
    expect(await readAll(made)).toMatchObject([{ id: "now", offset: 0n }]);
    await passUntil(made.clock, () => live.ids.length === 4);
    expect(live.ids).toEqual(["now", "soon", "late", "later"]);
    expect(live.received.map(({ offset }) => offset)).toEqual([0n, 1n, 2n, 3n]);
    const backlog = new Inbox();
    const consumer = await made.join("backlog", backlog, { patterns: ["t"], start: earliest });
    await until(() => backlog.ids.length === 4);
    expect(backlog.received).toMatchObject(live.received.map(({ id, offset }) => ({ id, offset })));
    const read = await readAll(made);
    const positions = backlog.received.map(({ sequence, index }) => ({ sequence, index }));
    expect(read).toMatchObject(positions);
    expect(read[2]?.appendTimeMs).toBeGreaterThanOrEqual(1_800_000_010_000);
    made.ack(consumer, backlog.received);
    await until(() => backlog.verdictsSeen.length === 1);
  });

  it("are released after restarts, with the index kept or lost, at the time they were due", async () => {
    const made = await world();
    await made.publishTo({ topic: "t", aheadMs: 10_000 }, "a");
    for (const index of ["kept", "lost"] as const) {
      await quiet();
      await made.powerCut("drop", index);
    }
    expect(await nextOffset(made)).toBe(0n);
    await passUntil(made.clock, async () => (await nextOffset(made)) === 1n);
    await quiet();
    await made.powerCut("drop", "lost");
    expect(await readAll(made)).toMatchObject([{ id: "a", offset: 0n }]);
  });

  it("can be cancelled until they are released", async () => {
    const made = await world({ index: 3 });
    await made.publishTo({ topic: "t", aheadMs: 5_000 }, "a", "b", "c");
    const [first, again] = await Promise.allSettled([cancel(made, "b"), cancel(made, "b")]);
    expect(first).toEqual({ status: "fulfilled", value: true });
    expect(again).toMatchObject({ status: "rejected", reason: { reason: "EVENT_NOT_FOUND" } });
    const inbox = new Inbox();
    await made.join("s", inbox, { patterns: ["t"] });
    await passUntil(made.clock, () => inbox.ids.length === 2);
    expect(inbox.ids).toEqual(["a", "c"]);
    expect((await readAll(made)).map(({ id }) => id)).toEqual(["a", "c"]);
    expect(await cancel(made, "a")).toBe(false);
    await expect(cancel(made, "b")).rejects.toMatchObject({ reason: "EVENT_NOT_FOUND" });
    const request = { namespace: "", topic: "none", source: "/test", id: "a" };
    await expect(made.engine.cancelScheduledEvent(request)).rejects.toMatchObject({
      reason: "TOPIC_NOT_FOUND",
    });
  });

  it("are listed by their correlation id once they are released", async () => {
    const made = await world({ index: 3 });
    await made.publishTo({ topic: "t", aheadMs: 5_000, correlationId: "x" }, "a", "b");
    await made.publishTo({ topic: "t", correlationId: "x" }, "now");
    const request = ListCorrelatedEventsRequest.create({ correlationId: "x" });
    const listed = async () => {
      const { events } = await made.engine.listCorrelatedEvents(request);
      return events.map(({ head, offset }) => [head?.id, offset]);
    };
    expect(await listed()).toEqual([["now", 0n]]);
    await cancel(made, "b");
    await passUntil(made.clock, async () => (await nextOffset(made)) === 3n);
    expect(await listed()).toEqual([
      ["a", 1n],
      ["now", 0n],
    ]);
  });

  it("keep their payload in the journal while they wait, and retention counts from the release", async () => {
    const made = await world({ retentionMs: 60_000n }, 4_096);
    await made.publishTo({ topic: "t", aheadMs: 120_000, bytes: 300 }, "a");
    for (let round = 0; round < 12; round++) {
      await made.publishTo({ topic: "t", bytes: 900 }, `old${round}`);
      await made.powerCut("keep", "kept");
      await passUntil(made.clock, () => true);
      made.clock.advance(checkpointIntervalMs);
    }
    await passUntil(made.clock, async () =>
      (await readAll(made, await firstOffset(made))).some(({ id }) => id === "a"),
    );
    const expired = made.engine.stats().batchesExpired;
    made.clock.advance(30_000);
    await passUntil(
      made.clock,
      async () => (await readAll(made, await firstOffset(made))).length === 0,
    );
    expect(made.engine.stats().batchesExpired).toBeGreaterThan(expired);
    await made.powerCut("drop", "lost");
    expect(await indexKeys(made, "p/")).toEqual([]);
  });

  it("go with their topic, and so do its producers' windows and remembered ids", async () => {
    const made = await world({ index: 3, dedup: { windowMs: 1_000_000n, idsMax: 10 } });
    for (let i = 0; i < 3; i++) {
      await made.publishTo({ topic: "t", aheadMs: 5_000 }, `a${i}`, `b${i}`);
    }
    await made.publish("t", "now");
    await made.engine.deleteTopic("t");
    await made.engine.createTopic("t", undefined);
    await passUntil(made.clock, async () => (await indexKeys(made, "gone/")).length === 0);
    for (const prefix of ["sch", "t/", "p/", "dd", "i/", "c/", "s/"]) {
      expect(await indexKeys(made, prefix)).toEqual([]);
    }
    expect(await nextOffset(made)).toBe(0n);
  });
});

async function firstOffset(made: World): Promise<bigint> {
  return (await made.engine.getTopic("t")).partitions[0]?.firstOffset ?? 0n;
}

async function indexKeys(made: World, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of made.index.iterate({ gte: prefix, lt: `${prefix}~` })) keys.push(key);
  return keys;
}

it("lists batches of the lanes HIGH and LOW beside those of all lanes", async () => {
  const made = await world();
  for (const priority of [Priority.HIGH, Priority.NORMAL, Priority.LOW]) {
    await made.publishTo({ topic: "t", priority }, `p${priority}`);
  }
  await made.powerCut("drop", "lost");
  const lanes = await indexKeys(made, "l/");
  expect(lanes.map((key) => key.slice(0, 4))).toEqual(["l/0/", "l/2/"]);
  expect((await indexKeys(made, "s/")).length).toBe(3);
});
