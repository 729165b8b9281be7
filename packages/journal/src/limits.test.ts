import { expect, it } from "vitest";
import { AppendQueue } from "./append-queue.js";
import { ensureFolder } from "./ensure-folder.js";
import { JournalError } from "./index.js";
import { JOURNAL_LIMITS, journalLimits, SEQUENCE_MAX } from "./limits.js";
import { TailCache } from "./tail-cache.js";
import { errorOf, simulated } from "./test/journal-subjects.js";

it("has defaults that agree with each other", () => {
  expect(journalLimits()).toEqual(JOURNAL_LIMITS);
  expect(JOURNAL_LIMITS.entryBytesMax).toBe(1024 * 1024 - 4096);
});

it.each([
  { entryBytesMax: 1.5 },
  { segmentBytes: -1 },
  { entryBytesMax: 9 * 1024 * 1024 },
  { queuedBytesMax: 1024 },
  { segmentBytes: 2 ** 31 },
  { openSegmentsMax: 0 },
  { commitEntriesMax: 0 },
])("refuses %o", async (limits) => {
  expect(() => journalLimits(limits)).toThrow(RangeError);
  await expect(simulated({ limits })).rejects.toThrow(RangeError);
});

it("ends with the largest sequence that positions can name", () => {
  const queue = new AppendQueue(journalLimits(), SEQUENCE_MAX - 1n);
  const settle = { resolve: () => undefined, reject: () => undefined };
  expect(() => queue.add([{ parts: [] }, { parts: [] }], {}, settle)).toThrow(JournalError);
  queue.add([{ parts: [] }], {}, settle);
  expect(queue.take()[0]?.last).toBe(SEQUENCE_MAX);
});

it("holds no more than tailCacheBytesMax, the newest of it", () => {
  const cache = new TailCache(256 * 1000 + 256, 1n);
  for (let at = 0; at < 5000; at += 1) cache.add({ parts: [] });
  expect(cache.bytes).toBe(256 * 1001);
  expect(cache.first).toBe(5001n - 1001n);
  expect(cache.get(cache.first)?.sequence).toBe(cache.first);
  expect(cache.get(cache.first - 1n)).toBeUndefined();
  expect(cache.get(5001n)).toBeUndefined();
  const none = new TailCache(0, 1n);
  none.add({ parts: [new Uint8Array(1)] });
  expect([none.bytes, none.first]).toEqual([0, 2n]);
});

it("does not sync above a folder that it could not have made", async () => {
  const { disk } = await simulated();
  const forbidden = Object.assign(new Error("no"), { code: "EACCES" });
  const closed = Object.create(disk, {
    exists: { value: async () => true },
    syncDirectory: { value: () => Promise.reject(forbidden) },
  });
  await ensureFolder(closed, "/a/b");
  const broken = Object.create(closed, {
    syncDirectory: { value: () => Promise.reject(new Error("EIO")) },
  });
  await expect(ensureFolder(broken, "/a/b")).rejects.toThrow("EIO");
  await ensureFolder(broken, "/");
});

it("wraps what is not typed", async () => {
  expect(JournalError.from("text", "test")).toMatchObject({ reason: "io_failed", cause: "text" });
  const error = new JournalError("closed", "x");
  expect(JournalError.from(error, "test")).toBe(error);
  expect(await errorOf(Promise.reject(error))).toBe(error);
});
