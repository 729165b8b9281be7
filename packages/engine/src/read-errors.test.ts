import { MemoryStore } from "@opendxa/pubsub-index-store";
import { JournalError } from "@opendxa/pubsub-journal";
import {
  Codec,
  crc32c,
  Execution,
  encodeBatch,
  ListCorrelatedEventsRequest,
  PublishFrame,
  type RecordBatch,
  StartPosition,
  TopicSettings,
} from "@opendxa/pubsub-protocol";
import type { SimulatedDisk } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import type { Finding } from "./finding.js";
import { verifyNamespace } from "./namespace-audit.js";
import { dumpState } from "./simulated.js";
import { Inbox, passUntil, until, World } from "./test/world.js";

const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });
const TOPIC = "orders";
const EVENTS = Array.from({ length: 12 }, (_, i) => `event-${i}`);

/** Events in several segments, under a base with deltas, and a tail behind it. */
async function worldWithEvents(): Promise<World> {
  const made = new World(1, { segmentBytes: 4_096 });
  await made.open();
  await made.engine.createTopic(TOPIC, undefined);
  await made.engine.createTopic("short", TopicSettings.create({ retentionMs: 60_000n }));
  for (const [i, id] of EVENTS.entries()) {
    await made.publishTo({ topic: TOPIC, bytes: 700 }, id);
    if (i % 4 !== 3) continue;
    await settled(made);
    made.clock.advance(10_000);
  }
  await made.publish("short", "old");
  await settled(made);
  return made;
}

