import { SimulatedDisk } from "@opendxa/pubsub-simulated";
import { expect, it } from "vitest";
import type { Disk, DiskFile, OpenMode } from "./disk.js";
import { copySegments, newestCommit, type Quietly } from "./segment-backup.js";
import { withMethod } from "./test/crash-trace.js";
import { entry, errorOf, FOLDER, one, twelve } from "./test/journal-subjects.js";
import { findings, specimen } from "./test/specimen.js";
import type { Timers } from "./timers.js";

const COPY = "/copy";
const FIRST = "0000000000000001.seg";
const NEWEST = "0000000000000009.seg";
const running: Quietly = (run) => run(false);
const stopped: Quietly = (run) => run(true);

/** Waiting that takes no time; `onWait` is what happens meanwhile. */
function waiting(onWait: () => void = () => undefined): Timers & { waits: number } {
  return {
    waits: 0,
    setTimer(callback) {
      this.waits += 1;
      onWait();
      setImmediate(callback);
      return undefined;
    },
    clearTimer: () => undefined,
  };
}

async function copy(
  disk: SimulatedDisk,
  options: Partial<Parameters<typeof copySegments>[0]> = {},
) {
  if (!(await disk.exists(COPY))) await disk.mkdir(COPY);
  const copied = await copySegments({
    disk,
    from: FOLDER,
    to: COPY,
    timers: waiting(),
    commitMin: 0n,
    sequenceMin: 0n,
    quietly: running,
    ...options,
  });
  await disk.syncDirectory(COPY);
  await disk.syncDirectory("/");
  return copied;
}

it("copies a journal that is written: what is sealed by name, the newest to its synced end", async () => {
  const { disk, journal } = await twelve();
  const copied = await copy(disk);
  expect(copied).toMatchObject({ journalId: journal.id, firstSequence: 1n, lastSequence: 11n });
  expect([...copied.files.keys()]).toEqual([FIRST, "0000000000000005.seg", NEWEST]);
  const links = disk.trace.filter((line) => line.startsWith("link"));
  expect(links).toEqual([`link ${COPY}/${FIRST}`, `link ${COPY}/0000000000000005.seg`]);
  // What the writer does later is no part of the copy.
  await journal.append([entry(100, 13)]);
  disk.crash({ mode: "drop" });
  expect(await findings(disk, COPY)).toEqual([]);
  expect(disk.content(`${COPY}/${NEWEST}`).length).toBe(copied.files.get(NEWEST)?.bytes);
});

it("waits until the last commit of the beginning is marked as synced", async () => {
  const { disk, clock } = await twelve();
  const commitMin = await newestCommit(disk, FOLDER);
  const timers = waiting(() => clock.advance(50));
  expect(await copy(disk, { commitMin, timers })).toMatchObject({ lastSequence: 12n });
  expect(timers.waits).toBeGreaterThan(0);
});

it("waits for the sequence of a checkpoint", async () => {
  const { disk, clock } = await twelve();
  const timers = waiting(() => clock.advance(50));
  expect(await copy(disk, { sequenceMin: 12n, timers })).toMatchObject({ lastSequence: 12n });
});

it("gives up on a writer that never marks, after so many looks", async () => {
  const { disk } = await twelve();
  const timers = waiting();
  const error = await errorOf(copy(disk, { sequenceMin: 12n, timers }));
  expect(error.reason).toBe("io_failed");
  expect(error.message).toContain("is not marked as synced");
  expect(timers.waits).toBe(60);
});

it("goes to the valid end where nobody writes, without a torn tail", async () => {
  const { disk } = await twelve();
  const path = `${FOLDER}/${NEWEST}`;
  const file = await disk.open(path, "write");
  const bytes = await file.size();
  await file.writev([Buffer.from("CMT1 torn")], bytes);
  const copied = await copy(disk, {
    quietly: stopped,
    commitMin: await newestCommit(disk, FOLDER),
  });
  expect(copied.lastSequence).toBe(12n);
  expect(copied.files.get(NEWEST)?.bytes).toBe(bytes);
  expect(await findings(disk, COPY)).toEqual([]);
});

it("refuses a journal that ends before its checkpoint where nobody writes", async () => {
  const { disk } = await twelve();
  const error = await errorOf(copy(disk, { quietly: stopped, sequenceMin: 13n }));
  expect(error).toMatchObject({ reason: "corrupt", sequences: one(13n) });
});

