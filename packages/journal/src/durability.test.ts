import { CRASH_MODES, type CrashMode, SimulatedDisk } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import type { Durability } from "./index.js";
import { IDLE_CHECK_MS } from "./limits.js";
import { all, entry, simulated } from "./test/journal-subjects.js";

const PROMISED_MS = 100;

/** Virtual milliseconds from each write to the next sync, while `os` appends come every `everyMs`. */
async function syncDelays(everyMs: number): Promise<number[]> {
  const { journal, disk, clock } = await simulated({ limits: { unsyncedBytesMax: 1_000_000 } });
  const delays: number[] = [];
  const waiting: number[] = [];
  let seen = disk.trace.length;
  const look = (): void => {
    for (const line of disk.trace.slice(seen)) {
      if (!line.startsWith("datasync")) continue;
      for (const writtenAt of waiting.splice(0)) delays.push(clock.steady() - writtenAt);
    }
    seen = disk.trace.length;
  };
  for (let at = 0; at < 1000 / everyMs; at += 1) {
    await journal.append([entry(10, at)], { durability: "os" });
    waiting.push(clock.steady());
    for (let ms = 0; ms < everyMs; ms += 1) {
      await clock.advanceAsync(1);
      look();
    }
  }
  for (let ms = 0; ms < PROMISED_MS; ms += 1) {
    await clock.advanceAsync(1);
    look();
  }
  expect(waiting).toEqual([]);
  return delays;
}

describe("what is appended with durability os", () => {
  it.each([1, 7, 30, 49, 50, 51, 99, 250])(
    "every %d ms is synced within 100 ms, however busy the writer is",
    async (everyMs) => {
      const delays = await syncDelays(everyMs);
      expect(delays.length).toBe(Math.ceil(1000 / everyMs));
      expect(Math.max(...delays)).toBeLessThanOrEqual(PROMISED_MS);
    },
  );

  it("costs one sync in 50 ms and not one an append while the writer is busy", async () => {
    const { journal, disk, clock } = await simulated({ limits: { unsyncedBytesMax: 1_000_000 } });
    const before = disk.operations;
    for (let ms = 0; ms < 10 * IDLE_CHECK_MS; ms += 1) {
      await journal.append([entry(1, ms)], { durability: "os" });
      await clock.advanceAsync(1);
    }
    const syncs = disk.trace.slice(before).filter((line) => line.startsWith("datasync"));
    expect(syncs.length).toBeGreaterThanOrEqual(9);
    // Ten by time, and those of the segments that were begun.
    expect(syncs.length).toBeLessThanOrEqual(10 + 2 * 6);
  });

  it("is never more than unsyncedBytesMax without a sync, whatever the clock does", async () => {
    const { journal, disk } = await simulated({ limits: { unsyncedBytesMax: 4000 } });
    let unsynced = 0;
    let seen = disk.trace.length;
    for (let at = 0; at < 60; at += 1) {
      await journal.append([entry(500, at)], { durability: "os" });
      unsynced += 580;
      if (disk.trace.slice(seen).some((line) => line.startsWith("datasync"))) unsynced = 0;
      seen = disk.trace.length;
      expect(unsynced).toBeLessThanOrEqual(4000);
    }
  });

  it("does not resolve earlier entries of one commit that asked for more", async () => {
    const { journal, disk } = await simulated();
    const before = disk.operations;
    const order: string[] = [];
    await Promise.all([
      journal.append([entry(10, 1)], { durability: "os" }).then(() => order.push("os")),
      journal.append([entry(10, 2)]).then(() => order.push("fsync")),
    ]);
    expect(order).toEqual(["os", "fsync"]);
    expect(disk.trace.slice(before).map((line) => line.split(" ")[0])).toEqual([
      "write",
      "datasync",
    ]);
  });

  it("fails the journal where the sync that follows fails", async () => {
    const { journal, disk, clock, failures } = await simulated();
    await journal.append([entry(10, 1)], { durability: "os" });
    disk.inject({ operation: "datasync", nth: 1, code: "EIO" });
    await clock.advanceAsync(30);
    await journal.append([entry(10, 2)], { durability: "os" });
    await clock.advanceAsync(30);
    expect(failures).toHaveLength(1);
  });
});

/** Appends of both kinds, in an order drawn from the seed; answers what a power cut may not take. */
async function mixed(
  seed: number,
  mode: CrashMode,
  control: { ignoreDatasync?: boolean } = {},
): Promise<string[]> {
  const disk = new SimulatedDisk({ seed, ...control });
  const { journal, clock } = await simulated({ disk });
  const faults: string[] = [];
  let promised = 0n;
  const waiting: Promise<unknown>[] = [];
  for (let at = 1; at <= 25; at += 1) {
    const durability: Durability = disk.random.nextBoolean(0.6) ? "os" : "fsync";
    const append = journal
      .append([entry(disk.random.nextInt(1, 900), at)], { durability })
      .then(({ last }) => {
        // Resolved with fsync: everything up to it is durable, whatever was asked for the others.
        if (durability === "fsync") promised = last;
      });
    waiting.push(append);
    if (disk.random.nextBoolean()) await Promise.all(waiting.splice(0));
    if (disk.random.nextBoolean(0.1)) await clock.advanceAsync(PROMISED_MS);
  }
  await Promise.all(waiting);
  disk.crash({ mode });
  try {
    const again = await simulated({ disk });
    const { lastSequence } = again.journal;
    if (lastSequence < promised) faults.push(`ends at ${lastSequence} of ${promised}`);
    for (const { sequence, payload } of await all(again.journal)) {
      if (payload[0] !== Number(sequence)) faults.push(`altered: ${sequence}`);
    }
  } catch (error) {
    faults.push(`refused: ${String(error)}`);
  }
  return faults.map((fault) => `${mode}, seed ${seed}: ${fault}`);
}

it("keeps entries of fsync, and all before them, through a power cut among entries of os", async () => {
  const faults: string[] = [];
  for (let seed = 0; seed < 40; seed += 1) {
    for (const mode of CRASH_MODES) faults.push(...(await mixed(seed, mode)));
  }
  expect(faults).toEqual([]);
});

it("would notice a disk that ignores fdatasync", async () => {
  expect(await mixed(1, "drop", { ignoreDatasync: true })).not.toEqual([]);
});
