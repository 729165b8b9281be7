import { describe, expect, it } from "vitest";
import { all, entry, errorOf, FOLDER, simulated } from "./test/journal-subjects.js";

const kinds = (trace: readonly string[]): string[] => trace.map((line) => line.split(" ")[0] ?? "");

describe("group commit", () => {
  it("writes and syncs once for all that arrived during the commit before", async () => {
    const { journal, disk } = await simulated();
    const before = disk.operations;
    const first = journal.append([entry(10, 1)]);
    await Promise.resolve();
    await Promise.resolve();
    const others = Array.from({ length: 20 }, (_, at) => journal.append([entry(10, at)]));
    await Promise.all([first, ...others]);
    expect(kinds(disk.trace.slice(before))).toEqual(["write", "datasync", "write", "datasync"]);
  });

  it("splits what is more than one commit may hold, by bytes and by entries", async () => {
    const byBytes = await simulated();
    const appends = [1, 2, 3].map((fill) => byBytes.journal.append([entry(2000, fill)]));
    const before = byBytes.disk.operations;
    await Promise.all(appends);
    expect(kinds(byBytes.disk.trace.slice(before)).filter((kind) => kind === "write")).toHaveLength(
      2,
    );
    const byCount = await simulated({ limits: { commitEntriesMax: 2 } });
    await Promise.all([1, 2, 3, 4, 5].map((fill) => byCount.journal.append([entry(1, fill)])));
    expect(kinds(byCount.disk.trace).filter((kind) => kind === "datasync")).toHaveLength(3);
    expect(await all(byCount.journal)).toHaveLength(5);
    expect((await errorOf(byCount.journal.append(Array(3).fill(entry(1, 1))))).details).toEqual({
      limit: "commitEntriesMax",
      max: 2,
      actual: 3,
    });
  });

  it("counts what entries cost besides their bytes against queuedBytesMax", async () => {
    const { journal } = await simulated({
      limits: { entryBytesMax: 10, commitBytesMax: 100, queuedBytesMax: 1000 },
    });
    const appends = Array.from({ length: 4 }, () => journal.append([{ parts: [] }]));
    const error = await errorOf(appends.at(-1) ?? Promise.resolve());
    expect([error.reason, error.details["limit"]]).toEqual(["overloaded", "queuedBytesMax"]);
    expect((await appends[2])?.last).toBe(3n);
  });

  it("does not copy a payload of one part, nor read the disk for recent entries", async () => {
    const { journal, disk } = await simulated();
    const payload = new Uint8Array(100).fill(5);
    await journal.append([{ parts: [payload] }, { parts: [payload, payload] }]);
    const reads = disk.reads;
    const [single, joined] = await all(journal);
    expect(single?.payload).toBe(payload);
    expect(joined?.payload).toHaveLength(200);
    expect((await journal.readOne(2n))?.payload).toBe(joined?.payload);
    expect(disk.reads).toBe(reads);
  });

  it("reads what left the cache from the disk, old and new in one pass", async () => {
    const { journal, disk } = await simulated();
    for (let fill = 0; fill < 40; fill += 1) await journal.append([entry(500, fill)]);
    const reads = disk.reads;
    const entries = await all(journal);
    expect(entries.map(({ payload }) => payload[0])).toEqual(entries.map((_, at) => at));
    expect(disk.reads).toBeGreaterThan(reads);
    expect((await journal.readOne(7n))?.payload[0]).toBe(6);
  });
});

describe("durability os", () => {
  it("resolves without a sync, which follows with the mark within 100 ms", async () => {
    const { journal, disk, clock } = await simulated();
    const before = disk.operations;
    await journal.append([entry(10, 1)], { durability: "os" });
    expect(kinds(disk.trace.slice(before))).toEqual(["write"]);
    await clock.advanceAsync(100);
    expect(kinds(disk.trace.slice(before))).toEqual(["write", "datasync", "write", "datasync"]);
    await clock.advanceAsync(1000);
    expect(disk.operations).toBe(before + 4);
    expect(clock.pendingTimers).toBe(0);
  });

  it("syncs at once when more than unsyncedBytesMax would be unsynced", async () => {
    const { journal, disk } = await simulated({ limits: { unsyncedBytesMax: 3000 } });
    const before = disk.operations;
    for (let at = 0; at < 3; at += 1) {
      await journal.append([entry(1000, at)], { durability: "os" });
    }
    expect(kinds(disk.trace.slice(before))).toEqual(["write", "write", "write", "datasync"]);
  });

  it("takes a damaged commit that nobody knew as synced for a torn tail, valid ones behind it too", async () => {
    const { journal, disk } = await simulated();
    await journal.append([entry(10, 1)]);
    const [name = ""] = await disk.readdir(FOLDER);
    const damaged = disk.content(`${FOLDER}/${name}`).length + 80;
    await journal.append([entry(10, 2)], { durability: "os" });
    await journal.append([entry(10, 3)], { durability: "os" });
    disk.flipBit(`${FOLDER}/${name}`, damaged);
    disk.crash({ mode: "keep" });
    const { recovery } = await simulated({ disk });
    expect(recovery).toMatchObject({ lastSequence: 1n, unmarked: true, tornBytes: 180 });
  });
});

