import { SeededRandom, type SimulatedDisk, VirtualClock } from "@opendxa/pubsub-simulated";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Journal, JournalError, openSegmentJournal } from "./index.js";
import { all, FOLDER, SMALL } from "./test/journal-subjects.js";
import {
  findings,
  SALVAGED,
  SPECIMEN_GONE,
  SPECIMEN_LAST,
  salvage,
  specimen,
  specimenPayload,
} from "./test/specimen.js";

async function open(disk: SimulatedDisk, folder: string): Promise<Journal> {
  const options = { disk, folder, timers: new VirtualClock(), limits: SMALL };
  return (await openSegmentJournal({ ...options, random: new SeededRandom(4) })).journal;
}

/** Reads everything; what is served must be right. */
async function served(disk: SimulatedDisk, folder: string): Promise<bigint[]> {
  const entries = await all(await open(disk, folder));
  for (const { sequence, payload } of entries) {
    expect(Buffer.compare(payload, specimenPayload(sequence))).toBe(0);
  }
  return entries.map(({ sequence }) => sequence);
}

const everything = Array.from({ length: Number(SPECIMEN_LAST) }, (_, at) => BigInt(at + 1)).filter(
  (sequence) => !SPECIMEN_GONE.includes(sequence),
);

async function checkFlip(name: string, offset: number, bit: number): Promise<void> {
  const disk = await specimen();
  disk.flipBit(`${FOLDER}/${name}`, offset, bit);
  const found = await findings(disk);
  const atPlace = found.filter(
    ({ segment, position, bytes }) =>
      segment === name && position <= offset && offset < position + bytes,
  );
  expect(atPlace, `${name} ${offset} ${bit}: nothing was found there`).not.toEqual([]);
  const report = await salvage(disk);
  const isLost = (sequence: bigint): boolean =>
    report.lost.some(({ first, last }) => BigInt(first) <= sequence && sequence <= BigInt(last));
  const kept = await served(disk, SALVAGED);
  expect(kept).toEqual(everything.filter((sequence) => !isLost(sequence)));
  expect(await findings(disk, SALVAGED)).toEqual([]);
  const hasFault = found.some(({ severity }) => severity === "fault");
  try {
    const all = await served(disk, FOLDER);
    // What opens and reads to the end is whole: the bit was in a footer, notes or the last mark.
    expect(all).toEqual(everything);
    expect(report.lost).toEqual([]);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    expect(error.reason).toBe("corrupt");
    expect(hasFault).toBe(true);
  }
}

it("finds any single flipped bit at its place; nothing wrong is served, what is sound is salvaged", async () => {
  const disk = await specimen();
  const files = (await disk.readdir(FOLDER)).map((name) => ({
    name,
    bytes: disk.content(`${FOLDER}/${name}`).length,
  }));
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), fc.nat(7), async (file, offset, bit) => {
      const { name, bytes } = files[file % files.length] ?? { name: "", bytes: 1 };
      await checkFlip(name, offset % bytes, bit);
    }),
    { numRuns: 250 },
  );
});

it("finds one in every byte of headers, tables, marks, footers and notes", async () => {
  const disk = await specimen();
  for (const name of await disk.readdir(FOLDER)) {
    const content = disk.content(`${FOLDER}/${name}`);
    for (let offset = 0; offset < content.length; offset += 1) {
      const isPayload = content[offset] === content[offset - 1] && content[offset] !== 0;
      if (!isPayload && offset % 3 === 0) await checkFlip(name, offset, offset % 8);
    }
  }
});
