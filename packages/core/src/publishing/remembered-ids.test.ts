import { DedupSettings, TopicSettings } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import type { MemoryState } from "../test/memory-state.js";
import { deleteTopic, purgeTopic } from "../topics/delete-topic.js";
import { updateTopic } from "../topics/update-topic.js";
import { forgetDedup } from "./forget-dedup.js";
import { dedupGroupsForgottenMax, dedupIdsForgottenMax } from "./limits.js";
import { batchOf, send, withTopic } from "./publishing-world.test-support.js";

function remembering(idsMax: number, windowMs = 1_000n): MemoryState {
  return withTopic({ dedup: { windowMs, idsMax } });
}

function duplicates(target: MemoryState, ...ids: string[]): readonly bigint[] | undefined {
  return send(target, [batchOf("orders", ...ids)])[0]?.duplicateOffsets;
}

function ids(count: number, prefix = "e"): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

function remembered(target: MemoryState): number {
  return target.dump().filter((line) => line.startsWith("dd/")).length;
}

describe("remembered ids", () => {
  it("are the newest of the topic's bound", () => {
    const target = remembering(3);
    for (const id of ["a", "b", "c", "d"]) duplicates(target, id);
    expect(remembered(target)).toBe(3);
    expect(duplicates(target, "b", "c", "d")).toEqual([1n, 2n, 3n]);
    expect(duplicates(target, "a")).toEqual([]);
    expect(duplicates(target, "b")).toEqual([]);
  });

  it("are the last of a batch that alone is more than the bound", () => {
    const target = remembering(3);
    duplicates(target, "x");
    duplicates(target, ...ids(5));
    expect(target.get(stateKeys.dedupTotals(1))).toMatchObject({ ids: 3n });
    expect(duplicates(target, "e2", "e3", "e4")).toEqual([3n, 4n, 5n]);
    expect(duplicates(target, "x", "e0")).toEqual([]);
  });

  it("leave when their time is over, a bounded number with each entry", () => {
    const target = remembering(1_000_000);
    const groups = dedupIdsForgottenMax * 2;
    for (const id of ids(groups)) duplicates(target, id);
    target.nowMs += 1_000;
    duplicates(target, "x");
    expect(remembered(target)).toBe(groups - (dedupIdsForgottenMax + 1) + 1);
    duplicates(target, "y");
    expect(remembered(target)).toBe(2);
    expect(target.get(stateKeys.dedupTotals(1))).toMatchObject({ ids: 2n });
  });

  it("stay when they were stored again before their old group left", () => {
    const target = remembering(1_000_000);
    for (const id of ids(dedupIdsForgottenMax + 2)) duplicates(target, id);
    target.nowMs += 1_000;
    const last = `e${dedupIdsForgottenMax + 1}`;
    expect(duplicates(target, last)).toEqual([]);
    duplicates(target, "y");
    expect(remembered(target)).toBe(2);
    expect(duplicates(target, last)).toHaveLength(1);
  });

  it("leave in steps when the bound is lowered", () => {
    const target = remembering(1_000_000);
    for (const id of ids(dedupIdsForgottenMax * 2)) duplicates(target, id);
    const dedup = DedupSettings.create({ windowMs: 1_000n, idsMax: 10 });
    const settings = TopicSettings.create({ dedup });
    target.run(updateTopic, { name: "orders", settings, fields: ["dedup"] });
    duplicates(target, "x");
    expect(remembered(target)).toBe(dedupIdsForgottenMax);
    duplicates(target, "y");
    expect(remembered(target)).toBe(10);
  });

  it("go with a deleted topic, a bounded number of groups with each entry", () => {
    const target = remembering(1_000_000);
    for (const id of ids(dedupGroupsForgottenMax + 1)) duplicates(target, id);
    expect(target.run(forgetDedup, { topicId: 1 })).toBe(false);
    target.run(deleteTopic, { name: "orders" });
    expect(target.run(forgetDedup, { topicId: 1 })).toBe(true);
    expect(remembered(target)).toBe(1);
    expect(target.run(forgetDedup, { topicId: 1 })).toBe(false);
    target.run(purgeTopic, { topicId: 1 });
    expect(target.dump().map((line) => line.slice(0, 2))).toEqual(["ns"]);
  });
});
