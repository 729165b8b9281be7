import fc from "fast-check";
import { expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import type { MemoryState } from "../test/memory-state.js";
import { cancelScheduled } from "./cancel-scheduled.js";
import { idsMax, PublishingModel, windowMs } from "./publishing-model.test-support.js";
import { batchOf, send, withTopic } from "./publishing-world.test-support.js";
import { releaseScheduled } from "./release-scheduled.js";

const id = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h");
const ids = fc.array(id, { minLength: 1, maxLength: 4 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("publish" as const), ids }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("schedule" as const),
      ids,
      aheadMs: fc.constantFrom(0, 10, 30, 80),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel" as const), id }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(40) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function tryCancel(target: MemoryState, wanted: string): boolean {
  try {
    const event = { topic: "orders", source: "/test", id: wanted, isReleased: false };
    return target.run(cancelScheduled, event);
  } catch {
    return false;
  }
}

function take(target: MemoryState, model: PublishingModel, next: Step): void {
  switch (next.do) {
    case "publish":
    case "schedule": {
      const dueMs = next.do === "schedule" ? target.nowMs + next.aheadMs : target.nowMs;
      const sequence = BigInt(target.entries.length + 1);
      const batch = batchOf("orders", ...next.ids);
      const sent = next.do === "schedule" ? { ...batch, deliverTimeUnixMs: BigInt(dueMs) } : batch;
      const nextOffset = model.nextOffset;
      const expected = model.store(next.ids, { nowMs: target.nowMs, sequence, dueMs });
      const [result] = send(target, [sent]);
      expect(result).toMatchObject({
        duplicateOffsets: expected.duplicates,
        scheduled: expected.isScheduled,
        baseOffset: expected.isScheduled ? 0n : nextOffset,
      });
      expect(BigInt(target.entries.length) === sequence).toBe(expected.isStored);
      break;
    }
    case "cancel":
      expect(tryCancel(target, next.id)).toBe(model.cancel(next.id));
      break;
    case "pass":
      target.nowMs += next.ms;
      for (const { sequence } of model.release(target.nowMs)) {
        target.run(releaseScheduled, { payloadSequence: sequence, payloadFirstIndex: 0 });
      }
      break;
  }
}

function check(target: MemoryState, model: PublishingModel): void {
  const partition = target.get(stateKeys.partition(1, 0));
  expect(partition?.nextOffset ?? 0n).toBe(model.nextOffset);
  const waiting = model.waiting.flatMap((batch) => batch.ids.filter((each) => each !== undefined));
  expect(target.get(stateKeys.namespace())?.scheduledEvents).toBe(waiting.length);
  const lines = target.dump();
  const count = (prefix: string) => lines.filter((line) => line.startsWith(prefix)).length;
  expect(count("schi/")).toBe(waiting.length);
  expect(count("sch/")).toBe(model.waiting.length);
  expect(count("t/")).toBe(model.waiting.length);
  expect(count("dd/")).toBeLessThanOrEqual(idsMax);
  expect(count("ddg/")).toBe(model.groups.length);
  const ids = Number(target.get(stateKeys.dedupTotals(1))?.ids ?? 0n);
  expect(ids).toBe(model.groups.flat().length);
  expect(ids).toBeLessThanOrEqual(idsMax);
}

it.each([[true], [false]])(
  "stores, schedules, cancels and releases as a model of single events does (deduplicates: %s)",
  (isDeduplicated) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const dedup = { windowMs: BigInt(windowMs), idsMax };
        const target = withTopic(isDeduplicated ? { dedup } : {});
        const model = new PublishingModel(isDeduplicated);
        for (const next of steps) {
          take(target, model, next);
          check(target, model);
        }
        const replayed = withTopic(isDeduplicated ? { dedup } : {});
        for (const entry of target.entries.slice(1)) replayed.apply(entry);
        expect(replayed.dump()).toEqual(target.dump());
      }),
      { numRuns: 100 },
    );
  },
  60_000,
);
