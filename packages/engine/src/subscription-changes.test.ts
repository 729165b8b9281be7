import { stateKeys } from "@opendxa/pubsub-core";
import {
  decodeBatch,
  NoticeReason,
  type PubSubError,
  SeekSubscriptionRequest,
  StartPosition,
  SubscribeOpen,
  SubscriptionSettings,
  SubscriptionState,
  Verdict,
} from "@opendxa/pubsub-protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { Inbox, passUntil, type Received, until, World } from "./test/world.js";

const name = "learner";
const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });
const everything = { patterns: ["a", "b"], start: earliest };

let world: World;
beforeEach(async () => {
  world = new World();
  await world.open();
  await world.engine.createTopic("a", undefined);
  await world.engine.createTopic("b", undefined);
});

function seek(target: SeekSubscriptionRequest["target"], subscription = name) {
  return world.engine.seekSubscription(
    SeekSubscriptionRequest.create({ name: subscription, target }),
  );
}

async function refusal(run: Promise<unknown>): Promise<[string, string | undefined]> {
  try {
    await run;
  } catch (error) {
    const { reason, metadata } = error as PubSubError;
    return [reason, metadata["field"]];
  }
  return ["", undefined];
}

async function stored(subscription = name): Promise<SubscriptionState> {
  await world.engine.listCorrelatedEvents({
    namespace: "",
    correlationId: "c",
    pageSize: 1,
    pageToken: "",
  });
  const bytes = await world.index.get(stateKeys.subscription(subscription).name);
  return SubscriptionState.decode(bytes ?? new Uint8Array());
}

/** Joins, waits for so many events and acks those that are named. */
async function consume(count: number, acked: readonly string[], subscription = name) {
  const inbox = new Inbox();
  const consumer = await world.join(subscription, inbox);
  await until(() => inbox.received.length >= count);
  world.ack(
    consumer,
    inbox.received.filter(({ id }) => acked.includes(id)),
  );
  await until(() => inbox.verdictsSeen.length > 0);
  return { inbox, consumer };
}

