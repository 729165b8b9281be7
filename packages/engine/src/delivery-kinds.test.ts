import type { Journal } from "@opendxa/pubsub-journal";
import {
  DeliveryOrder,
  NoticeReason,
  Priority,
  SeekSubscriptionRequest,
  SubscriptionSettings,
  UpdateSubscriptionRequest,
} from "@opendxa/pubsub-protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { deadLetterRetryMs, scanPageMax } from "./limits.js";
import { LearnerWorld, name, one, start } from "./test/learner-world.js";
import { Inbox, passUntil, until } from "./test/world.js";

let world: LearnerWorld;
beforeEach(async () => {
  world = await LearnerWorld.opened();
});

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
    await world.create();
    await world.publishTo({ topic: "a", priority: Priority.LOW }, "low");
    await world.publish("a", "normal");
    await world.publishTo({ topic: "a", priority: Priority.HIGH }, "high");
    expect((await world.joined(3)).inbox.ids).toEqual(["high", "normal", "low"]);
    await world.powerCut("drop", "kept");
    expect((await world.joined(3)).inbox.ids).toEqual(["high", "normal", "low"]);
  });

  it("do not wait for one another: a full backlog lets what is urgent through", async () => {
    await world.create();
    const many = Array.from({ length: scanPageMax + 200 }, (_, i) => `n${i}`);
    await Promise.all(many.map((id) => world.publish("a", id)));
    const { inbox, consumer } = await world.joined(1_000);
    await world.publishTo({ topic: "a", priority: Priority.HIGH }, "high");
    world.ack(consumer, inbox.received.slice(0, 5));
    await until(() => inbox.ids.includes("high"));
    expect(inbox.received.length).toBeLessThan(many.length);
  });
});

