import { Entry, EventsExpired, TopicSettings } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { ForgettableEntries } from "./forgettable-entries.js";
import { checkpointIntervalMs, forgettableRangesMax } from "./limits.js";
import { passUntil, World } from "./test/world.js";

const control = Entry.create({
  kind: { $case: "topicPurged", value: { topicId: 1, partitions: 1 } },
});
const payload = Entry.fromPartial({ batches: [{ topicId: 1 }] });

function expiry(...sequences: bigint[]): Entry {
  const batches = sequences.map((sequence) => ({ sequence, baseOffset: 0n, firstIndex: 0 }));
  const value = EventsExpired.fromPartial({ batches });
  return Entry.create({ kind: { $case: "eventsExpired", value } });
}

describe("entries that may be forgotten", () => {
  it("are those without batches, cut at the base, and never the facts of expiry", () => {
    const entries = new ForgettableEntries();
    for (const [i, entry] of [control, control, payload, control, expiry(3n), control].entries()) {
      entries.follow(BigInt(i + 1), entry);
    }
    expect(entries.takeControl(1n)).toEqual([{ first: 1n, last: 1n }]);
    expect(entries.takeControl(5n)).toEqual([
      { first: 2n, last: 2n },
      { first: 4n, last: 4n },
    ]);
    expect(entries.takeControl(9n)).toEqual([{ first: 6n, last: 6n }]);
    expect(entries.takeControl(9n)).toEqual([]);
  });

  it("are those whose batches expired before the checkpoint, below the base, a few at a time", () => {
    const entries = new ForgettableEntries();
    entries.follow(10n, expiry(3n, 2n, 8n));
    entries.follow(11n, expiry(4n));
    expect(entries.takeExpired(5n, 10n, 1)).toEqual([3n]);
    expect(entries.takeExpired(5n, 10n, 9)).toEqual([2n]);
    expect(entries.takeExpired(5n, 11n, 9)).toEqual([4n]);
    entries.truncated(9n);
    expect(entries.takeExpired(20n, 20n, 9)).toEqual([]);
  });

  it("are remembered up to a bound", () => {
    const entries = new ForgettableEntries();
    for (let at = 0n; at <= BigInt(forgettableRangesMax); at++) {
      entries.follow(2n * at + 1n, control);
      entries.follow(2n * at + 2n, expiry(at));
    }
    const all = BigInt(4 * forgettableRangesMax);
    expect(entries.takeControl(all)).toHaveLength(forgettableRangesMax);
    expect(entries.takeExpired(all, all, 2 * forgettableRangesMax)).toHaveLength(
      forgettableRangesMax,
    );
  });
});

/** Waits for a checkpoint after something changed. */
async function checkpoint(made: World): Promise<void> {
  made.clock.advance(checkpointIntervalMs);
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Two bases, so that a second chance remains when the journal is cut. */
async function rebased(made: World): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await made.publish("other", `round${round}`);
    await made.powerCut("keep", "kept");
    await checkpoint(made);
  }
}

async function worldWith(first: string): Promise<World> {
  const made = new World(1, { segmentBytes: 4_096 });
  await made.open();
  const settings = TopicSettings.create({ retentionMs: 60_000n, index: 3 });
  await made.engine.createTopic("short", settings);
  await made.engine.createTopic("other", settings);
  await made.engine.createTopic("long", undefined);
  await made.publish(first, "first");
  for (let i = 0; i < 60; i++) await made.publishTo({ topic: "short", bytes: 400 }, `e${i}`);
  return made;
}

async function bounds(made: World): Promise<unknown> {
  const topics = await Promise.all(["short", "other", "long"].map((t) => made.engine.getTopic(t)));
  return topics.map(({ partitions }) => partitions);
}

describe("the space of the journal", () => {
  it("is given back from its beginning, and what is left is enough to start from", async () => {
    const made = await worldWith("short");
    const before = made.engine.stats().journalBytes;
    await rebased(made);
    expect(made.journal?.firstSequence).toBe(1n);
    await passUntil(made.clock, () => made.engine.stats().batchesExpired > 60);
    await checkpoint(made);
    expect(made.journal?.firstSequence).toBeGreaterThan(40n);
    expect(made.engine.stats().journalBytes).toBeLessThan(before / 2);
    const known = await bounds(made);
    await made.powerCut("drop", "lost");
    expect(await bounds(made)).toEqual(known);
  });

  it("is given back from its middle, where the first event stays", async () => {
    const made = await worldWith("long");
    const before = made.engine.stats().journalBytes;
    await rebased(made);
    await passUntil(made.clock, () => made.engine.stats().batchesExpired > 60);
    await checkpoint(made);
    await passUntil(made.clock, () => made.engine.stats().journalBytes < before / 2);
    expect(made.journal?.firstSequence).toBe(1n);
    const known = await bounds(made);
    await made.powerCut("drop", "lost");
    expect(await bounds(made)).toEqual(known);
  });

  it("is not given back while there is but one checkpoint to start from", async () => {
    const made = await worldWith("short");
    await passUntil(made.clock, () => made.engine.stats().batchesExpired > 60);
    await checkpoint(made);
    expect(made.journal?.firstSequence).toBe(1n);
  });

  it("refuses to start without the checkpoints that hold what was given back", async () => {
    const made = await worldWith("short");
    await rebased(made);
    await passUntil(made.clock, () => made.engine.stats().batchesExpired > 60);
    await checkpoint(made);
    for (const name of await made.disk.readdir("/data/checkpoints")) {
      made.disk.flipBit(`/data/checkpoints/${name}`, 70);
    }
    await expect(made.powerCut("keep", "lost")).rejects.toThrow(
      /the journal lacks the entries 1 to/,
    );
  });
});
