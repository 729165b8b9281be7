import { describe, expect, it } from "vitest";
import { FORGOTTEN_SAVE_MS } from "./limits.js";
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

describe("what is forgotten is noted beside each sealed segment", () => {
  const GONE = "0000000000000001.gone";

  it("after a while and at close, and counts after the next start", async () => {
    const { journal, disk, clock } = await twelve();
    await journal.forget([one(1n), one(12n)]);
    expect(await disk.readdir(FOLDER)).not.toContain(GONE);
    await clock.advanceAsync(FORGOTTEN_SAVE_MS);
    expect((await disk.readdir(FOLDER)).filter((name) => name.endsWith(".gone"))).toEqual([GONE]);
    await journal.forget([one(2n)]);
    await journal.close();
    expect(clock.pendingTimers).toBe(0);
    const again = await simulated({ disk });
    await again.journal.forget([one(3n)]);
    await idle();
    expect((await sequences(again.journal))[0]).toBe(4n);
    await again.journal.truncateBefore(5n);
    expect(await disk.readdir(FOLDER)).not.toContain(GONE);
  });

  it("and what is damaged, cut or another's is ignored: space is freed later", async () => {
    const { journal, disk } = await twelve();
    await journal.forget([one(1n), one(2n)]);
    await journal.close();
    const sound = disk.content(path(GONE));
    const damaged: Uint8Array[] = [new Uint8Array(0), sound.slice(0, 63), sound.slice(0, 64)];
    for (let offset = 0; offset < sound.length; offset += 1) {
      const flipped = sound.slice();
      flipped[offset] = (flipped[offset] ?? 0) ^ (1 << (offset % 8));
      damaged.push(flipped);
    }
    for (const bytes of damaged) {
      const file = await disk.open(path(GONE), "write");
      await file.truncate(0);
      await file.writev([bytes], 0);
      const again = await simulated({ disk });
      await idle();
      expect(again.journal.figures.rewrittenBytes).toBe(0);
      expect(await all(again.journal)).toHaveLength(12);
      await again.journal.close();
    }
    const file = await disk.open(path(GONE), "write");
    await file.writev([sound], 0);
    const again = await simulated({ disk });
    await again.journal.forget([one(3n)]);
    await idle();
    expect(again.journal.figures.rewrittenSegments).toBe(1);
  });

  it("in bytes as documented", async () => {
    const { journal, disk } = await twelve();
    await journal.forget([one(1n), one(3n)]);
    await journal.close();
    const bytes = Buffer.from(disk.content(path(GONE)));
    const header = Buffer.from(disk.content(path(FIRST)));
    expect(bytes.toString("latin1", 0, 8)).toBe("\x01OXPGONE");
    expect([bytes.readUInt16LE(8), bytes.readUInt16LE(10)]).toEqual([1, 64]);
    expect(bytes.readUInt32LE(12)).toBe(bytes.length - 64);
    expect(bytes.subarray(16, 48)).toEqual(header.subarray(16, 48));
    expect([bytes.readUInt32LE(48), bytes[64]]).toEqual([0, 0b101]);
  });

  it("in bounded memory: the rest is read back from its files", async () => {
    const { journal } = await twelve({ limits: { forgottenBytesMax: 0 } });
    for (const sequence of [1n, 5n, 2n, 6n]) await journal.forget([one(sequence)]);
    await idle();
    expect(await sequences(journal)).toEqual([3n, 4n, 7n, 8n, 9n, 10n, 11n, 12n]);
    await journal.close();
  });

  it("and a failure to note it is told, and made good at close", async () => {
    const { journal, disk, clock, rewriteErrors } = await twelve();
    await journal.forget([one(1n)]);
    await clock.advanceAsync(100);
    disk.inject({ operation: "write", nth: 1, code: "ENOSPC" });
    await clock.advanceAsync(FORGOTTEN_SAVE_MS);
    expect(rewriteErrors.map(({ reason }) => reason)).toEqual(["io_failed"]);
    await journal.close();
    expect(await disk.readdir(FOLDER)).toContain(GONE);
  });

  it("and a failure to read it back is told to the caller", async () => {
    const { journal, disk } = await twelve();
    await journal.forget([one(1n)]);
    await journal.close();
    const again = await simulated({ disk });
    await idle();
    await again.journal.forget([one(5n)]);
    const third = await simulated({ disk, limits: { forgottenBytesMax: 0 } });
    disk.inject({ operation: "read", nth: 1, code: "EIO" });
    await idle();
    expect(third.rewriteErrors.map(({ reason }) => reason)).toEqual(["io_failed"]);
    expect(await all(third.journal)).toHaveLength(12);
  });
});

it("refuses more ranges than forgetRangesMax at once", async () => {
  const { journal } = await simulated({ limits: { forgetRangesMax: 2 } });
  await journal.append([entry(1, 1)]);
  const error = await errorOf(journal.forget([one(1n), one(1n), one(1n)]));
  expect(error).toMatchObject({
    reason: "limit_exceeded",
    details: { limit: "forgetRangesMax", max: 2, actual: 3 },
  });
});

it("takes nothing more after a failure", async () => {
  const { journal, disk } = await twelve();
  disk.inject({ operation: "write", nth: 1, code: "EIO" });
  await errorOf(journal.append([entry(1, 1)]));
  expect((await errorOf(journal.forget([one(1n)]))).reason).toBe("failed");
});