describe("order by key", () => {
  it("holds a key behind its first unsettled event and lets the others pass", async () => {
    await world.create({ order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1", "x2");
    await world.publishTo({ topic: "a", orderingKey: "y" }, "y1");
    const { inbox, consumer } = await world.joined(3);
    world.nack(consumer, one(inbox, "x1"), 5_000);
    await until(() => inbox.verdictsSeen.length === 1);
    await world.publishTo({ topic: "a", orderingKey: "x", priority: Priority.HIGH }, "x3");
    await world.publishTo({ topic: "a", orderingKey: "y" }, "y2");
    await until(() => inbox.ids.includes("y2"));
    expect(inbox.ids).toEqual(["x1", "x2", "y1", "y2"]);
    await passUntil(world.clock, () => inbox.received.length === 5);
    world.ack(consumer, inbox.received.slice(4));
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
    await world.create({ order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1", "x2");
    const { inbox, consumer } = await world.joined(2);
    world.nack(consumer, one(inbox, "x1"), 0);
    await passUntil(world.clock, () => inbox.received.length === 3);
    expect(inbox.log).toEqual(["x1", "x2", "verdicts", "x1"]);
  });

  it("comes before anything of the key also when others are being stored already", async () => {
    await world.create({ order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1");
    await world.publishTo({ topic: "a", orderingKey: "y" }, "y1");
    const { inbox, consumer } = await world.joined(2);
    world.ack(consumer, [one(inbox, "y1")]);
    world.nack(consumer, one(inbox, "x1"), 0);
    await passUntil(world.clock, () => inbox.received.length === 3);
    expect(inbox.log.at(-1)).toBe("x1");
    expect(inbox.verdictsSeen.at(-1)?.throughNumber).toBe(2n);
  });

  it("is not followed by what was given back with the event and read late", async () => {
    await world.create({ order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1");
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x2");
    // Nothing of it is in memory afterwards.
    await world.powerCut("drop", "kept");
    const { inbox, consumer } = await world.joinedForOne();
    const reading = world.holdReads();
    consumer.credit({ bytes: 0n, events: 1 });
    await until(() => reading.isHeld);
    world.nack(consumer, one(inbox, "x1"), 0);
    await until(() => inbox.verdictsSeen.length === 1);
    reading.goOn();
    await passUntil(world.clock, () => inbox.received.length === 2);
    world.ack(consumer, inbox.received.slice(1));
    await passUntil(world.clock, () => inbox.received.length === 3);
    expect(inbox.log).toEqual(["x1", "verdicts", "x1", "verdicts", "x2"]);
  });

  it("comes before what is next of the key, when the event became a dead letter", async () => {
    await world.create({ order: DeliveryOrder.KEY, attemptsMax: 1 });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1", "x2");
    await world.publishTo({ topic: "a", orderingKey: "y" }, "y1");
    const { inbox, consumer } = await world.joined(3);
    world.nack(consumer, one(inbox, "x1"), 0);
    await passUntil(world.clock, () => inbox.received.length === 4);
    expect(inbox.log).toEqual(["x1", "x2", "y1", "verdicts", "x2"]);
  });

  it("comes before what is next of the key, when work on the subscription stored the nack", async () => {
    await world.create({ order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1", "x2");
    const { inbox, consumer } = await world.joined(2);
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
    await world.create({ attemptsMax: 2 });
    await world.publish("a", "1", "2");
    const { inbox, consumer } = await world.joined(2);
    world.nack(consumer, one(inbox, "1"), 0);
    await passUntil(world.clock, () => inbox.received.length === 3);
    world.nack(consumer, one(inbox, "1"), 0);
    await until(() => inbox.verdictsSeen.length === 2);
    await world.powerCut("drop");
    expect(await lettersOf(`$dead-letter/${name}`)).toEqual(["1"]);
    expect((await world.joined(1)).inbox.ids).toEqual(["2"]);
  });

  it("wait where they cannot be stored, other verdicts do not, and are tried again", async () => {
    await world.create({ attemptsMax: 1 });
    await world.publish("a", "1", "2");
    // Nothing of it is in memory afterwards.
    await world.powerCut("drop", "kept");
    const { inbox, consumer } = await world.joined(2);
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

  it("hold keys back that were nacked behind them, since their verdicts wait too", async () => {
    await world.create({ attemptsMax: 2, order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x");
    await world.publishTo({ topic: "a", orderingKey: "y" }, "y");
    await world.powerCut("drop", "kept");
    const { inbox, consumer } = await world.joined(2);
    world.nack(consumer, one(inbox, "x"), 0);
    await passUntil(world.clock, () => one(inbox, "x").attempt === 2);
    const journal = world.journal as Journal;
    const readOne = journal.readOne.bind(journal);
    const { sequence: damaged } = one(inbox, "x");
    let isDamaged = true;
    journal.readOne = (sequence) =>
      isDamaged && sequence === damaged ? Promise.reject(new Error("damaged")) : readOne(sequence);
    world.nack(consumer, one(inbox, "x"), 0);
    world.nack(consumer, one(inbox, "y"), 0);
    await until(() => world.warnings.length > 0);
    for (let second = 0; second < 5; second += 1) {
      world.clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(inbox.log).toEqual(["x", "y", "verdicts", "x"]);
    isDamaged = false;
    await passUntil(world.clock, () => one(inbox, "y").attempt === 2);
    expect(inbox.log.slice(-2)).toEqual(["verdicts", "y"]);
  });
});

describe("events that expire", () => {
  it("are not delivered when their time is over, live, later and from the backlog", async () => {
    await world.create();
    const { inbox, consumer } = await world.joined(0);
    const expireMs = world.clock.now() + 5_000;
    await world.publishTo({ topic: "a", expireMs }, "short");
    await until(() => inbox.ids.length === 1);
    consumer.close();
    await world.publishTo({ topic: "a", expireMs }, "missed");
    world.clock.advance(6_000);
    await world.publish("a", "long");
    expect((await world.joined(1)).inbox.ids).toEqual(["long"]);
    await world.powerCut("drop");
    expect((await world.joined(1)).inbox.ids).toEqual(["long"]);
    const isCounted = async () => (await world.engine.getSubscription(name)).expired === 2n;
    await passUntil(world.clock, isCounted);
  });
});

describe("settings that change", () => {
  it("bound the attempts of events that are out already", async () => {
    await world.create();
    await world.engine.createTopic("letters", undefined);
    await world.publish("a", "1");
    const { inbox, consumer } = await world.joined(1);
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
    await world.create();
    await world.publish("a", "1");
    const { inbox, consumer } = await world.joined(1);
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

describe("seeking", () => {
  it("to an offset leaves other topics where they were", async () => {
    await world.create();
    await world.publish("a", "a1", "a2", "a3");
    await world.publish("b", "b1", "b2");
    const { inbox, consumer } = await world.joined(5);
    world.ack(
      consumer,
      ["a1", "a2", "a3", "b1"].map((id) => one(inbox, id)),
    );
    await until(() => inbox.verdictsSeen.length === 1);
    const value = { topic: "a", partition: 0, offset: 1n };
    const target = { $case: "offset", value } as const;
    await world.engine.seekSubscription(SeekSubscriptionRequest.create({ name, target }));
    const moved = await world.joined(3);
    expect(moved.inbox.ids).toEqual(["a2", "a3", "b2"]);
    world.ack(moved.consumer, [one(moved.inbox, "a2")]);
    await until(() => moved.inbox.verdictsSeen.length === 1);
    await world.powerCut("drop");
    expect((await world.joined(2)).inbox.ids).toEqual(["a3", "b2"]);
  });

  it("names the new epoch to who joins while it runs", async () => {
    await world.create();
    await world.join(name, new Inbox());
    const target = { $case: "position", value: start } as const;
    const seeking = world.engine.seekSubscription(SeekSubscriptionRequest.create({ name, target }));
    const consumer = await world.join(name, new Inbox());
    expect((await seeking).epoch).toBe(2);
    expect(consumer.subscription.epoch).toBe(2);
  });
});
