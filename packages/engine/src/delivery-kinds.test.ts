import type { Journal } from "@opendxa/pubsub-journal";
import {
  ACK_DEADLINE_MS_DEFAULT,
  DeliveryOrder,
  NoticeReason,
  Priority,
  SeekSubscriptionRequest,
  StartPosition,
  SubscribeOpen,
  SubscriptionSettings,
  UpdateSubscriptionRequest,
  Verdict,
} from "@opendxa/pubsub-protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { deadLetterRetryMs, scanPageMax } from "./limits.js";
import { Inbox, passUntil, type Received, until, World } from "./test/world.js";

const name = "learner";
const start = StartPosition.create({ position: { $case: "earliest", value: true } });
const patterns = ["a", "b"];

let world: World;
beforeEach(async () => {
  world = new World();
  await world.open();
  await world.engine.createTopic("a", undefined);
  await world.engine.createTopic("b", undefined);
});

function create(settings: Partial<SubscriptionSettings> = {}) {
  const all = SubscriptionSettings.create({ patterns, start, ...settings });
  return world.engine.createSubscription(name, all);
}

async function joined(count: number) {
  const inbox = new Inbox();
  const consumer = await world.join(name, inbox);
  await until(() => inbox.received.length >= count);
  return { inbox, consumer };
}

/** Joined with credit for one event, which came. */
async function joinedForOne() {
  const inbox = new Inbox();
  const credit = { bytes: 1_000_000n, events: 1 };
  const open = SubscribeOpen.create({ subscription: name, credit });
  const consumer = await world.engine.subscribe(open, inbox);
  await until(() => inbox.received.length === 1);
  return { inbox, consumer };
}

/** Lets nobody read the journal until told to go on. */
function holdReads() {
  const journal = world.journal as Journal;
  const readOne = journal.readOne.bind(journal);
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held = { isHeld: false, goOn: () => release() };
  journal.readOne = async (sequence) => {
    held.isHeld = true;
    await released;
    return await readOne(sequence);
  };
  return held;
}

function one(inbox: Inbox, id: string): Received {
  const found = inbox.received.findLast((each) => each.id === id);
  if (found === undefined) throw new Error(`${id} did not come`);
  return found;
}

async function lettersOf(topic: string): Promise<string[]> {
  const inbox = new Inbox();
  await world.join(`of ${topic}`.replaceAll(/[^a-z]/g, "-"), inbox, {
    patterns: [topic],
    start,
  });
  await until(() => inbox.received.length > 0);
  return inbox.ids;
}

describe("lanes", () => {
  it("bring urgent batches first, from the backlog and from the index", async () => {
    await create();
    await world.publishTo({ topic: "a", priority: Priority.LOW }, "low");
    await world.publish("a", "normal");
    await world.publishTo({ topic: "a", priority: Priority.HIGH }, "high");
    expect((await joined(3)).inbox.ids).toEqual(["high", "normal", "low"]);
    await world.powerCut("drop", "kept");
    expect((await joined(3)).inbox.ids).toEqual(["high", "normal", "low"]);
  });

  it("do not wait for one another: a full backlog lets what is urgent through", async () => {
    await create();
    const many = Array.from({ length: scanPageMax + 200 }, (_, i) => `n${i}`);
    await Promise.all(many.map((id) => world.publish("a", id)));
    const { inbox, consumer } = await joined(1_000);
    await world.publishTo({ topic: "a", priority: Priority.HIGH }, "high");
    world.ack(consumer, inbox.received.slice(0, 5));
    await until(() => inbox.ids.includes("high"));
    expect(inbox.received.length).toBeLessThan(many.length);
  });
});