it("takes rewritten segments, and leaves notes of what is forgotten out", async () => {
  const disk = await specimen();
  const copied = await copy(disk, { quietly: stopped });
  expect([...copied.files.keys()].every((name) => name.endsWith(".seg"))).toBe(true);
  expect(copied.lastSequence).toBe(22n);
  expect(await findings(disk, COPY)).toEqual([]);
});

it("copies a sealed segment without its footer up to its last commit", async () => {
  const { disk } = await twelve();
  const file = await disk.open(`${FOLDER}/${FIRST}`, "write");
  await file.truncate((await file.size()) - 5);
  await copy(disk);
  const found = await findings(disk, COPY);
  expect(found.map(({ kind, severity }) => [kind, severity])).toEqual([
    ["footer_missing", "notice"],
  ]);
});

it("copies where the target lies on another file system", async () => {
  const { disk } = await twelve();
  disk.inject({ operation: "link", nth: 1, code: "EXDEV" });
  disk.inject({ operation: "link", nth: 2, code: "EXDEV" });
  await copy(disk);
  disk.crash({ mode: "drop" });
  expect(await findings(disk, COPY)).toEqual([]);
});

it("leaves out what retention let go, and names what it removes meanwhile", async () => {
  const { disk, journal } = await twelve();
  await journal.truncateBefore(5n);
  const copied = await copy(disk);
  expect(copied.firstSequence).toBe(5n);
  expect([...copied.files.keys()]).not.toContain(FIRST);
  const later = await twelve();
  const link = later.disk.link.bind(later.disk);
  const removing = Object.assign(later.disk, {
    link: async (from: string, to: string) => {
      await later.disk.unlink(from);
      await link(from, to);
    },
  });
  await expect(copy(removing)).rejects.toMatchObject({ code: "ENOENT" });
});

/** A disk on which something happens once a copy of a file begins to read it. */
function onCopy(disk: SimulatedDisk, path: string, act: () => Promise<void>): Disk {
  let opens = 0;
  const open = async (opened: string, mode: OpenMode): Promise<DiskFile> => {
    const file = await disk.open(opened, mode);
    if (opened === path) opens += 1;
    // Before, its header is read, and then its commits or its footer are looked at.
    if (opened !== path || opens !== 3) return file;
    return withMethod<DiskFile>(file, "read", async (buffer: Uint8Array, position: number) => {
      if (position === 0) await act();
      return await file.read(buffer, position);
    });
  };
  return withMethod<Disk>(disk, "open", open);
}

it.each([FIRST, NEWEST])(
  "never takes what is written over %s meanwhile for its bytes",
  async (name) => {
    const { disk, journal } = await twelve({ limits: { spareSegmentsMax: 1 } });
    for (const nth of [1, 2]) disk.inject({ operation: "link", nth, code: "EXDEV" });
    if (name === NEWEST) await journal.truncateBefore(9n);
    const recycle = async (): Promise<void> => {
      for (let at = 13; at <= 17; at += 1) await journal.append([entry(1900, at)]);
      await journal.truncateBefore(name === FIRST ? 5n : 13n);
      for (let at = 18; at <= 25; at += 1) await journal.append([entry(1900, at)]);
    };
    const seen = onCopy(disk, `${FOLDER}/${name}`, recycle);
    await expect(copy(disk, { disk: seen })).rejects.toMatchObject({ code: "ENOENT" });
    expect(disk.trace.filter((line) => line.includes(".spare")).length).toBeGreaterThan(0);
  },
);

it("never keeps a second name of a file that had lost its own when it was given", async () => {
  const { disk, journal } = await twelve();
  const link = async (from: string, to: string): Promise<void> => {
    // What a system may do that had looked the file up before.
    await journal.truncateBefore(5n);
    await disk.link(from.replace(FIRST, FIRST.replace(".seg", ".spare")), to);
  };
  const seen = withMethod<Disk>(disk, "link", link);
  await expect(copy(disk, { disk: seen })).rejects.toMatchObject({ code: "ENOENT" });
});

it("refuses what is damaged, and a folder without segments", async () => {
  const { disk } = await twelve();
  disk.flipBit(`${FOLDER}/${NEWEST}`, 128 + 40);
  expect(await errorOf(copy(disk))).toMatchObject({ reason: "corrupt", segment: NEWEST });
  const empty = new SimulatedDisk({ seed: 1 });
  await empty.mkdir("/data");
  expect(await errorOf(newestCommit(empty, "/data"))).toMatchObject({ reason: "unsupported" });
});
