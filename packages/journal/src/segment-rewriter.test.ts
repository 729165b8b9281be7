import { describe, expect, it } from "vitest";
import {
  all,
  entry,
  errorOf,
  FOLDER,
  idle,
  one,
  sequences,
  simulated,
  twelve,
} from "./test/journal-subjects.js";

const path = (name: string): string => `${FOLDER}/${name}`;
const FIRST = "0000000000000001.seg";

describe("a segment of which more than half is forgotten", () => {
  it("is replaced by one that holds the rest under the same sequences", async () => {
    const { journal, disk } = await twelve();
    const before = journal.bytes;
    await journal.forget([one(1n), { first: 3n, last: 4n }]);
    await idle();
    expect(await sequences(journal)).toEqual([2n, 5n, 6n, 7n, 8n, 9n, 10n, 11n, 12n]);
    expect((await journal.readOne(2n))?.payload[0]).toBe(2);
    expect(await journal.readOne(3n)).toBeUndefined();
    const bytes = disk.content(path(FIRST)).length;
    expect(bytes).toBeLessThan(2200);
    expect(journal.figures).toEqual({ rewrittenSegments: 1, rewrittenBytes: bytes });
    expect(journal.bytes).toBeLessThan(before - 5000);
    await journal.close();
    const again = await simulated({ disk });
    expect(await sequences(again.journal)).toEqual([2n, 5n, 6n, 7n, 8n, 9n, 10n, 11n, 12n]);
    expect(await again.journal.append([entry(1, 1)])).toEqual({ first: 13n, last: 13n });
  });

  it("stays as it is while half of its bytes are needed", async () => {
    const { journal, disk } = await simulated();
    const content = () => disk.content(path(FIRST));
    await journal.append([entry(1900, 1), ...Array.from({ length: 9 }, () => entry(10, 2))]);
    for (let at = 0; at < 4; at += 1) await journal.append([entry(1900, 3)]);
    const before = content();
    await journal.forget([{ first: 2n, last: 10n }]);
    await idle();
    expect(content()).toEqual(before);
    expect(journal.figures.rewrittenBytes).toBe(0);
    await journal.forget([{ first: 1n, last: 12n }]);
    await idle();
    expect(await sequences(journal)).toEqual([13n, 14n]);
  });

  it("may be forgotten whole, and be rewritten again", async () => {
    const { journal, disk } = await twelve({ limits: { rewriteBytesMin: 3000 } });
    await journal.forget([{ first: 5n, last: 7n }]);
    await idle();
    await journal.forget([one(8n)]);
    await idle();
    expect(journal.figures.rewrittenSegments).toBe(1);
    expect(await sequences(journal)).toEqual([1n, 2n, 3n, 4n, 8n, 9n, 10n, 11n, 12n]);
    await journal.close();
    const small = await simulated({ disk, limits: { rewriteBytesMin: 0 } });
    await idle();
    expect(small.journal.figures.rewrittenSegments).toBe(1);
    expect(await sequences(small.journal)).toEqual([1n, 2n, 3n, 4n, 9n, 10n, 11n, 12n]);
    await small.journal.forget([{ first: 1n, last: 8n }]);
    await idle();
    expect(await sequences(small.journal)).toEqual([9n, 10n, 11n, 12n]);
    expect(small.journal.figures.rewrittenSegments).toBe(2);
    await small.journal.close();
    const { journal: last } = await simulated({ disk });
    expect(await sequences(last)).toEqual([9n, 10n, 11n, 12n]);
    expect(last.firstSequence).toBe(1n);
  });

  it("was the active one when that happened, and is rewritten once it is sealed", async () => {
    const { journal, disk } = await simulated();
    for (let at = 1; at <= 4; at += 1) await journal.append([entry(1900, at)]);
    await journal.forget([{ first: 1n, last: 3n }]);
    await idle();
    expect(await disk.readdir(FOLDER)).toEqual([FIRST]);
    await journal.append([entry(1900, 5)]);
    await idle();
    expect(journal.figures.rewrittenSegments).toBe(1);
    expect((await journal.readOne(4n))?.payload[0]).toBe(4);
  });

  it("has its small commits merged, up to the entries that one may hold", async () => {
    const { journal, disk } = await simulated({ limits: { commitEntriesMax: 10 } });
    for (let at = 0; at < 90; at += 1) await journal.append([entry(10, at)]);
    await journal.append([entry(1900, 1)]);
    const before = disk.content(path(FIRST)).length;
    await journal.forget([{ first: 1n, last: 60n }]);
    await idle();
    expect(journal.figures.rewrittenSegments).toBe(1);
    // 30 entries of 10 bytes and a table row, in three commits.
    const live = 30 * 26 + 3 * 64;
    expect(disk.content(path(FIRST)).length).toBeLessThan(live + 128 + 100);
    expect(before).toBeGreaterThan(8000);
    expect((await sequences(journal)).slice(0, 3)).toEqual([61n, 62n, 63n]);
    expect((await journal.readOne(75n))?.payload[0]).toBe(74);
  });

  it("is followed from commit to commit without its footer, no commit missing", async () => {
    const { journal, disk } = await simulated({ limits: { commitEntriesMax: 10 } });
    for (let at = 0; at < 90; at += 1) await journal.append([entry(10, at)]);
    await journal.append([entry(1900, 1)]);
    await journal.forget([{ first: 1n, last: 60n }]);
    await idle();
    await journal.close();
    const commit = 64 + 10 * 26;
    const file = await disk.open(path(FIRST), "write");
    await file.truncate(128 + 3 * commit);
    const again = await simulated({ disk });
    expect(await all(again.journal)).toHaveLength(31);
    await again.journal.close();
    // Without the middle one everything else is sound, and its absence is noticed.
    const tail = disk.content(path(FIRST)).slice(128 + 2 * commit);
    await file.writev([tail], 128 + commit);
    await file.truncate(128 + 2 * commit);
    const third = await simulated({ disk });
    expect(await errorOf(all(third.journal))).toMatchObject({
      reason: "corrupt",
      segment: FIRST,
      position: 128 + commit,
    });
  });
});

