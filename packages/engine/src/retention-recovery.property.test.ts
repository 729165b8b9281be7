import {
  Execution,
  encodeBatch,
  NamespaceState,
  PayloadRef,
  Priority,
  PublishFrame,
  PubSubError,
  StartPosition,
  SubscriptionSettings,
  TopicSettings,
} from "@opendxa/pubsub-protocol";
import { CRASH_MODES } from "@opendxa/pubsub-simulated";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Consumer } from "./engine-api.js";
import { dumpState } from "./simulated.js";
import { Inbox, World } from "./test/world.js";

const topics = ["t0", "t1", "t2"];
const settingsOf = (topic: string) =>
  TopicSettings.create({
    index: topic === "t0" ? 1 : 3,
    partitions: topic === "t2" ? 2 : 1,
    retentionMs: topic === "t1" ? 2_592_000_000n : 30_000n,
    retentionBytes: topic === "t1" ? 1_000n : 0n,
    dedup: topic === "t0" ? undefined : { windowMs: 20_000n, idsMax: 3 },
  });

const topic = fc.constantFrom(...topics);
const correlationId = fc.constantFrom("c", "c", "c", "c", "c", "x0");
const ids = fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1, maxLength: 4 });
const event = fc.record({ topic, correlationId, ids, bytes: fc.constantFrom(10, 300) });
const priority = fc.constantFrom(Priority.UNSPECIFIED, Priority.HIGH, Priority.LOW);
const aheadMs = fc.constantFrom(2_000, 9_000, 40_000);
const suffix = fc.record({ seed: fc.nat(), mode: fc.constant("suffix" as const) });
const hole = fc.record({ seed: fc.nat(), mode: fc.constant("hole" as const) });
const whole = fc.constantFrom("kept" as const, "lost" as const);
const crashOf = (isIndexNeverFlushed: boolean) =>
  fc.record({
    mode: fc.constantFrom(...CRASH_MODES),
    index: isIndexNeverFlushed ? fc.oneof(whole, suffix) : fc.oneof(whole, suffix, hole),
  });
type Crash = ReturnType<typeof crashOf> extends fc.Arbitrary<infer T> ? T : never;

const stepOf = (crash: fc.Arbitrary<Crash>) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("publish" as const), event }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("frame" as const), events: fc.tuple(event, event) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("schedule" as const), event, aheadMs, priority }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("cancel" as const), nth: fc.nat(3) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("pass" as const),
        ms: fc.constantFrom(1_000, 11_000, 61_000),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("ack" as const), count: fc.nat(5) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("register" as const), id: fc.constant("x0") }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), topic }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("restart" as const), crash }) },
  );
type Step = ReturnType<typeof stepOf> extends fc.Arbitrary<infer T> ? T : never;

function isReleased(line: string): boolean {
  if (!line.startsWith("p/")) return false;
  const value = Buffer.from(line.slice(line.indexOf("=") + 1), "hex");
  return PayloadRef.decode(value).releasedSequence !== undefined;
}

/** A broker with retention, whose state is compared over every restart. */
class Retained {
  readonly world: World;
  truncations = 0;
  rewrites = 0;
  expired = 0;
  cancelled = 0;
  released = 0;
  #consumer: Consumer | undefined;
  #inbox = new Inbox();
  readonly #scheduled: { topic: string; id: string }[] = [];

  constructor(seed: number, isIndexNeverFlushed: boolean) {
    this.world = new World(seed, { segmentBytes: 4_096, isIndexNeverFlushed });
  }

  /** Where the first event stays, space comes back from the middle of the journal alone. */
  async start(isFirstKept: boolean): Promise<void> {
    await this.world.open();
    await this.world.engine.createTopic("kept", undefined);
    if (isFirstKept) await this.world.publish("kept", "first");
    for (const name of topics) await this.world.engine.createTopic(name, settingsOf(name));
    const start = StartPosition.create({ position: { $case: "earliest", value: true } });
    for (const name of ["idle", "active"]) {
      await this.world.engine.createSubscription(name, {
        ...SubscriptionSettings.create({ patterns: ["*"] }),
        start,
      });
    }
    await this.#join();
  }

