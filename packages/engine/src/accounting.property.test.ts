import { Priority } from "@opendxa/pubsub-protocol";
import { CRASH_MODES } from "@opendxa/pubsub-simulated";
import fc from "fast-check";
import { expect, it } from "vitest";
import { AccountedLife, type Step, subscriptions, topics } from "./test/accounted-life.js";

const numRuns = Number(process.env["ACCOUNTING_RUNS"] ?? 10);
const hourMs = 60 * 60 * 1_000;

const name = fc.constantFrom(...subscriptions);
const joined = fc.constantFrom("lanes" as const, "keyed" as const);
const pick = fc.nat({ max: 60 });
const is = <T extends string>(...kinds: readonly T[]) => fc.constantFrom(...kinds);
const place = fc.record({
  topic: fc.constantFrom(...topics),
  bytes: fc.constantFrom(10, 300),
  priority: fc.constantFrom(Priority.UNSPECIFIED, Priority.HIGH, Priority.LOW),
  expireMs: fc.constantFrom(undefined, undefined, 1_500, 20_000),
  aheadMs: fc.constantFrom(undefined, undefined, undefined, 3_000),
});
const keys = fc.array(fc.constantFrom("", "a", "a", "b"), { minLength: 1, maxLength: 3 });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: is("publish"), place, keys }) },
  { weight: 4, arbitrary: fc.record({ do: is("ack"), name: joined, pick }) },
  { weight: 4, arbitrary: fc.record({ do: is("nack", "nack", "pair"), name: joined, pick }) },
  { weight: 2, arbitrary: fc.record({ do: is("join", "leave"), name: joined }) },
  { weight: 2, arbitrary: fc.record({ do: is("skip"), name, pick }) },
  { weight: 2, arbitrary: fc.record({ do: is("seek", "offset"), name, pick }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: is("time"), name, pick: fc.constantFrom(0, 2_000, 30_000) }),
  },
  { weight: 3, arbitrary: fc.record({ do: is("latest", "snapshot", "back"), name }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: is("pass"), ms: fc.constantFrom(1_000, 4_000, 11_000, 61_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: is("jump"),
      ms: fc.constantFrom(-2 * hourMs, -20_000, 20_000, 2 * hourMs, 40 * 24 * hourMs),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: is("delete"), topic: fc.constantFrom(...topics) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: is("restart"),
      mode: fc.constantFrom(...CRASH_MODES),
      index: is("kept", "lost"),
    }),
  },
);

it(
  "is exact at every sequence, for a broker that starts there from checkpoint and tail alone",
  async () => {
    let moves = 0;
    const tried = { withCheckpoint: 0, without: 0 };
    const fates = { open: 0n, acked: 0n, deadLettered: 0n, expired: 0n, skipped: 0n };
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 1_000 }),
        fc.array(step, { minLength: 20, maxLength: 40, size: "max" }),
        async (seed, steps) => {
          const life = new AccountedLife(seed);
          await life.start();
          for (const each of steps) await life.take(each);
          moves += life.moves;
          tried.withCheckpoint += life.tried.withCheckpoint;
          tried.without += life.tried.without;
          for (const fate of Object.keys(fates) as (keyof typeof fates)[]) {
            fates[fate] += life.fates[fate];
          }
        },
      ),
      { numRuns },
    );
    // Without these nothing was tried.
    expect(Math.min(tried.withCheckpoint, tried.without)).toBeGreaterThan(20);
    for (const [fate, events] of Object.entries(fates)) {
      expect(events, fate).toBeGreaterThan(20n);
    }
    expect(moves).toBeGreaterThan(numRuns / 2);
  },
  60_000 + numRuns * 10_000,
);