describe("what goes on while a segment is rewritten", () => {
  it("reading of more than a window, which goes on in the file that takes the place", async () => {
    const limits = {
      entryBytesMax: 900_000,
      commitBytesMax: 900_000,
      queuedBytesMax: 2_000_000,
      segmentBytes: 15_000_000,
    };
    const { journal, disk } = await simulated({ limits });
    for (let at = 1; at <= 17; at += 1) await journal.append([entry(900_000, at)]);
    const before = disk.operations;
    const seen: number[] = [];
    for await (const { payload } of journal.read({ from: 1n })) {
      seen.push(payload[899_999] ?? 0);
      if (seen.length > 1) continue;
      await journal.forget([
        { first: 1n, last: 5n },
        { first: 8n, last: 11n },
      ]);
      await idle();
      expect(journal.figures.rewrittenSegments).toBe(1);
    }
    expect(seen).toEqual([1, 6, 7, 12, 13, 14, 15, 16, 17]);
    // Synced on the way, so that a commit's sync never waits for all of it.
    expect(disk.trace.slice(before)).toContain(`datasync ${path(FIRST)}.new`);
  });

  it("reading, which sees neither more nor less", async () => {
    const { journal } = await twelve({ limits: { openSegmentsMax: 1 } });
    const seen: bigint[] = [];
    for await (const { sequence, payload } of journal.read({ from: 1n })) {
      seen.push(sequence);
      expect(payload[0]).toBe(Number(sequence));
      if (sequence === 2n) {
        await journal.forget([{ first: 1n, last: 3n }]);
        await idle();
        expect(journal.figures.rewrittenSegments).toBe(1);
      }
    }
    expect(seen.filter((sequence) => sequence !== 3n)).toEqual(
      [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12].map(BigInt),
    );
  });

  it("commits, whose syncs do not wait for it", async () => {
    const { journal, disk } = await twelve();
    const before = disk.operations;
    await journal.forget([{ first: 1n, last: 3n }]);
    await journal.append([entry(10, 13)]);
    expect(journal.figures.rewrittenSegments).toBe(0);
    await idle();
    const trace = disk.trace.slice(before);
    expect(trace.indexOf(`rename ${path(FIRST)}.new`)).toBeGreaterThan(
      trace.findIndex((line) => line.startsWith("datasync")),
    );
  });

  it("retention, whatever it finds of the rewriting", async () => {
    for (let turns = 0; turns < 80; turns += 1) {
      const { journal, disk, rewriteErrors } = await twelve();
      await journal.forget([{ first: 1n, last: 3n }]);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await journal.truncateBefore(9n);
      await idle();
      expect(await sequences(journal)).toEqual([9n, 10n, 11n, 12n]);
      await journal.close();
      expect((await disk.readdir(FOLDER)).filter((name) => name < "0000000000000009")).toEqual([]);
      expect(rewriteErrors).toEqual([]);
    }
  });

  it("forgetting, which counts for the segment that takes its place", async () => {
    for (let turns = 0; turns < 80; turns += 1) {
      const { journal } = await twelve({ limits: { rewriteBytesMin: 0 } });
      await journal.forget([{ first: 1n, last: 3n }]);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await journal.forget([one(4n)]);
      await idle();
      expect((await sequences(journal))[0]).toBe(5n);
    }
  });

  it("closing, which leaves the old one or the new one", async () => {
    for (let turns = 0; turns < 80; turns += 1) {
      const { journal, disk, rewriteErrors } = await twelve();
      await journal.forget([{ first: 1n, last: 3n }]);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await journal.close();
      expect(rewriteErrors).toEqual([]);
      const again = await simulated({ disk });
      const found = await sequences(again.journal);
      expect(found.filter((sequence) => sequence > 3n)).toEqual(
        [4, 5, 6, 7, 8, 9, 10, 11, 12].map(BigInt),
      );
    }
  });
});