async function settled({ engine }: World): Promise<void> {
  await until(() => engine.stats().indexedSequence === engine.stats().durableSequence);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function readAll({ engine }: World): Promise<bigint[]> {
  const range = { topic: TOPIC, partition: 0, offset: 0n, eventsMax: 0n, follow: false };
  const offsets: bigint[] = [];
  for await (const group of engine.readEvents(range, new AbortController().signal)) {
    for (const { batch } of group) offsets.push(batch?.baseOffset ?? -1n);
  }
  return offsets;
}

/** Opens what the disk holds while one of its reads fails; answers the refusal, if there was one. */
async function openUnreadable(made: World, nth: number): Promise<unknown> {
  made.disk.inject({ operation: "read", nth, code: "EIO" });
  return await made.open().then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("a disk that refuses one read", () => {
  it.each([["kept"], ["lost"]] as const)(
    "at any moment of a start (index %s) is named, and the next start gives the same state",
    async (index) => {
      const made = await worldWithEvents();
      const expected = await dumpState(made.index);
      let refused = 0;
      for (let nth = 1; ; nth += 1) {
        made.disk.crash({ mode: "keep" });
        if (index === "lost") made.index = MemoryStore.create();
        const before = made.disk.reads;
        const refusal = await openUnreadable(made, nth);
        const hasStruck = made.disk.reads - before >= nth;
        if (refusal !== undefined) {
          refused += 1;
          expect(refusal).toBeInstanceOf(JournalError);
          expect(refusal).toMatchObject({ reason: "io_failed" });
          expect(String(refusal)).toMatch(/EIO: read '\/data\/(journal|checkpoints)\//);
        }
        await made.powerCut("keep", index);
        await settled(made);
        expect(await dumpState(made.index)).toEqual(expected);
        if (!hasStruck) break;
      }
      expect(refused).toBeGreaterThan(3);
    },
  );

  it("ends the consumer with the entry that it could not have; who comes again gets all", async () => {
    const made = await worldWithEvents();
    await made.powerCut("keep", "kept");
    made.disk.inject({ operation: "read", nth: 1, code: "EIO" });
    const first = new Inbox();
    await made.join("s", first, { patterns: [TOPIC], start: earliest });
    await until(() => first.ends.length === 1);
    expect(first.ends[0]).toMatchObject({ reason: "DATA_CORRUPT", metadata: { sequence: "4" } });
    expect(first.ids).toEqual([]);
    const second = new Inbox();
    await made.join("s", second, { patterns: [TOPIC], start: earliest });
    await passUntil(made.clock, () => second.ids.length >= EVENTS.length);
    expect(second.ids.toSorted()).toEqual(EVENTS.toSorted());
    expect(await made.publish(TOPIC, "after")).toBe(BigInt(EVENTS.length));
  });

  it("fails the reading of a topic by its entry, and the next reading has all", async () => {
    const made = await worldWithEvents();
    await made.powerCut("keep", "kept");
    made.disk.inject({ operation: "read", nth: 3, code: "EIO" });
    await expect(readAll(made)).rejects.toMatchObject({ reason: "DATA_CORRUPT" });
    expect(await readAll(made)).toHaveLength(EVENTS.length);
  });

  it("keeps retention from nothing but its turn", async () => {
    const made = await worldWithEvents();
    await made.powerCut("keep", "kept");
    await made.engine.registerExecution(Execution.create({ executionId: "x", functionName: "f" }));
    made.disk.inject({ operation: "read", nth: 1, code: "EIO" });
    const isGone = async () =>
      (await made.engine.getTopic("short")).partitions[0]?.firstOffset === 1n;
    await passUntil(made.clock, isGone);
    expect(made.warnings).toContain("retention of a topic could not go on; it is tried again");
    expect(await readAll(made)).toHaveLength(EVENTS.length);
  });
});

it("names corrupt data by segment, byte and entry to who asks for it", async () => {
  const made = await worldWithEvents();
  const segment = "0000000000000001.seg";
  const position = Buffer.from(made.disk.content(`/data/journal/${segment}`)).indexOf(EVENTS[0]!);
  made.disk.flipBit(`/data/journal/${segment}`, position);
  await made.powerCut("keep", "kept");
  const metadata = { segment, sequence: "4", position: expect.stringMatching(/^\d+$/) };
  await expect(readAll(made)).rejects.toMatchObject({ reason: "DATA_CORRUPT", metadata });
});

/** A disk one page of whose file cannot be read. */
function refusing(disk: SimulatedDisk, path: string, bad: number): SimulatedDisk {
  return new Proxy(disk, {
    get: (target, name) => {
      if (name !== "open") return Reflect.get(target, name).bind(target);
      return async (at: string, mode: "read") => {
        const file = await target.open(at, mode);
        if (at !== path) return file;
        const read = async (buffer: Uint8Array, position: number): Promise<number> => {
          const isHit = position <= bad && bad < position + buffer.length;
          if (isHit) throw new Error(`EIO: read '${path}'`);
          return await file.read(buffer, position);
        };
        return { read, size: () => file.size(), close: () => file.close() };
      };
    },
  });
}

it("verification names every file of which a page cannot be read, and goes on", async () => {
  const made = await worldWithEvents();
  const { disk } = made;
  let tried = 0;
  for (const folder of ["journal", "checkpoints"]) {
    for (const name of await disk.readdir(`/data/${folder}`)) {
      const path = `/data/${folder}/${name}`;
      const { length } = disk.content(path);
      for (const at of [0, length >> 1, length - 1]) {
        tried += 1;
        const found: Finding[] = [];
        const bad = { disk: refusing(disk, path, at), folder: "/data" };
        for await (const each of verifyNamespace(bad)) found.push(each);
        const files = found.map(({ file }) => file);
        if (!files.includes(`${folder}/${name}`)) expect({ name, at, files }).toBeUndefined();
      }
    }
  }
  expect(tried).toBeGreaterThan(15);
});

it("answers everything that is under way when the index cannot be read, and all that comes after", async () => {
  const made = new World();
  const { index } = made;
  let isBroken = false;
  made.index = new Proxy(index, {
    get: (target, name) => {
      if (name === "getMany" && isBroken) return () => Promise.reject(new Error("no index"));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const engine = await made.open();
  await engine.createTopic(TOPIC, undefined);
  await settled(made);
  isBroken = true;
  const underWay = [
    made.publish(TOPIC, "known"),
    engine.createTopic("a", undefined),
    engine.createTopic("b", undefined),
  ];
  for (const { reason } of (await Promise.allSettled(underWay)) as PromiseRejectedResult[]) {
    expect(reason).toMatchObject({ reason: "STORAGE_FAILED", cause: { message: "no index" } });
  }
  await expect(engine.createTopic("c", undefined)).rejects.toMatchObject({
    reason: "STORAGE_FAILED",
  });
  await engine.close();
});

it("lists an event whose data cannot be read without it, beside the others", async () => {
  const made = new World();
  await made.open();
  await made.engine.createTopic(TOPIC, TopicSettings.create({ index: 3 }));
  const [good, bad] = ["good", "bad"].map((id) =>
    encodeBatch({
      topic: TOPIC,
      codec: Codec.GZIP,
      events: [{ id, type: "t", correlationId: "c", data: Buffer.from(id) }],
    }),
  );
  const garbage = Buffer.from("no gzip");
  const hurt = { ...(bad as RecordBatch), bodies: garbage, bodiesCrc32c: crc32c(garbage) };
  await made.engine.publish(PublishFrame.create({ batches: [good as RecordBatch, hurt] }));
  const request = ListCorrelatedEventsRequest.create({ correlationId: "c" });
  const { events } = await made.engine.listCorrelatedEvents(request);
  expect(events.map(({ head, body }) => [head?.id, body?.data.toString()]).toSorted()).toEqual([
    ["bad", undefined],
    ["good", "good"],
  ]);
});