describe("the idle mark", () => {
  it("is not written while the writer is busy, nor twice", async () => {
    const { journal, disk, clock } = await simulated();
    for (let at = 0; at < 5; at += 1) {
      await journal.append([entry(10, at)]);
      await clock.advanceAsync(30);
    }
    await clock.advanceAsync(100);
    const writes = kinds(disk.trace).filter((kind) => kind === "write");
    expect(writes.length - 1).toBeLessThanOrEqual(5 + 2);
    expect(clock.pendingTimers).toBe(0);
    await journal.close();
    expect(kinds(disk.trace).filter((kind) => kind === "write")).toEqual(writes);
  });

  it("is written by close, so that a clean end needs no cut", async () => {
    const { journal, disk, clock } = await simulated();
    await journal.append([entry(10, 1)]);
    await journal.close();
    expect(clock.pendingTimers).toBe(0);
    const { recovery, clock: second } = await simulated({ disk });
    expect(recovery).toMatchObject({ tornBytes: 0, lastSequence: 1n, unmarked: false });
    expect(second.pendingTimers).toBe(0);
  });

  it("is caught up on after a start that finds it missing", async () => {
    const { journal, disk } = await simulated();
    await journal.append([entry(10, 1)]);
    disk.crash({ mode: "drop" });
    const { clock } = await simulated({ disk });
    const before = disk.operations;
    await clock.advanceAsync(50);
    expect(kinds(disk.trace.slice(before))).toEqual(["write", "datasync"]);
  });
});

