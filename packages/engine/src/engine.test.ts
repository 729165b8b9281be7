import { ListCorrelatedEventsRequest, StartPosition } from "@opendxa/pubsub-protocol";
import { CRASH_MODES } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import { Inbox, until, World } from "./test/world.js";

const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });

async function world(): Promise<World> {
  const made = new World();
  await made.open();
  await made.engine.createTopic("orders", undefined);
  return made;
}

async function readIds(made: World, topic = "orders"): Promise<string[]> {
  const ids: string[] = [];
  const range = { topic, partition: 0, offset: 0n, eventsMax: 0n, follow: false };
  for await (const group of made.engine.readEvents(range, new AbortController().signal)) {
    for (const { batch, selected } of group) {
      const inbox = new Inbox();
      inbox.deliver({
        batches: [
          {
            lease: 0n,
            sequence: 0n,
            firstIndex: 0,
            batch,
            selected,
            attempt: 1,
            leaseEndUnixMs: 0n,
          },
        ],
      });
      ids.push(...inbox.ids);
    }
  }
  return ids;
}

describe("engine", () => {
  it("delivers live and from the backlog, in order, and settles for good", async () => {
    const made = await world();
    await made.publish("orders", "a", "b");
    const inbox = new Inbox();
    const consumer = await made.join("s", inbox, { patterns: ["orders"], start: earliest });
    await until(() => inbox.ids.length === 2);
    await made.publish("orders", "c");
    await until(() => inbox.ids.length === 3);
    expect(inbox.ids).toEqual(["a", "b", "c"]);
    made.ack(consumer, inbox.received);
    await until(() => inbox.verdictsSeen.length === 1);
    consumer.close();
    const again = new Inbox();
    await made.join("s", again);
    await made.publish("orders", "d");
    await until(() => again.ids.length > 0);
    expect(again.ids).toEqual(["d"]);
  });

  it("shares a subscription and gives the events of a leaver to the other", async () => {
    const made = await world();
    const [one, two] = [new Inbox(), new Inbox()];
    const first = await made.join("s", one, { patterns: ["orders"] });
    await made.join("s", two);
    for (let i = 0; i < 10; i++) await made.publish("orders", `e${i}`);
    await until(() => one.ids.length + two.ids.length === 10);
    expect(one.ids.length).toBeGreaterThan(0);
    expect(two.ids.length).toBeGreaterThan(0);
    first.close();
    await until(() => made.clock.pendingTimers > 0);
    made.clock.advance(2_000);
    await until(() => two.ids.length === 10);
    expect(new Set(two.ids).size).toBe(10);
  });

  it("brings nacked events back after their delay, with their attempts, across a restart", async () => {
    const made = await world();
    const inbox = new Inbox();
    const consumer = await made.join("s", inbox, { patterns: ["orders"] });
    await made.publish("orders", "a");
    await until(() => inbox.ids.length === 1);
    made.nack(consumer, inbox.received[0]!, 5_000);
    await until(() => inbox.verdictsSeen.length === 1);
    await made.powerCut("drop");
    const again = new Inbox();
    await made.join("s", again);
    made.clock.advance(5_000);
    await until(() => again.ids.length === 1);
    expect(again.received[0]).toMatchObject({ id: "a", attempt: 2 });
  });

  it.each(CRASH_MODES)(
    "keeps everything acked over a power cut (%s), index kept or lost",
    async (mode) => {
      for (const index of ["kept", "lost"] as const) {
        const made = await world();
        const expected: string[] = [];
        for (let i = 0; i < 50; i++) {
          await made.publish("orders", `e${i}`);
          expected.push(`e${i}`);
        }
        await made.powerCut(mode, index);
        expect(await readIds(made)).toEqual(expected);
        expect(made.engine.info.startNumber).toBe(2);
        expect(await made.publish("orders", "next")).toBe(50n);
      }
    },
  );

  it("recovers from its checkpoint and the tail, and closes clean", async () => {
    const made = await world();
    for (let i = 0; i < 20; i++) await made.publish("orders", `a${i}`);
    await made.engine.close();
    expect((await made.disk.readdir("/data/checkpoints")).length).toBeGreaterThan(0);
    await made.powerCut("drop");
    expect(made.engine.info.rebuilt).toBe("the index is empty");
    expect(made.engine.info.replayedEntries).toBe(0);
    expect(await readIds(made)).toHaveLength(20);
    await made.publish("orders", "more");
    await made.powerCut("drop");
    expect(await readIds(made)).toHaveLength(21);
  });

  it("reads by offset and number and refuses offsets beyond the log", async () => {
    const made = await world();
    await made.publish("orders", "a", "b", "c");
    const signal = new AbortController().signal;
    const range = { topic: "orders", partition: 0, offset: 1n, eventsMax: 1n, follow: false };
    const groups: number[] = [];
    for await (const group of made.engine.readEvents(range, signal)) groups.push(group.length);
    expect(groups).toEqual([1]);
    const beyond = async () => {
      for await (const _ of made.engine.readEvents({ ...range, offset: 9n }, signal));
    };
    await expect(beyond()).rejects.toMatchObject({ reason: "OFFSET_OUT_OF_RANGE" });
    const unknown = async () => {
      for await (const _ of made.engine.readEvents({ ...range, topic: "no" }, signal));
    };
    await expect(unknown()).rejects.toMatchObject({ reason: "TOPIC_NOT_FOUND" });
  });

  it("lists correlated events in pages", async () => {
    const made = await world();
    for (let i = 0; i < 5; i++) await made.publish("poet/system/health", `h${i}`);
    const ids: (string | undefined)[] = [];
    let pageToken = "";
    do {
      const page = await made.engine.listCorrelatedEvents(
        ListCorrelatedEventsRequest.create({ correlationId: "c", pageSize: 2, pageToken }),
      );
      ids.push(...page.events.map(({ head }) => head?.id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(ids).toEqual(["h0", "h1", "h2", "h3", "h4"]);
  });

  it("stops accepting when the disk fails and says so", async () => {
    const made = await world();
    made.disk.inject({ operation: "datasync", nth: 1, code: "EIO" });
    await expect(made.publish("orders", "a")).rejects.toMatchObject({ reason: "STORAGE_FAILED" });
    await expect(made.publish("orders", "b")).rejects.toMatchObject({ reason: "STORAGE_FAILED" });
    await expect(made.engine.failed).resolves.toBeInstanceOf(Error);
  });
});

describe("answers", () => {
  it("never show what is not durable yet", async () => {
    const made = await world();
    made.disk.inject({ operation: "datasync", nth: 1, code: "EIO" });
    const published = made.publish("orders", "a").catch((error: unknown) => error);
    await expect(made.engine.getTopic("orders")).rejects.toMatchObject({
      reason: "STORAGE_FAILED",
    });
    expect(await published).toMatchObject({ reason: "STORAGE_FAILED" });
  });
});
