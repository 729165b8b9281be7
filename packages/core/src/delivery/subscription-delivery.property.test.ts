import { DeliveryOrder, PartitionStart } from "@opendxa/pubsub-protocol";
import fc from "fast-check";
import { describe, it } from "vitest";
import { batches } from "./batches.test-support.js";
import { DeliveryPair } from "./delivery-pair.test-support.js";
import { settings } from "./delivery-world.test-support.js";

const numRuns = Number(process.env["DELIVERY_RUNS"] ?? 100);
const number = fc.nat({ max: 100 });
const wish = fc.record({ grant: fc.nat({ max: 1_000 }), from: number, to: number });

type Step = (pair: DeliveryPair) => void;

/** A step that prints as what it does, so that a failure can be read. */
function step<T>(name: string, of: fc.Arbitrary<T>, run: (pair: DeliveryPair, with_: T) => void) {
  return of.map((value): Step => {
    const act: Step = (pair) => run(pair, value);
    return Object.assign(act, { [fc.toStringMethod]: () => `${name}(${fc.stringify(value)})` });
  });
}

const hourMs = 60 * 60 * 1_000;
/** What a clock usually moves on by, and what it may jump by. */
const steadyMs = [1, 700, 5_000, 31_000];
const jumpMs = [hourMs, 40 * 24 * hourMs];
const nothing = fc.constant(undefined);
const credit = fc.record({
  events: fc.integer({ min: 1, max: 30 }),
  bytes: fc.integer({ min: 1, max: 5_000 }),
});
const steps = fc.oneof(
  step("offer", fc.integer({ min: 1, max: 4 }), (pair, count) => pair.offer(count)),
  step("grant", nothing, (pair) => pair.grant()),
  step("ack", wish, (pair, of) => pair.settle("ack", of)),
  step("ack", wish, (pair, of) => pair.settle("ack", of)),
  step("prefix", wish, (pair, of) => pair.settle("ack", { ...of, from: 0 })),
  step("nack", wish, (pair, of) => pair.settle("nack", of)),
  step("extend", wish, (pair, of) => pair.settle("extend", of)),
  step("tryAck", fc.array(wish, { minLength: 1, maxLength: 3 }), (pair, of) => pair.tryAck(of)),
  step("pass", fc.constantFrom(...steadyMs, ...steadyMs, ...jumpMs), (pair, ms) => pair.pass(ms)),
  step("commit", nothing, (pair) => pair.commit()),
  step("join", credit, (pair, { events, bytes }) => pair.join(events, bytes)),
  step("leave", number, (pair, pick) => pair.leave(pick)),
  step("skip", wish, (pair, { grant, from, to }) => pair.skip(grant, from, to)),
  step("release", number, (pair, pick) => pair.release(pick)),
  step("letters", fc.boolean(), (pair, isPartial) => pair.letters(isPartial)),
  step("pause", fc.boolean(), (pair, isPaused) => pair.pause(isPaused)),
  step("restart", nothing, (pair) => pair.restart()),
  step("remember", nothing, (pair) => pair.remember()),
  step("seek", fc.option(number, { nil: undefined, freq: 1 }), (pair, to) => pair.seek(to)),
  step("reboot", nothing, (pair) => pair.reboot()),
  step("expire", number, (pair, pick) => pair.expire(pick)),
);

const starts = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  {
    weight: 1,
    arbitrary: fc
      .record({ topicId: fc.constantFrom(1, 2), offset: fc.bigInt({ min: 0n, max: 20n }) })
      .map((start) => [PartitionStart.create({ ...start, partition: 0 })]),
  },
);
const rules = fc.record({
  attemptsMax: fc.constantFrom(0, 1, 2, 3),
  starts,
  floor: fc.constantFrom(0n, 0n, 3n),
});

describe.each([
  ["none", DeliveryOrder.NONE],
  ["by key", DeliveryOrder.KEY],
])("order %s", (_name, order) => {
  it("does what a model of single events does, under any interleaving", {
    timeout: 120_000 + numRuns * 100,
  }, () => {
    fc.assert(
      fc.property(
        batches,
        fc.array(steps, { maxLength: 60, size: "max" }),
        rules,
        (given, taken, ruled) => {
          const { retry } = settings;
          const pair = new DeliveryPair(given, { ...ruled, order, retry, chance: 0.5 });
          pair.join(20, 3_000);
          pair.offer(3);
          for (const take of taken) take(pair);
          pair.commit();
          pair.drain();
        },
      ),
      { numRuns },
    );
  });
});