describe("failure", () => {
  const faults = [
    ["write", "EIO"],
    ["datasync", "EIO"],
  ] as const;
  it.each(faults)(
    "of a %s is final: pending and later appends reject, reads go on",
    async (operation, code) => {
      const { journal, disk, failures } = await simulated();
      await journal.append([entry(10, 1)]);
      disk.inject({ operation, nth: 1, code, leaves: "prefix" });
      const pending = [journal.append([entry(10, 2)]), journal.append([entry(10, 3)])];
      await Promise.resolve();
      await Promise.resolve();
      pending.push(journal.append([entry(10, 4)]));
      const truncating = journal.truncateBefore(1n);
      for (const promise of [...pending, truncating, journal.append([entry(1, 1)])]) {
        const error = await errorOf(promise);
        expect(error.reason).toBe("failed");
        expect(error.cause).toMatchObject({ code });
      }
      expect(await errorOf(journal.truncateBefore(1n))).toMatchObject({ reason: "failed" });
      expect(failures).toHaveLength(1);
      expect(journal.lastSequence).toBe(1n);
      expect(await all(journal)).toHaveLength(1);
      await journal.close();
      expect((await errorOf(journal.append([entry(1, 1)]))).reason).toBe("closed");
      const again = await simulated({ disk });
      expect([...((await all(again.journal))[0]?.payload ?? [])]).toEqual(Array(10).fill(1));
    },
  );

  it("of the idle mark is final too", async () => {
    const { journal, disk, clock, failures } = await simulated();
    await journal.append([entry(10, 1)]);
    disk.inject({ operation: "datasync", nth: 1, code: "EIO" });
    await clock.advanceAsync(100);
    expect(failures).toHaveLength(1);
    expect((await errorOf(journal.append([entry(1, 1)]))).reason).toBe("failed");
    await journal.close();
  });

  it("of a new segment is final, and the next start goes on", async () => {
    for (const operation of ["create", "sync", "syncDirectory"] as const) {
      const { journal, disk } = await simulated();
      for (let at = 0; at < 4; at += 1) await journal.append([entry(1900, at)]);
      disk.inject({ operation, nth: 1, code: "EIO" });
      expect((await errorOf(journal.append([entry(1900, 4)]))).reason).toBe("failed");
      await journal.close();
      const again = await simulated({ disk });
      expect(await all(again.journal)).toHaveLength(4);
      expect((await again.journal.append([entry(1900, 4)])).last).toBe(5n);
    }
  });

  it("of the mark at close rejects it and is told", async () => {
    const { journal, disk, failures } = await simulated();
    await journal.append([entry(10, 1)]);
    disk.inject({ operation: "write", nth: 1, code: "EIO" });
    expect((await errorOf(journal.close())).reason).toBe("failed");
    expect(failures).toHaveLength(1);
  });

  it("of a read leaves the journal as it is", async () => {
    const { journal, disk } = await simulated();
    for (let at = 0; at < 9; at += 1) await journal.append([entry(1900, at)]);
    disk.inject({ operation: "read", nth: 1, code: "EIO" });
    expect((await errorOf(journal.readOne(1n))).reason).toBe("io_failed");
    disk.inject({ operation: "read", nth: 3, code: "EIO" });
    expect((await errorOf(all(journal))).reason).toBe("io_failed");
    expect(await all(journal)).toHaveLength(9);
    await journal.append([entry(1, 1)]);
  });

  it.each([
    ["unlink", 0],
    ["rename", 2],
  ] as const)(
    "of removing a segment (%s) is told; the next start removes it",
    async (operation, spareSegmentsMax) => {
      const { journal, disk } = await simulated({ limits: { spareSegmentsMax } });
      for (let at = 0; at < 9; at += 1) await journal.append([entry(1900, at)]);
      disk.inject({ operation, nth: 1, code: "EIO" });
      expect((await errorOf(journal.truncateBefore(6n))).reason).toBe("io_failed");
      expect(journal.firstSequence).toBe(5n);
      await journal.append([entry(1, 1)]);
      await journal.close();
      expect(await disk.readdir(FOLDER)).toContain("0000000000000001.seg");
      const again = await simulated({ disk });
      expect(again.journal.firstSequence).toBe(5n);
      expect(await disk.readdir(FOLDER)).not.toContain("0000000000000001.seg");
    },
  );

  it("of recording what retention lets go is final", async () => {
    const { journal, disk } = await simulated();
    for (let at = 0; at < 9; at += 1) await journal.append([entry(1900, at)]);
    disk.inject({ operation: "write", nth: 1, code: "EIO" });
    expect((await errorOf(journal.truncateBefore(6n))).reason).toBe("failed");
  });
});

describe("reading while it changes", () => {
  it("goes on while the segments it reads are closed to make room", async () => {
    const { journal } = await simulated({ limits: { openSegmentsMax: 1 } });
    for (let at = 0; at < 20; at += 1) await journal.append([entry(1900, at)]);
    const passes = Array.from({ length: 6 }, (_, at) => all(journal, BigInt(1 + 3 * at)));
    const lookups = [1n, 6n, 11n, 16n, 2n, 7n].map((sequence) => journal.readOne(sequence));
    for (const [at, entries] of (await Promise.all(passes)).entries()) {
      expect(entries.map(({ payload }) => payload[0])).toEqual(
        Array.from({ length: 20 - 3 * at }, (_, offset) => 3 * at + offset),
      );
    }
    expect((await Promise.all(lookups)).map((found) => found?.payload[0])).toEqual([
      0, 5, 10, 15, 1, 6,
    ]);
  });

  it("skips what retention takes away meanwhile", async () => {
    const { journal } = await simulated({ limits: { openSegmentsMax: 1 } });
    for (let at = 0; at < 20; at += 1) await journal.append([entry(1900, at)]);
    const seen: bigint[] = [];
    for await (const { sequence } of journal.read({ from: 1n })) {
      seen.push(sequence);
      if (sequence === 1n) await journal.truncateBefore(12n);
    }
    expect(seen[0]).toBe(1n);
    expect(seen.slice(-9)).toEqual(Array.from({ length: 9 }, (_, at) => BigInt(at + 12)));
    expect(seen).toEqual([...seen].sort((a, b) => Number(a - b)));
  });

  it("ends with closed when the journal is closed in the middle", async () => {
    const { journal } = await simulated();
    for (let at = 0; at < 9; at += 1) await journal.append([entry(1900, at)]);
    const reading = (async () => {
      for await (const _ of journal.read({ from: 1n })) await journal.close();
    })();
    expect((await errorOf(reading)).reason).toBe("closed");
  });
});
