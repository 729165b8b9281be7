import type { SimulatedDisk } from "@opendxa/pubsub-simulated";
import { expect, it } from "vitest";
import {
  all,
  entry,
  FOLDER,
  idle,
  SMALL,
  sequences,
  simulated,
  twelve,
} from "./test/journal-subjects.js";
import { RECYCLED } from "./test/recycled-place.js";
import { watchedReads } from "./test/watched-reads.js";

const FIRST = `${FOLDER}/0000000000000001`;
const SECOND = `${FOLDER}/0000000000000005`;

async function spares(disk: SimulatedDisk): Promise<string[]> {
  return (await disk.readdir(FOLDER)).filter((name) => name.endsWith(".spare"));
}

async function folderBytes(disk: SimulatedDisk): Promise<number> {
  let bytes = 0;
  for (const name of await disk.readdir(FOLDER)) bytes += disk.content(`${FOLDER}/${name}`).length;
  return bytes;
}

it("keeps so many dropped files as the bound says, and counts their bytes", async () => {
  const { journal, disk } = await simulated();
  for (let at = 1; at <= 17; at += 1) await journal.append([entry(1900, at)]);
  await journal.truncateBefore(17n);
  expect(await spares(disk)).toEqual(["0000000000000001.spare", "0000000000000005.spare"]);
  expect(journal.bytes).toBe(await folderBytes(disk));
  for (let at = 18; at <= 29; at += 1) {
    await journal.append([entry(1900, at)]);
    expect(journal.bytes).toBe(await folderBytes(disk));
  }
  expect(await spares(disk)).toEqual([]);
});

it.each([0, 1])("keeps %d where the bound is that", async (spareSegmentsMax) => {
  const { disk, journal } = await twelve({ limits: { spareSegmentsMax } });
  await journal.truncateBefore(9n);
  expect(await spares(disk)).toHaveLength(spareSegmentsMax);
});

it("writes over a file only under a name that no start takes for a segment's", async () => {
  const { disk, journal } = await twelve();
  await journal.truncateBefore(9n);
  const before = disk.trace.length;
  await journal.append([entry(1900, 13)]);
  const trace = disk.trace.slice(before).map((line) => line.replace(`${FOLDER}/`, ""));
  expect(trace.slice(0, 4)).toEqual([
    "write 0000000000000005.spare",
    "sync 0000000000000005.spare",
    "rename 0000000000000005.spare",
    `syncDirectory ${FOLDER}`,
  ]);
  expect(await sequences(journal)).toEqual([9n, 10n, 11n, 12n, 13n]);
});

it("removes them at close, and at a start what a crash has left", async () => {
  const { disk, journal } = await twelve();
  await journal.truncateBefore(9n);
  disk.crash({ mode: "drop" });
  expect(await spares(disk)).toHaveLength(2);
  const again = await simulated({ disk });
  expect(await spares(disk)).toEqual([]);
  for (let at = 13; at <= 17; at += 1) await again.journal.append([entry(1900, at)]);
  await again.journal.truncateBefore(13n);
  expect(await spares(disk)).toHaveLength(1);
  await again.journal.close();
  expect(await spares(disk)).toEqual([]);
});

it("gives them up when space is low, and keeps none until it is not", async () => {
  const { disk, journal } = await twelve();
  await journal.truncateBefore(5n);
  expect(await spares(disk)).toHaveLength(1);
  journal.noteSpace(true);
  await idle();
  expect(await spares(disk)).toEqual([]);
  await journal.truncateBefore(9n);
  expect(await spares(disk)).toEqual([]);
  journal.noteSpace(false);
  for (let at = 13; at <= 17; at += 1) await journal.append([entry(1900, at)]);
  await journal.truncateBefore(13n);
  expect(await spares(disk)).toHaveLength(1);
});