describe("trouble while a segment is rewritten", () => {
  it("a damaged entry that is needed stops it, is told and stays where it is", async () => {
    const { journal, disk, rewriteErrors } = await twelve();
    const at = 128 + 3 * (64 + 16 + 1900) + 80;
    disk.flipBit(path(FIRST), at + 3);
    await journal.forget([{ first: 1n, last: 3n }]);
    await idle();
    expect(rewriteErrors).toHaveLength(1);
    expect(rewriteErrors[0]).toMatchObject({
      reason: "corrupt",
      segment: FIRST,
      position: at,
      sequences: { first: 4n, last: 4n },
    });
    expect((await disk.readdir(FOLDER)).filter((name) => name.endsWith(".seg.new"))).toEqual([]);
    expect((await journal.readOne(1n))?.payload[0]).toBe(1);
    expect((await errorOf(journal.readOne(4n))).reason).toBe("corrupt");
    await journal.forget([one(3n), one(4n)]);
    await idle();
    expect(rewriteErrors).toHaveLength(1);
  });

  it("so does a damaged head, wherever it is", async () => {
    const { journal, disk, rewriteErrors } = await twelve();
    disk.flipBit(path(FIRST), 128 + 3 * (64 + 16 + 1900) + 70);
    await journal.forget([{ first: 1n, last: 3n }]);
    await idle();
    expect(rewriteErrors.map(({ reason }) => reason)).toEqual(["corrupt"]);
    expect((await journal.readOne(1n))?.payload[0]).toBe(1);
  });

  it("a damaged entry that is forgotten goes with the others", async () => {
    const { journal, disk, rewriteErrors } = await twelve();
    disk.flipBit(path(FIRST), 128 + 100);
    await journal.forget([{ first: 1n, last: 3n }]);
    await idle();
    expect(rewriteErrors).toEqual([]);
    expect((await sequences(journal))[0]).toBe(4n);
  });

  it.each(["create", "write", "sync", "rename", "syncDirectory", "read"] as const)(
    "a %s that fails is told; journal, commits and reads go on",
    async (operation) => {
      const { journal, disk, rewriteErrors, failures } = await twelve();
      disk.inject({ operation, nth: 1, code: "EIO" });
      await journal.forget([{ first: 5n, last: 7n }]);
      await idle();
      expect(rewriteErrors.map(({ reason }) => reason)).toEqual(["io_failed"]);
      expect((await journal.readOne(8n))?.payload[0]).toBe(8);
      await journal.append([entry(10, 13)]);
      await journal.forget([{ first: 1n, last: 3n }]);
      await idle();
      expect(await sequences(journal)).toEqual(expect.arrayContaining([4n, 8n, 13n]));
      expect(failures).toEqual([]);
      await journal.close();
      const again = await simulated({ disk });
      await idle();
      expect(await sequences(again.journal)).toEqual([4, 8, 9, 10, 11, 12, 13].map(BigInt));
      expect((await disk.readdir(FOLDER)).filter((name) => name.endsWith(".new"))).toEqual([]);
    },
  );

  it("what a crash left is removed by the next start", async () => {
    const { journal, disk } = await twelve();
    await journal.close();
    for (const name of [`${FIRST}.new`, "0000000000000001.gone.new", "0000000000000002.gone"]) {
      await disk.open(path(name), "create");
    }
    await simulated({ disk });
    expect((await disk.readdir(FOLDER)).every((name) => name.endsWith(".seg"))).toBe(true);
  });
});