  async #join(): Promise<void> {
    this.#inbox = new Inbox();
    this.#consumer = await this.world.join("active", this.#inbox);
  }

  async take(next: Step): Promise<void> {
    await this.#act(next);
    await this.#quiet();
  }

  #act(next: Step): Promise<unknown> {
    const { world } = this;
    switch (next.do) {
      case "publish":
        return world.publishTo(next.event, ...next.event.ids);
      case "schedule":
        return this.#schedule(next);
      case "cancel":
        return this.#cancel(next.nth);
      case "frame":
        return this.#frame(next.events);
      case "pass":
        return this.#pass(next.ms);
      case "ack":
        return Promise.resolve(this.#ack(next.count));
      case "delete":
        return this.#recreate(next.topic);
      case "restart":
        return this.restart(next.crash);
      case "register":
        return this.#register(next.id);
    }
  }

  async #schedule({ event, aheadMs, priority }: Extract<Step, { do: "schedule" }>) {
    await this.world.publishTo({ ...event, aheadMs, priority }, ...event.ids);
    for (const id of event.ids) this.#scheduled.push({ topic: event.topic, id });
  }

  async #cancel(nth: number): Promise<void> {
    const event = this.#scheduled.at(-1 - nth);
    if (event === undefined) return;
    const request = { namespace: "", source: "/test", ...event };
    try {
      if (await this.world.engine.cancelScheduledEvent(request)) this.cancelled += 1;
    } catch (error) {
      expect(PubSubError.from(error).reason).toBe("EVENT_NOT_FOUND");
    }
  }

  async #frame(events: readonly { topic: string; correlationId: string; ids: string[] }[]) {
    const batches = events.map((each) =>
      encodeBatch({
        topic: each.topic,
        partition: 0,
        events: each.ids.map((id) => ({
          id,
          type: "t",
          correlationId: each.correlationId,
          data: Buffer.from(id),
        })),
        defaults: { source: "/f" },
      }),
    );
    await this.world.engine.publish(PublishFrame.create({ batches, atomic: true }));
  }

  async #pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.world.clock.advance(1_000);
      await this.#quiet(2);
    }
  }

  /** Makes a journal of which most is not needed: old payload below two bases of checkpoints. */
  async age(): Promise<void> {
    for (let i = 0; i < 20; i++) await this.world.publishTo({ topic: "t0", bytes: 400 }, `old${i}`);
    for (let round = 0; round < 3; round++) {
      await this.world.publish("t2", `round${round}`);
      await this.restart({ mode: "keep", index: "kept" });
    }
    for (const ms of [61_000, 11_000, 11_000]) {
      await this.world.publish("t1", `after${ms}`);
      await this.#pass(ms);
    }
  }

  #ack(count: number): void {
    const some = this.#inbox.received.slice(-count - 1);
    if (this.#consumer !== undefined && some.length > 0) this.world.ack(this.#consumer, some);
  }

  async #recreate(name: string): Promise<void> {
    await this.world.engine.deleteTopic(name);
    await this.world.engine.createTopic(name, settingsOf(name));
  }

  async #register(executionId: string): Promise<void> {
    const execution = Execution.create({ executionId, functionName: "f" });
    await this.world.engine.registerExecution(execution);
  }

  /** Lets everything run that does not wait for time. */
  async #quiet(turnsMin = 20): Promise<void> {
    const { engine } = this.world;
    for (let turns = 0, still = 0; still < turnsMin; turns++) {
      const { durableSequence, indexedSequence } = engine.stats();
      await new Promise((resolve) => setImmediate(resolve));
      const after = engine.stats();
      const isStill =
        after.durableSequence === durableSequence && indexedSequence === durableSequence;
      still = isStill ? still + 1 : 0;
      if (turns > 20_000) throw new Error("it never gets quiet");
    }
  }

  async #checkWaiting(dump: readonly string[]): Promise<void> {
    const namespace = await this.world.index.get("ns");
    const waiting = dump.filter((line) => line.startsWith("schi/")).length;
    expect(namespace && NamespaceState.decode(namespace).scheduledEvents).toBe(waiting);
  }

  async restart({ mode, index }: Crash): Promise<void> {
    await this.#quiet(40);
    const before = await dumpState(this.world.index);
    this.released += before.filter(isReleased).length;
    await this.#checkWaiting(before);
    const { journal, engine } = this.world;
    if ((journal?.firstSequence ?? 1n) > 1n) this.truncations += 1;
    this.rewrites += journal?.figures.rewrittenSegments ?? 0;
    this.expired += engine.stats().batchesExpired;
    await this.world.powerCut(mode, index);
    await this.#quiet(40);
    expect(await dumpState(this.world.index)).toEqual(before);
    await this.#join();
  }
}

it.each([[false], [true]])(
  "gives the same state to the byte after any crash, also after retention (index never flushed: %s)",
  async (isIndexNeverFlushed) => {
    const totals = { truncations: 0, rewrites: 0, expired: 0, cancelled: 0, released: 0 };
    const crash = crashOf(isIndexNeverFlushed);
    await fc.assert(
      fc.asyncProperty(
        fc.record({ seed: fc.nat({ max: 1_000 }), isFirstKept: fc.boolean() }),
        fc.array(stepOf(crash), { minLength: 20, maxLength: 80, size: "max" }),
        fc.array(crash, { minLength: 2, maxLength: 3 }),
        async ({ seed, isFirstKept }, steps, last) => {
          const retained = new Retained(seed, isIndexNeverFlushed);
          await retained.start(isFirstKept);
          for (const next of steps) await retained.take(next);
          await retained.age();
          for (const each of last) await retained.restart(each);
          totals.truncations += retained.truncations;
          totals.rewrites += retained.rewrites;
          totals.expired += retained.expired;
          totals.cancelled += retained.cancelled;
          totals.released += retained.released;
        },
      ),
      { numRuns: 30 },
    );
    // Without these nothing was tried.
    expect(totals.expired).toBeGreaterThan(100);
    expect(totals.cancelled).toBeGreaterThan(20);
    expect(totals.released).toBeGreaterThan(100);
    expect(totals.rewrites).toBeGreaterThan(20);
    expect(totals.truncations).toBeGreaterThan(5);
  },
  120_000,
);