it("gives them up where a commit finds the disk full", async () => {
  const { disk, journal } = await twelve();
  await journal.truncateBefore(9n);
  await journal.append([entry(10, 13)]);
  disk.inject({ operation: "write", nth: 1, code: "ENOSPC" });
  await expect(journal.append([entry(10, 14)])).rejects.toMatchObject({ reason: "full" });
  await idle();
  expect(await spares(disk)).toEqual([]);
  expect(journal.bytes).toBe(await folderBytes(disk));
  await journal.append([entry(10, 14)]);
  expect(await all(journal)).toHaveLength(6);
});

it("makes a new file where writing over old ones takes space that there is not", async () => {
  const { disk, journal } = await twelve();
  await journal.truncateBefore(9n);
  disk.inject({ operation: "write", nth: 1, code: "ENOSPC" });
  disk.inject({ operation: "write", nth: 2, code: "ENOSPC" });
  await journal.append([entry(1900, 13)]);
  expect(await spares(disk)).toEqual([]);
  expect(disk.trace).toContain(`create ${RECYCLED}`);
  expect(await sequences(journal)).toEqual([9n, 10n, 11n, 12n, 13n]);
});

it("goes on where one cannot be removed; the next start does it", async () => {
  const { disk, journal } = await twelve({ limits: { spareSegmentsMax: 1 } });
  await journal.truncateBefore(5n);
  await disk.link(`${FIRST}.spare`, "/data/linked");
  disk.inject({ operation: "unlink", nth: 1, code: "EIO" });
  await journal.append([entry(1900, 13)]);
  expect(disk.trace).toContain(`create ${RECYCLED}`);
  await journal.close();
  expect(await spares(disk)).toHaveLength(1);
  const again = await simulated({ disk });
  expect(await spares(disk)).toEqual([]);
  expect(await sequences(again.journal)).toHaveLength(9);
});

it("never keeps a file that a backup has a name of", async () => {
  const { disk, journal } = await twelve();
  await disk.link(`${FIRST}.seg`, "/data/linked");
  const bytes = disk.content("/data/linked");
  await journal.truncateBefore(9n);
  expect(await spares(disk)).toEqual(["0000000000000005.spare"]);
  for (let at = 13; at <= 21; at += 1) await journal.append([entry(1900, at)]);
  expect(disk.content("/data/linked")).toEqual(bytes);
});

it("never writes over a file that has got a second name since", async () => {
  const { disk, journal } = await twelve();
  await journal.truncateBefore(9n);
  await disk.link(`${SECOND}.spare`, "/data/linked");
  const bytes = disk.content("/data/linked");
  for (let at = 13; at <= 21; at += 1) await journal.append([entry(1900, at)]);
  expect(disk.content("/data/linked")).toEqual(bytes);
  expect(disk.trace.filter((line) => line.startsWith(`rename ${FIRST}.spare`))).toHaveLength(1);
});

it("keeps no file that a rewriting has made small", async () => {
  const { disk, journal } = await twelve();
  await journal.forget([{ first: 1n, last: 3n }]);
  await idle();
  expect(journal.figures.rewrittenSegments).toBe(1);
  await journal.truncateBefore(9n);
  expect(await spares(disk)).toEqual(["0000000000000005.spare"]);
});

it("writes over nothing that is still being read", async () => {
  let release = (): void => undefined;
  let isHeld = false;
  const { disk, journal } = await watchedReads(SMALL, async (path) => {
    if (!isHeld || path !== `${FIRST}.seg`) return;
    await new Promise<void>((resolve) => {
      release = resolve;
    });
  });
  for (let at = 1; at <= 12; at += 1) await journal.append([entry(1900, at)]);
  // Opens the segment, and remembers no place in it.
  for await (const { sequence } of journal.read({ from: 1n, to: 1n })) expect(sequence).toBe(1n);
  isHeld = true;
  const reading = journal.readOne(2n);
  await idle();
  const truncating = journal.truncateBefore(9n);
  await idle();
  expect(await spares(disk)).toEqual([]);
  release();
  await Promise.all([truncating, reading]);
  expect(await spares(disk)).toHaveLength(2);
});
