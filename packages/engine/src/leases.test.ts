import type { Journal } from "@opendxa/pubsub-journal";
import {
  ACK_DEADLINE_MS_DEFAULT,
  DeliveryOrder,
  Priority,
  SeekSubscriptionRequest,
  Verdict,
} from "@opendxa/pubsub-protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { LearnerWorld, name, one, start } from "./test/learner-world.js";
import { Inbox, passUntil, type Received, until } from "./test/world.js";

let world: LearnerWorld;
beforeEach(async () => {
  world = await LearnerWorld.opened();
});

describe("leases", () => {
  it("end before more is granted: nothing of a key goes to whoever let it lapse", async () => {
    await world.create({ order: DeliveryOrder.KEY });
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x1");
    const { inbox, consumer } = await world.joined(1);
    // No timer follows the jump.
    world.clock.jump(ACK_DEADLINE_MS_DEFAULT + 1);
    await world.publishTo({ topic: "a", orderingKey: "x" }, "x2");
    await world.publishTo({ topic: "a" }, "keyless");
    await until(() => inbox.received.length === 2);
    await passUntil(world.clock, () => inbox.received.length === 3);
    world.ack(consumer, inbox.received.slice(2));
    await passUntil(world.clock, () => inbox.received.length === 4);
    expect(inbox.received.map(({ id, attempt }) => [id, attempt])).toEqual([
      ["x1", 1],
      ["keyless", 1],
      ["x1", 2],
      ["x2", 1],
    ]);
  });

  it("become dead letters also where something else made them end before their timer", async () => {
    await world.create({ attemptsMax: 1 });
    await world.publish("a", "1");
    await world.joined(1);
    world.clock.jump(ACK_DEADLINE_MS_DEFAULT + 1);
    await world.publish("a", "2");
    const topic = `$dead-letter/${name}`;
    const isThere = () => world.engine.getTopic(topic).then(Boolean, () => false);
    const before = world.clock.steady();
    await passUntil(world.clock, isThere);
    expect(world.clock.steady() - before, "before the next timer").toBeLessThan(10_000);
  });

  it("end also while something is being read", async () => {
    await world.create();
    for (const id of ["1", "2", "3"]) await world.publish("a", id);
    await world.powerCut("drop", "kept");
    const { inbox, consumer } = await world.joinedForOne();
    world.clock.advance(5_000);
    consumer.credit({ bytes: 0n, events: 1 });
    await until(() => inbox.received.length === 2);
    world.clock.advance(5_000);
    const reading = world.holdReads();
    consumer.credit({ bytes: 0n, events: 1 });
    await until(() => reading.isHeld);
    world.clock.advance(ACK_DEADLINE_MS_DEFAULT - 5_000);
    expect(await world.engine.getAccounting(name)).toMatchObject({ leased: 1n });
    reading.goOn();
    await passUntil(world.clock, () => inbox.received.length >= 5);
  });
});

describe("a subscription that was put away", () => {
  it("says nothing more, also where something was still being read for it", async () => {
    await world.create();
    for (const id of ["1", "2"]) await world.publish("a", id);
    await world.powerCut("drop", "kept");
    const { inbox, consumer } = await world.joinedForOne();
    const reading = world.holdReads();
    world.nack(consumer, one(inbox, "1"), 60_000);
    await until(() => reading.isHeld && inbox.verdictsSeen.length > 0);
    consumer.close();
    await turns();
    reading.goOn();
    await turns();
    await world.publishTo({ topic: "a", priority: Priority.HIGH }, "3");
    // When the retry is due, nobody is there for whom it would be.
    await passUntil(world.clock, () => world.clock.now() > 1_800_000_120_000);
    const again = new Inbox();
    await world.join(name, again);
    await passUntil(world.clock, () => again.received.length >= 3);
    expect([...again.ids].sort()).toEqual(["1", "2", "3"]);
  });

  /** As long as anything goes on that no clock has to move. */
  async function turns(): Promise<void> {
    for (let turn = 0; turn < 100; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});

describe("attempts", () => {
  it("are never taken back: a retry waits until its failure is durable", async () => {
    await world.create();
    await world.publish("a", "1");
    const { inbox, consumer } = await world.joined(1);
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
    await world.create();
    await world.publish("a", "1");
    await world.publish("a", "2");
    const { inbox } = await world.joined(2);
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
    await world.create({ order: DeliveryOrder.KEY });
    for (const id of ["x1", "x2", "x3"])
      await world.publishTo({ topic: "a", orderingKey: "x" }, id);
    const { inbox } = await world.joined(3);
    await world.powerCut("drop");
    const early = await late(one(inbox, "x2"));
    expect(early).toMatchObject([{ verdict: Verdict.STALE }]);
    expect(await late(one(inbox, "x1"))).toEqual([]);
    expect(await late(one(inbox, "x2"))).toEqual([]);
    expect((await world.joined(1)).inbox.ids).toEqual(["x3"]);
  });

  it("are heard, while a nack and an extension of a lease from before a restart are stale", async () => {
    await world.create();
    await world.publish("a", "1");
    const { lease, sequence } = one((await world.joined(1)).inbox, "1");
    await world.powerCut("drop");
    const events = { lease, sequence, ranges: [{ first: 0, last: 0 }] };
    const said = { number: 0n, acks: [], nacks: [{ events, reason: "" }], extensions: [] };
    const verdict = Verdict.STALE;
    expect(await world.engine.settle(name, said)).toMatchObject([{ verdict }]);
    const kept = { ...said, nacks: [], extensions: [{ events, deadlineMs: 0 }] };
    expect(await world.engine.settle(name, kept)).toMatchObject([{ verdict }]);
    expect((await world.joined(1)).inbox.received[0]).toMatchObject({ id: "1", attempt: 1 });
  });

  it("are stale after a seek", async () => {
    await world.create();
    await world.publish("a", "1");
    const { inbox } = await world.joined(1);
    const target = { $case: "position", value: start } as const;
    await world.engine.seekSubscription(SeekSubscriptionRequest.create({ name, target }));
    expect(await late(one(inbox, "1"))).toMatchObject([{ verdict: Verdict.STALE }]);
    await world.powerCut("drop");
    expect(await late(one(inbox, "1"))).toMatchObject([{ verdict: Verdict.STALE }]);
    expect((await world.joined(1)).inbox.ids).toEqual(["1"]);
  });
});
