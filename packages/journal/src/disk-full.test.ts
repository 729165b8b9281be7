import { SimulatedDisk } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import type { Journal } from "./index.js";
import {
  all,
  entry,
  errorOf,
  FOLDER,
  idle,
  one,
  type SimulatedPlace,
  sequences,
  simulated,
} from "./test/journal-subjects.js";

const SEALED = "0000000000000001.seg";
const LEAVES = ["nothing", "prefix", "pages"] as const;

/** Appends until the disk is full; answers how many were taken. */
async function fill(journal: Journal): Promise<number> {
  for (let taken = 0; ; taken += 1) {
    const error = await journal.append([entry(1500, taken)]).then(
      () => undefined,
      (rejection: unknown) => rejection,
    );
    if (error === undefined) continue;
    expect(error).toMatchObject({ reason: "full", cause: { code: "ENOSPC" } });
    return taken;
  }
}

describe("a full disk", () => {
  it("refuses what does not fit, keeps what was taken, and goes on when there is space", async () => {
    const disk = new SimulatedDisk({ seed: 3, capacityBytes: 40_960 });
    const { journal, clock, failures } = await simulated({ disk });
    const taken = await fill(journal);
    expect(taken).toBeGreaterThan(15);
    expect(journal.lastSequence).toBe(BigInt(taken));
    expect(await all(journal)).toHaveLength(taken);
    expect((await errorOf(journal.append([entry(1500, 0)]))).reason).toBe("full");
    disk.resize(60_000);
    expect(await journal.append([entry(1500, 1)])).toMatchObject({ first: BigInt(taken + 1) });
    expect(failures).toEqual([]);
    await clock.advanceAsync(100);
    disk.crash({ mode: "drop" });
    const again = await simulated({ disk });
    expect(again.recovery).toMatchObject({ tornBytes: 0, lastSequence: BigInt(taken + 1) });
    expect(await all(again.journal)).toHaveLength(taken + 1);
  });

  it("is made room on by retention", async () => {
    const disk = new SimulatedDisk({ seed: 3, capacityBytes: 40_960 });
    const { journal } = await simulated({ disk });
    await fill(journal);
    disk.resize(45_056);
    await journal.truncateBefore(11n);
    expect(journal.firstSequence).toBeGreaterThan(1n);
    await journal.append([entry(1500, 1)]);
  });

  it("has a rewriting tried again when more is forgotten", async () => {
    const disk = new SimulatedDisk({ seed: 3, capacityBytes: 40_960 });
    const { journal, rewriteErrors } = await simulated({ disk });
    await fill(journal);
    await journal.forget([{ first: 1n, last: 3n }]);
    await idle();
    expect(rewriteErrors).toMatchObject([{ reason: "io_failed", cause: { code: "ENOSPC" } }]);
    disk.resize(80_000);
    await journal.forget([one(4n)]);
    await idle();
    expect(journal.figures.rewrittenSegments).toBe(1);
  });

  it("lets a mark wait, and close without it", async () => {
    const { journal, disk, clock, failures } = await simulated();
    await journal.append([entry(10, 1)]);
    disk.inject({ operation: "write", nth: 1, code: "ENOSPC", leaves: "prefix" });
    const before = disk.operations;
    await clock.advanceAsync(200);
    expect(disk.trace.slice(before).map((line) => line.split(" ")[0])).toEqual([
      "write",
      "truncate",
      "datasync",
      "write",
      "datasync",
    ]);
    expect(clock.pendingTimers).toBe(0);
    await journal.append([entry(10, 2)]);
    disk.inject({ operation: "write", nth: 1, code: "ENOSPC" });
    await journal.close();
    expect(failures).toEqual([]);
    const again = await simulated({ disk });
    expect(again.recovery).toMatchObject({ tornBytes: 0, lastSequence: 2n });
  });

  it("refuses retention whose mark does not fit, and leaves everything as it was", async () => {
    const { journal, disk } = await simulated();
    for (let at = 1; at <= 9; at += 1) await journal.append([entry(1900, at)]);
    disk.inject({ operation: "write", nth: 1, code: "ENOSPC" });
    expect((await errorOf(journal.truncateBefore(6n))).reason).toBe("full");
    expect(journal.firstSequence).toBe(1n);
    await journal.truncateBefore(6n);
    expect(journal.firstSequence).toBe(5n);
    await journal.append([entry(1, 1)]);
  });

  it("also refuses what waited behind, in the order of the calls, and assigns anew", async () => {
    const { journal, disk } = await simulated();
    await journal.append([entry(10, 1)]);
    disk.inject({ operation: "write", nth: 1, code: "ENOSPC" });
    const first = journal.append([entry(10, 2)]);
    await Promise.resolve();
    await Promise.resolve();
    const waiting = [journal.append([entry(10, 3)]), journal.append([entry(10, 4)])];
    for (const append of [first, ...waiting]) expect((await errorOf(append)).reason).toBe("full");
    const options = { expectedLast: 1n };
    expect(await journal.append([entry(10, 5)], options)).toEqual({ first: 2n, last: 2n });
    expect((await all(journal)).map(({ payload }) => payload[0])).toEqual([1, 5]);
  });
});

