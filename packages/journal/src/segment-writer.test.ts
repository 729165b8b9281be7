import { SeededRandom, SimulatedDisk, VirtualClock } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import { END_RECORD_BYTES } from "./end-record.js";
import { type Disk, type DiskFile, type OpenMode, openSegmentJournal } from "./index.js";
import { FILE_PAGE_BYTES, SYNCED_PARTS_MAX } from "./limits.js";
import { withMethod } from "./test/crash-trace.js";
import { entry, FOLDER, idle, SMALL, sequences, simulated } from "./test/journal-subjects.js";
import { RECYCLED, recycled } from "./test/recycled-place.js";

/** A journal, and by which handle each of its writes went: `synced`, `create` or `write`. */
async function watched() {
  const disk = new SimulatedDisk({ seed: 1 });
  const writes: OpenMode[] = [];
  const open = async (path: string, mode: OpenMode): Promise<DiskFile> => {
    const file = await disk.open(path, mode);
    return withMethod<DiskFile>(file, "writev", (parts: readonly Uint8Array[], at: number) => {
      writes.push(mode);
      return file.writev(parts, at);
    });
  };
  const { journal } = await openSegmentJournal({
    disk: withMethod<Disk>(disk, "open", open),
    folder: FOLDER,
    timers: new VirtualClock(),
    random: new SeededRandom(1),
    limits: SMALL,
  });
  writes.length = 0;
  return { disk, journal, writes };
}

describe("a commit", () => {
  it("is written and synced in one step where nothing unsynced lies before it", async () => {
    const { journal, disk, writes } = await watched();
    await journal.append([entry(10, 1)]);
    await journal.append([entry(10, 2)], { durability: "os" });
    // One step would leave the second entry to the power cut.
    await journal.append([entry(10, 3)]);
    await journal.append([entry(10, 4)]);
    expect(writes).toEqual(["synced", "create", "create", "synced"]);
    disk.crash({ mode: "drop" });
    expect(await sequences((await simulated({ disk })).journal)).toEqual([1n, 2n, 3n, 4n]);
  });

  it("of more parts than one system call takes is written and then synced", async () => {
    const { journal, writes } = await watched();
    const parts = Array.from({ length: SYNCED_PARTS_MAX }, () => new Uint8Array(1));
    await journal.append([{ parts: parts.slice(1) }]);
    await journal.append([{ parts }]);
    expect(writes).toEqual(["synced", "create"]);
  });

  it("goes to the file that is the active one, after new segments too", async () => {
    const { journal, disk } = await watched();
    for (let at = 1; at <= 9; at += 1) await journal.append([entry(1900, at)]);
    disk.crash({ mode: "drop" });
    expect(await sequences((await simulated({ disk })).journal)).toHaveLength(9);
  });

  it("begins before those who waited for the one before are told", async () => {
    const { journal, disk } = await watched();
    const before = writesOf(disk);
    let toldAfter = 0;
    const first = journal.append([entry(10, 1)]).then(() => {
      toldAfter = writesOf(disk) - before;
    });
    while (writesOf(disk) === before) await Promise.resolve();
    await Promise.all([first, journal.append([entry(10, 2)])]);
    expect(toldAfter).toBe(2);
  });

  it("waits for what is to be done between two", async () => {
    const { journal, disk } = await watched();
    for (let at = 1; at <= 9; at += 1) await journal.append([entry(1900, at)]);
    const before = writesOf(disk);
    const appends = [journal.append([entry(10, 10)])];
    while (writesOf(disk) === before) await Promise.resolve();
    appends.push(journal.append([entry(10, 11)]));
    const truncated = journal.truncateBefore(6n).then(() => journal.firstSequence);
    await Promise.all(appends);
    expect(await truncated).toBe(5n);
    await idle();
    expect(disk.trace.filter((line) => line.startsWith("rename"))).toHaveLength(1);
  });
});

it("writes pages of old bytes whole, so that they need not be read", async () => {
  const { disk, journal } = await recycled(0);
  let end = 128;
  for (const size of [1500, 10, 1900, 1900, 300]) {
    await journal.append([entry(size, 13)]);
    end += 80 + size;
    const pageEnd = Math.ceil((end + END_RECORD_BYTES) / FILE_PAGE_BYTES) * FILE_PAGE_BYTES;
    const behind = disk.content(RECYCLED).subarray(end + END_RECORD_BYTES, pageEnd);
    expect(behind.every((byte) => byte === 0)).toBe(true);
  }
});

function writesOf(disk: SimulatedDisk): number {
  return disk.trace.filter((line) => line.startsWith("write")).length;
}