describe("order by key", () => {
  it("holds a key behind its first unsettled event and lets the others pass", async () => {
    await create({ order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1", "x2");
    await world.publishTo({ topic: "a", orderingKey: "y" }, "y1");
    const { inbox, consumer } = await joined(3);
    world.nack(consumer, one(inbox, "x1"), 5_000);
    await until(() => inbox.verdictsSeen.length === 1);
    await world.publishTo({ topic: "a", orderingKey: "x", priority: Priority.HIGH }, "x3");
    await world.publishTo({ topic: "a", orderingKey: "y" }, "y2");
    await until(() => inbox.ids.includes("y2"));
    expect(inbox.ids).toEqual(["x1", "x2", "y1", "y2"]);
    await passUntil(world.clock, () => inbox.ids.includes("x3"));
    const again = inbox.received.slice(4).map(({ id, attempt }) => [id, attempt]);
    expect(again).toEqual([
      ["x1", 2],
      ["x2", 1],
      ["x3", 1],
    ]);
  });
});

describe("a verdict with order by key", () => {
  it("comes before anything of the key comes again", async () => {
    await create({ order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1", "x2");
    const { inbox, consumer } = await joined(2);
    world.nack(consumer, one(inbox, "x1"), 0);
    await passUntil(world.clock, () => inbox.received.length === 4);
    expect(inbox.log).toEqual(["x1", "x2", "verdicts", "x1", "x2"]);
  });

  it("comes before anything of the key also when others are being stored already", async () => {
    await create({ order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1");
    await world.publishTo({ topic: "a", orderingKey: "y" }, "y1");
    const { inbox, consumer } = await joined(2);
    world.ack(consumer, [one(inbox, "y1")]);
    world.nack(consumer, one(inbox, "x1"), 0);
    await passUntil(world.clock, () => inbox.received.length === 3);
    expect(inbox.log.at(-1)).toBe("x1");
    expect(inbox.verdictsSeen.at(-1)?.throughNumber).toBe(2n);
  });

  it("is not followed by what was given back with the event and read late", async () => {
    await create({ order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1");
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x2");
    // Nothing of it is in memory afterwards.
    await world.powerCut("drop", "kept");
    const { inbox, consumer } = await joinedForOne();
    const reading = holdReads();
    consumer.credit({ bytes: 0n, events: 1 });
    await until(() => reading.isHeld);
    world.nack(consumer, one(inbox, "x1"), 0);
    await until(() => inbox.verdictsSeen.length === 1);
    reading.goOn();
    await passUntil(world.clock, () => inbox.received.length === 3);
    expect(inbox.log).toEqual(["x1", "verdicts", "x1", "x2"]);
  });

  it("comes before what is next of the key, when the event became a dead letter", async () => {
    await create({ order: DeliveryOrder.KEY, attemptsMax: 1 });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1", "x2");
    await world.publishTo({ topic: "a", orderingKey: "y" }, "y1");
    const { inbox, consumer } = await joined(3);
    world.nack(consumer, one(inbox, "x1"), 0);
    await passUntil(world.clock, () => inbox.received.length === 4);
    expect(inbox.log).toEqual(["x1", "x2", "y1", "verdicts", "x2"]);
  });

  it("comes before what is next of the key, when work on the subscription stored the nack", async () => {
    await create({ order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1", "x2");
    const { inbox, consumer } = await joined(2);
    world.nack(consumer, one(inbox, "x1"), 0);
    const { sequence, index } = one(inbox, "x1");
    const span = { sequence, firstIndex: index, lastIndex: index };
    await world.engine.skipEvents({ namespace: "", subscription: name, ...span });
    await passUntil(world.clock, () => inbox.received.length === 3);
    expect(inbox.log).toEqual(["x1", "x2", "verdicts", "x2"]);
  });
});

describe("dead letters", () => {
  it("are stored before the last nack is answered, and the event is settled by them", async () => {
    await create({ attemptsMax: 2 });
    await world.publish("a", "1", "2");
    const { inbox, consumer } = await joined(2);
    world.nack(consumer, one(inbox, "1"), 0);
    await passUntil(world.clock, () => inbox.received.length === 3);
    world.nack(consumer, one(inbox, "1"), 0);
    await until(() => inbox.verdictsSeen.length === 2);
    await world.powerCut("drop");
    expect(await lettersOf(`$dead-letter/${name}`)).toEqual(["1"]);
    expect((await joined(1)).inbox.ids).toEqual(["2"]);
  });

  it("wait where they cannot be stored, other verdicts do not, and are tried again", async () => {
    await create({ attemptsMax: 1 });
    await world.publish("a", "1", "2");
    // Nothing of it is in memory afterwards.
    await world.powerCut("drop", "kept");
    const { inbox, consumer } = await joined(2);
    const other = new Inbox();
    const second = await world.join(name, other);
    const journal = world.journal as Journal;
    const readOne = journal.readOne.bind(journal);
    let isDamaged = true;
    journal.readOne = (sequence) =>
      isDamaged ? Promise.reject(new Error("damaged")) : readOne(sequence);
    world.nack(consumer, one(inbox, "1"), 0);
    await until(() => world.warnings.length > 0);
    second.settle({ number: 9n, acks: [], nacks: [], extensions: [] });
    await until(() => other.verdictsSeen.length === 1);
    expect(inbox.verdictsSeen).toEqual([]);
    isDamaged = false;
    const before = world.clock.now();
    await passUntil(world.clock, () => inbox.verdictsSeen.length === 1);
    expect(world.clock.now() - before).toBeLessThanOrEqual(deadLetterRetryMs + 1_000);
    expect(await lettersOf(`$dead-letter/${name}`)).toEqual(["1"]);
  });
});

describe("events that expire", () => {
  it("are not delivered when their time is over, live, later and from the backlog", async () => {
    await create();
    const { inbox, consumer } = await joined(0);
    const expireMs = world.clock.now() + 5_000;
    await world.publishTo({ topic: "a", expireMs }, "short");
    await until(() => inbox.ids.length === 1);
    consumer.close();
    await world.publishTo({ topic: "a", expireMs }, "missed");
    world.clock.advance(6_000);
    await world.publish("a", "long");
    expect((await joined(1)).inbox.ids).toEqual(["long"]);
    await world.powerCut("drop");
    expect((await joined(1)).inbox.ids).toEqual(["long"]);
    const isCounted = async () => (await world.engine.getSubscription(name)).expired === 2n;
    await passUntil(world.clock, isCounted);
  });
});

describe("settings that change", () => {
  it("bound the attempts of events that are out already", async () => {
    await create();
    await world.engine.createTopic("letters", undefined);
    await world.publish("a", "1");
    const { inbox, consumer } = await joined(1);
    await world.engine.updateSubscription(
      UpdateSubscriptionRequest.create({
        name,
        settings: SubscriptionSettings.create({ attemptsMax: 1, deadLetterTopic: "letters" }),
        fields: ["attempts_max", "dead_letter_topic"],
      }),
    );
    world.nack(consumer, one(inbox, "1"), 0);
    await until(() => inbox.verdictsSeen.length === 1);
    expect(await lettersOf("letters")).toEqual(["1"]);
  });

  it("pause retries too, and a consumer is told why", async () => {
    await create();
    await world.publish("a", "1");
    const { inbox, consumer } = await joined(1);
    await world.engine.pauseSubscription({ namespace: "", name, reason: "" });
    world.nack(consumer, one(inbox, "1"), 0);
    await until(() => inbox.verdictsSeen.length === 1);
    world.clock.advance(60_000);
    await world.publish("b", "2");
    expect(inbox.notices).toMatchObject([{ reason: NoticeReason.PAUSED }]);
    expect(inbox.received).toHaveLength(1);
    await world.engine.resumeSubscription(name);
    await until(() => inbox.received.length === 3);
  });
});

describe("leases", () => {
  it("end before more is granted: nothing of a key goes to whoever let it lapse", async () => {
    await create({ order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1");
    const { inbox } = await joined(1);
    // No timer follows the jump.
    world.clock.jump(ACK_DEADLINE_MS_DEFAULT + 1);
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x2");
    await world.publishTo({ topic: "a" }, "keyless");
    await until(() => inbox.received.length === 2);
    await passUntil(world.clock, () => inbox.received.length === 4);
    expect(inbox.received.map(({ id, attempt }) => [id, attempt])).toEqual([
      ["x1", 1],
      ["keyless", 1],
      ["x1", 2],
      ["x2", 1],
    ]);
  });

  it("end also while something is being read", async () => {
    await create();
    for (const id of ["1", "2", "3"]) await world.publish("a", id);
    await world.powerCut("drop", "kept");
    const { inbox, consumer } = await joinedForOne();
    world.clock.advance(5_000);
    consumer.credit({ bytes: 0n, events: 1 });
    await until(() => inbox.received.length === 2);
    world.clock.advance(5_000);
    const reading = holdReads();
    consumer.credit({ bytes: 0n, events: 1 });
    await until(() => reading.isHeld);
    world.clock.advance(ACK_DEADLINE_MS_DEFAULT - 5_000);
    expect(await world.engine.getAccounting(name)).toMatchObject({ leased: 1n });
    reading.goOn();
    await passUntil(world.clock, () => inbox.received.length >= 5);
  });
});

describe("attempts", () => {
  it("are never taken back: a retry waits until its failure is durable", async () => {
    await create();
    await world.publish("a", "1");
    const { inbox, consumer } = await joined(1);
    const journal = world.journal as Journal;
    const append = journal.append.bind(journal);
    let goOn: () => void = () => undefined;
    const isHeld = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    journal.append = async (...entries) => {
      await isHeld;
      return append(...entries);
    };
    world.nack(consumer, one(inbox, "1"), 0);
    for (let round = 0; round < 20; round++) {
      world.clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(inbox.received.map(({ attempt }) => attempt)).toEqual([1]);
    goOn();
    await passUntil(world.clock, () => inbox.received.length === 2);
    await world.powerCut("drop");
    const again = new Inbox();
    await world.join(name, again);
    await passUntil(world.clock, () => again.received.length > 0);
    expect(again.received[0]?.attempt).toBeGreaterThanOrEqual(2);
  });
});

describe("late acks", () => {
  const late = ({ lease, sequence, index }: Received) =>
    world.engine.settle(name, {
      number: 0n,
      acks: [{ lease, sequence, ranges: [{ first: index, last: index }] }],
      nacks: [],
      extensions: [],
    });

  it("count for what nobody has looked at since the start", async () => {
    await create();
    await world.publish("a", "1");
    await world.publish("a", "2");
    const { inbox } = await joined(2);
    await world.powerCut("drop");
    expect(await late(one(inbox, "2"))).toEqual([]);
    expect(await late(one(inbox, "2"))).toMatchObject([{ verdict: Verdict.STALE }]);
    const consumerInbox = new Inbox();
    const consumer = await world.join(name, consumerInbox);
    await until(() => consumerInbox.received.length > 0);
    expect(consumerInbox.ids).toEqual(["1"]);
    world.ack(consumer, [one(inbox, "1")]);
    await until(() => consumerInbox.verdictsSeen.length === 1);
  });

  it("count with order by key once everything of the key before them is settled", async () => {
    await create({ order: DeliveryOrder.KEY });
    for (const id of ["x1", "x2", "x3"])
      await world.publishTo({ topic: "a", orderingKey: "x" }, id);
    const { inbox } = await joined(3);
    await world.powerCut("drop");
    const early = await late(one(inbox, "x2"));
    expect(early).toMatchObject([{ verdict: Verdict.STALE }]);
    expect(await late(one(inbox, "x1"))).toEqual([]);
    expect(await late(one(inbox, "x2"))).toEqual([]);
    expect((await joined(1)).inbox.ids).toEqual(["x3"]);
  });

  it("are heard, while a nack and an extension of a lease from before a restart are stale", async () => {
    await create();
    await world.publish("a", "1");
    const { lease, sequence } = one((await joined(1)).inbox, "1");
    await world.powerCut("drop");
    const events = { lease, sequence, ranges: [{ first: 0, last: 0 }] };
    const said = { number: 0n, acks: [], nacks: [{ events, reason: "" }], extensions: [] };
    const verdict = Verdict.STALE;
    expect(await world.engine.settle(name, said)).toMatchObject([{ verdict }]);
    const kept = { ...said, nacks: [], extensions: [{ events, deadlineMs: 0 }] };
    expect(await world.engine.settle(name, kept)).toMatchObject([{ verdict }]);
    expect((await joined(1)).inbox.received[0]).toMatchObject({ id: "1", attempt: 1 });
  });

  it("are stale after a seek", async () => {
    await create();
    await world.publish("a", "1");
    const { inbox } = await joined(1);
    const target = { $case: "position", value: start } as const;
    await world.engine.seekSubscription(SeekSubscriptionRequest.create({ name, target }));
    expect(await late(one(inbox, "1"))).toMatchObject([{ verdict: Verdict.STALE }]);
    await world.powerCut("drop");
    expect(await late(one(inbox, "1"))).toMatchObject([{ verdict: Verdict.STALE }]);
    expect((await joined(1)).inbox.ids).toEqual(["1"]);
  });
});

describe("seeking", () => {
  it("to an offset leaves other topics where they were", async () => {
    await create();
    await world.publish("a", "a1", "a2", "a3");
    await world.publish("b", "b1", "b2");
    const { inbox, consumer } = await joined(5);
    world.ack(
      consumer,
      ["a1", "a2", "a3", "b1"].map((id) => one(inbox, id)),
    );
    await until(() => inbox.verdictsSeen.length === 1);
    const value = { topic: "a", partition: 0, offset: 1n };
    const target = { $case: "offset", value } as const;
    await world.engine.seekSubscription(SeekSubscriptionRequest.create({ name, target }));
    const moved = await joined(3);
    expect(moved.inbox.ids).toEqual(["a2", "a3", "b2"]);
    world.ack(moved.consumer, [one(moved.inbox, "a2")]);
    await until(() => moved.inbox.verdictsSeen.length === 1);
    await world.powerCut("drop");
    expect((await joined(2)).inbox.ids).toEqual(["a3", "b2"]);
  });

  it("names the new epoch to who joins while it runs", async () => {
    await create();
    await world.join(name, new Inbox());
    const target = { $case: "position", value: start } as const;
    const seeking = world.engine.seekSubscription(SeekSubscriptionRequest.create({ name, target }));
    const consumer = await world.join(name, new Inbox());
    expect((await seeking).epoch).toBe(2);
    expect(consumer.subscription.epoch).toBe(2);
  });
});