/** Appends with both durabilities over several segments; answers what was taken, by sequence. */
async function liveThrough(
  place: { journal: Journal } & SimulatedPlace,
): Promise<Map<bigint, number>> {
  const taken = new Map<bigint, number>();
  for (let at = 1; at <= 14; at += 1) {
    const durability = at % 3 === 0 ? "os" : "fsync";
    try {
      const { last } = await place.journal.append([entry(1500, at)], { durability });
      taken.set(last, at);
    } catch (error) {
      expect(error).toMatchObject({ reason: "full" });
    }
    if (at % 5 === 0) await place.clock.advanceAsync(100);
  }
  return taken;
}

describe("no space at any one operation", () => {
  it.each(["write", "create"] as const)(
    "a %s that finds none takes nothing with it",
    async (operation) => {
      const whole = await simulated();
      await liveThrough(whole);
      const count = whole.disk.trace.filter((line) => line.startsWith(operation)).length;
      let refusals = 0;
      for (let nth = 1; nth < count; nth += 1) {
        for (const leaves of LEAVES) {
          const place = await simulated();
          place.disk.inject({ operation, nth, code: "ENOSPC", leaves });
          const taken = await liveThrough(place);
          if (taken.size < 14) refusals += 1;
          expect(taken.size).toBeGreaterThanOrEqual(13);
          expect(place.failures).toEqual([]);
          await place.journal.close();
          place.disk.crash({ mode: "drop" });
          const again = await simulated({ disk: place.disk });
          const found = (await all(again.journal)).map(({ sequence, payload }) => [
            sequence,
            payload[0],
          ]);
          expect(found).toEqual([...taken]);
        }
      }
      expect(refusals).toBeGreaterThan(0);
    },
  );

  it("survives a power cut while what was written is taken back", async () => {
    for (let cut = 0; cut < 4; cut += 1) {
      for (const mode of ["drop", "keep", "partial", "reorder"] as const) {
        const { journal, disk } = await simulated();
        await journal.append([entry(1500, 1)]);
        disk.inject({ operation: "write", nth: 1, code: "ENOSPC", leaves: "prefix" });
        disk.cutAfterOperations(cut);
        await journal.append([entry(1500, 2)]).catch(() => undefined);
        disk.crash({ mode });
        const again = await simulated({ disk });
        expect(await sequences(again.journal)).toEqual([1n]);
      }
    }
  });

  it.each(["truncate", "datasync"] as const)(
    "is final where the %s that takes it back fails",
    async (operation) => {
      const { journal, disk, failures } = await simulated();
      await journal.append([entry(1500, 1)]);
      disk.inject({ operation: "write", nth: 1, code: "ENOSPC" });
      disk.inject({ operation, nth: 1, code: "EIO" });
      expect((await errorOf(journal.append([entry(1500, 2)]))).reason).toBe("failed");
      expect(failures).toHaveLength(1);
    },
  );

  it("at a sync of earlier writes is final: nobody knows what the disk holds", async () => {
    const { journal, disk } = await simulated();
    await journal.append([entry(1, 1)], { durability: "os" });
    disk.inject({ operation: "datasync", nth: 1, code: "ENOSPC" });
    expect((await errorOf(journal.append([entry(1, 2)]))).reason).toBe("failed");
  });

  it("at the sync of a single write is refused, once the cut is synced", async () => {
    const { journal, disk } = await simulated();
    await journal.append([entry(1, 1)]);
    disk.inject({ operation: "datasync", nth: 1, code: "ENOSPC" });
    expect((await errorOf(journal.append([entry(1, 2)]))).reason).toBe("full");
    disk.inject({ operation: "datasync", nth: 1, code: "ENOSPC" });
    disk.inject({ operation: "datasync", nth: 2, code: "ENOSPC" });
    expect((await errorOf(journal.append([entry(1, 2)]))).reason).toBe("failed");
  });

  it("in a footer leaves a segment without one", async () => {
    const { journal, disk } = await simulated();
    for (let at = 1; at <= 4; at += 1) await journal.append([entry(1900, at)]);
    disk.inject({ operation: "write", nth: 2, code: "ENOSPC", leaves: "prefix" });
    await journal.append([entry(1900, 5)]);
    expect(disk.content(`${FOLDER}/${SEALED}`)).toHaveLength(128 + 4 * 1980);
    await journal.close();
    const again = await simulated({ disk });
    expect(await sequences(again.journal)).toEqual([1n, 2n, 3n, 4n, 5n]);
  });

  it("in a new segment leaves none, and the one before goes on", async () => {
    const { journal, disk } = await simulated();
    for (let at = 1; at <= 4; at += 1) await journal.append([entry(1900, at)]);
    disk.inject({ operation: "write", nth: 1, code: "ENOSPC" });
    expect((await errorOf(journal.append([entry(1900, 5)]))).reason).toBe("full");
    expect(await disk.readdir(FOLDER)).toEqual([SEALED]);
    await journal.append([entry(10, 5)]);
    await journal.append([entry(1900, 6)]);
    expect(await sequences(journal)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  });
});