describe("seeking", () => {
  it("ends leases without an attempt: nothing is dead-lettered that nobody failed", async () => {
    const settings = SubscriptionSettings.create({ ...everything, attemptsMax: 1 });
    await world.engine.createSubscription(name, settings);
    await world.publish("a", "held", "nacked");
    const inbox = new Inbox();
    const consumer = await world.join(name, inbox);
    await until(() => inbox.received.length === 2);
    world.nack(consumer, inbox.received[1] as Received, 0);
    await until(() => inbox.verdictsSeen.length === 1);
    await seek({ $case: "position", value: earliest });
    expect(inbox.ends).toMatchObject([{ reason: "SUBSCRIPTION_EPOCH_CHANGED" }]);
    const again = new Inbox();
    await world.join(name, again);
    await until(() => again.received.length === 2);
    expect(again.received.map(({ id, attempt }) => [id, attempt])).toEqual([
      ["held", 1],
      ["nacked", 1],
    ]);
    const letters: string[] = [];
    const range = { topic: `$dead-letter/${name}`, partition: 0, offset: 0n, eventsMax: 0n };
    const read = world.engine.readEvents({ ...range, follow: false }, new AbortController().signal);
    for await (const group of read) {
      for (const { batch, selected } of group) {
        for (const { id } of batch === undefined ? [] : decodeBatch(batch, { selected }))
          letters.push(id);
      }
    }
    expect(letters).toEqual(["nacked"]);
  });

  it("ends the consumers, delivers again in a new epoch and counts anew", async () => {
    await world.engine.createSubscription(name, SubscriptionSettings.create(everything));
    await world.publish("a", "1", "2", "3");
    const { inbox } = await consume(3, ["1", "2", "3"]);
    const moved = await seek({ $case: "position", value: earliest });
    expect(moved).toMatchObject({ epoch: 2, cursorSequence: 1n, consumers: 0 });
    expect(inbox.ends).toMatchObject([
      { reason: "SUBSCRIPTION_EPOCH_CHANGED", metadata: { subscription: name, epoch: "2" } },
    ]);
    expect(world.engine.stats().consumers).toBe(0);
    const again = await consume(3, []);
    expect(again.inbox.ids).toEqual(["1", "2", "3"]);
    expect(again.inbox.received.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    const [lease = 0n] = inbox.received.map((event) => event.lease);
    expect((await stored()).leaseFloor).toBe(lease);
  });

  it("goes to a time, also when a subscription is created", async () => {
    await world.publish("a", "old");
    world.clock.advance(60_000);
    const at = BigInt(world.clock.now());
    await world.publish("a", "new");
    const time = StartPosition.create({ position: { $case: "timeUnixMs", value: at } });
    const settings = SubscriptionSettings.create({ patterns: ["a"], start: time });
    await world.engine.createSubscription(name, settings);
    const first = await consume(1, ["new"]);
    expect(first.inbox.ids).toEqual(["new"]);
    await seek({ $case: "position", value: time });
    expect((await consume(1, [])).inbox.ids).toEqual(["new"]);
    const long = StartPosition.create({ position: { $case: "timeUnixMs", value: 0n } });
    await seek({ $case: "position", value: long });
    expect((await consume(2, [])).inbox.ids).toEqual(["old", "new"]);
    const never = at * 2n;
    const future = StartPosition.create({ position: { $case: "timeUnixMs", value: never } });
    const { cursorSequence } = await seek({ $case: "position", value: future });
    expect(cursorSequence).toBeGreaterThan(4n);
  });

  it("finds an offset and keeps what other topics had settled", async () => {
    await world.engine.createSubscription(name, SubscriptionSettings.create(everything));
    await world.publish("a", "1", "2", "3");
    await world.publish("b", "4", "5");
    await world.publish("a", "6");
    const { inbox } = await consume(6, ["1", "2", "3", "4", "6"]);
    const offset = { topic: "a", partition: 0, offset: 1n };
    const moved = await seek({ $case: "offset", value: offset });
    expect(moved.cursorSequence).toBeLessThanOrEqual(inbox.received[1]?.sequence ?? 0n);
    expect((await stored()).partitionStarts).toMatchObject([{ topicId: 1, offset: 1n }]);
    await seek({ $case: "offset", value: { topic: "b", partition: 0, offset: 2n } });
    expect((await stored()).partitionStarts).toMatchObject([
      { topicId: 2, offset: 2n },
      { topicId: 1, offset: 1n },
    ]);
  });

  it("refuses before anybody is disturbed", async () => {
    await world.engine.createSubscription(name, SubscriptionSettings.create(everything));
    await world.engine.createTopic("c", undefined);
    const inbox = new Inbox();
    await world.join(name, inbox);
    const offset = (topic: string, partition: number, value: bigint) =>
      refusal(seek({ $case: "offset", value: { topic, partition, offset: value } }));
    expect(await offset("none", 0, 0n)).toEqual(["TOPIC_NOT_FOUND", undefined]);
    expect(await offset("c", 0, 0n)).toEqual(["BAD_REQUEST", "offset.topic"]);
    expect(await offset("a", 1, 0n)).toEqual(["BAD_REQUEST", "offset.partition"]);
    expect(await offset("a", 0, 1n)).toEqual(["OFFSET_OUT_OF_RANGE", undefined]);
    expect(await refusal(seek(undefined))).toEqual(["BAD_REQUEST", "target"]);
    expect((await refusal(seek({ $case: "snapshot", value: "x" })))[0]).toBe("SNAPSHOT_NOT_FOUND");
    const far = StartPosition.create({ position: { $case: "sequence", value: 999n } });
    const beyond = await refusal(seek({ $case: "position", value: far }));
    expect(beyond).toEqual(["BAD_REQUEST", "position.sequence"]);
    expect(inbox.ends).toEqual([]);
    expect((await refusal(seek({ $case: "position", value: far }, "x")))[0]).toBe(
      "SUBSCRIPTION_NOT_FOUND",
    );
  });

  it("is there after a power cut", async () => {
    await world.engine.createSubscription(name, SubscriptionSettings.create(everything));
    await world.publish("a", "1", "2");
    await consume(2, ["1", "2"]);
    await seek({ $case: "position", value: earliest });
    await world.powerCut("drop");
    expect(await world.engine.getSubscription(name)).toMatchObject({ epoch: 2 });
    expect((await consume(2, [])).inbox.ids).toEqual(["1", "2"]);
  });
});

describe("snapshots", () => {
  it("bring back what was not settled, taken with and without consumers", async () => {
    await world.engine.createSubscription(name, SubscriptionSettings.create(everything));
    await world.publish("a", "1", "2", "3");
    const { consumer, inbox } = await consume(3, ["2"]);
    const create = (snapshot: string) =>
      world.engine.createSnapshot({ namespace: "", name: snapshot, subscription: name });
    const snapshot = await create("joined");
    expect(snapshot).toMatchObject({ name: "joined", subscription: name });
    consumer.close();
    await until(() => world.engine.stats().consumers === 0);
    await create("idle");
    const list = (pageToken: string, pageSize = 1, subscription = "") =>
      world.engine.listSnapshots({ namespace: "", subscription, pageSize, pageToken });
    const page = await list("");
    expect(page.snapshots.map((each) => each.name)).toEqual(["idle"]);
    expect(await list(page.nextPageToken, 1, name)).toEqual({
      snapshots: [snapshot],
      nextPageToken: "",
    });
    expect(inbox.ids).toEqual(["1", "2", "3"]);
    for (const each of ["joined", "idle"]) {
      await seek({ $case: "snapshot", value: each });
      const rest = await consume(2, ["1", "3"]);
      expect(rest.inbox.ids).toEqual(["1", "3"]);
    }
    await world.engine.deleteSnapshot("idle");
    expect((await list("", 0)).snapshots).toHaveLength(1);
    await world.engine.deleteSubscription(name);
    expect((await list("", 0)).snapshots).toEqual([]);
  });

  it("are listed after a restart", async () => {
    await world.engine.createSubscription(name, SubscriptionSettings.create(everything));
    await world.engine.createSnapshot({ namespace: "", name: "s", subscription: name });
    await world.powerCut("drop");
    const request = { namespace: "", subscription: name, pageSize: 0, pageToken: "" };
    expect((await world.engine.listSnapshots(request)).snapshots).toMatchObject([{ name: "s" }]);
  });
});

describe("pausing", () => {
  it("stops dispatch with a reason that every consumer is told, until it is resumed", async () => {
    await world.engine.createSubscription(name, SubscriptionSettings.create(everything));
    const early = new Inbox();
    await world.join(name, early);
    const paused = await world.engine.pauseSubscription({ namespace: "", name, reason: "deploy" });
    expect(paused).toMatchObject({ paused: true, pauseReason: "deploy" });
    await until(() => early.notices.length > 0);
    const notice = {
      reason: NoticeReason.PAUSED,
      message: "an operator paused the subscription: deploy",
    };
    expect(early.notices).toEqual([notice]);
    await world.powerCut("drop");
    const late = new Inbox();
    await world.join(name, late);
    await world.publish("a", "1");
    await until(() => late.notices.length > 0);
    expect(late.notices).toEqual([notice]);
    const third = new Inbox();
    await world.join(name, third);
    expect(third.notices).toEqual([notice]);
    expect(late.received).toEqual([]);
    await world.engine.resumeSubscription(name);
    await until(() => late.received.length + third.received.length === 1);
  });
});

describe("ephemeral subscriptions", () => {
  const open = SubscribeOpen.create({
    settings: SubscriptionSettings.create(everything),
    credit: { bytes: 1_000_000n, events: 10 },
  });
  const names = async () => {
    const request = { namespace: "", pageSize: 0, pageToken: "" };
    return (await world.engine.listSubscriptions(request)).subscriptions.map((each) => each.name);
  };

  it("begin and end with their stream", async () => {
    await world.publish("a", "1");
    const inbox = new Inbox();
    const consumer = await world.engine.subscribe(open, inbox);
    expect(consumer.subscription).toMatchObject({ name: "ephemeral:1.1", ephemeral: true });
    await until(() => inbox.received.length === 1);
    expect(await names()).toEqual(["ephemeral:1.1"]);
    consumer.close();
    await until(() => world.engine.stats().subscriptions === 0);
    await world.engine.subscribe(open, new Inbox());
    expect(await names()).toEqual(["ephemeral:1.2"]);
    await world.engine.close();
    expect(world.engine.stats().subscriptions).toBe(0);
  });

  it("need settings, and leave nothing after a power cut", async () => {
    const refused = await refusal(world.engine.subscribe(SubscribeOpen.create(), new Inbox()));
    expect(refused).toEqual(["BAD_REQUEST", "open.subscription"]);
    await world.engine.subscribe(open, new Inbox());
    await world.powerCut("drop");
    expect(await names()).toEqual([]);
  });
});

describe("expiry", () => {
  const settings = { ...everything, expiryMs: 60_000n };

  it("ends a subscription that nobody uses for so long", async () => {
    await world.engine.createSubscription(name, SubscriptionSettings.create(settings));
    const consumer = await world.join(name, new Inbox());
    world.clock.advance(120_000);
    expect((await world.engine.getSubscription(name)).consumers).toBe(1);
    consumer.close();
    await until(() => world.engine.stats().consumers === 0);
    const before = world.clock.now();
    await passUntil(world.clock, () => world.engine.stats().subscriptions === 0);
    expect(world.clock.now() - before).toBeGreaterThanOrEqual(60_000);
  });

  it("counts from the start where its consumers ended with the broker", async () => {
    await world.engine.createSubscription(name, SubscriptionSettings.create(settings));
    await world.join(name, new Inbox());
    expect((await stored()).idleSinceUnixMs).toBeUndefined();
    await world.powerCut("drop");
    expect((await stored()).idleSinceUnixMs).toBe(BigInt(world.clock.now()));
    const request = { namespace: "", name, settings: undefined, fields: ["expiry_ms"] };
    expect(await world.engine.updateSubscription(request)).toMatchObject({
      settings: { expiryMs: 0n },
    });
    expect((await stored()).idleSinceUnixMs).toBeUndefined();
  });
});

describe("settling by tokens", () => {
  const settle = (lease: bigint, sequence: bigint, ranges = [{ first: 0, last: 0 }]) =>
    world.engine.settle(name, {
      number: 0n,
      acks: [{ lease, sequence, ranges }],
      nacks: [],
      extensions: [],
    });

  it("finds the leases of a consumer that left without ending them", async () => {
    await world.engine.createSubscription(name, SubscriptionSettings.create(everything));
    await world.publish("a", "1");
    await world.publish("a", "2");
    const inbox = new Inbox();
    const consumer = await world.join(name, inbox);
    await until(() => inbox.received.length === 2);
    consumer.detach();
    consumer.close();
    expect(world.engine.stats().consumers).toBe(0);
    const [one, two] = inbox.received;
    if (one === undefined || two === undefined) throw new Error("two events came");
    expect(await settle(one.lease, one.sequence)).toEqual([]);
    const stale = await settle(one.lease, one.sequence);
    expect(stale).toMatchObject([{ verdict: Verdict.STALE }]);
    const next = new Inbox();
    await world.join(name, next);
    expect(next.received).toEqual([]);
    await passUntil(world.clock, () => next.received.length === 1);
    expect(next.received).toMatchObject([{ id: "2", attempt: 2 }]);
  });

  it("puts the subscription away when the last of them is settled", async () => {
    await world.engine.createSubscription(name, SubscriptionSettings.create(everything));
    await world.publish("a", "1");
    const inbox = new Inbox();
    const consumer = await world.join(name, inbox);
    await until(() => inbox.received.length === 1);
    consumer.detach();
    const [one] = inbox.received;
    if (one === undefined) throw new Error("an event came");
    await settle(one.lease, one.sequence);
    const again = await settle(one.lease, one.sequence);
    expect(again).toMatchObject([{ verdict: Verdict.STALE }]);
    expect(
      (
        await refusal(world.engine.settle("x", { number: 0n, acks: [], nacks: [], extensions: [] }))
      )[0],
    ).toBe("SUBSCRIPTION_NOT_FOUND");
  });
});

it("lists subscriptions in pages that stay right while others come and go", async () => {
  const create = (each: string) =>
    world.engine.createSubscription(each, SubscriptionSettings.create(everything));
  for (const each of ["a", "b", "c", "d"]) await create(each);
  const list = (pageToken: string) =>
    world.engine.listSubscriptions({ namespace: "", pageSize: 2, pageToken });
  const first = await list("");
  expect(first.subscriptions.map((each) => each.name)).toEqual(["a", "b"]);
  await world.engine.deleteSubscription("b");
  await world.engine.deleteSubscription("c");
  await create("aa");
  const second = await list(first.nextPageToken);
  expect(second.subscriptions.map((each) => each.name)).toEqual(["d"]);
  expect(second.nextPageToken).toBe("");
});
