import type { SimulatedDisk } from "@opendxa/pubsub-simulated";
import { SeededRandom, VirtualClock } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import { checksumOfParts, verifyChecksum } from "./checksum.js";
import { encodeCommitHead } from "./commit-header.js";
import type { Disk } from "./disk.js";
import { encodeEndRecord } from "./end-record.js";
import { openSegmentJournal } from "./open-segment-journal.js";
import { decodeSegmentHeader, type SegmentHeader } from "./segment-header.js";
import { scanNewestSegment } from "./segment-scan.js";
import { withMethod, withoutEndRecords } from "./test/crash-trace.js";
import {
  all,
  entry,
  errorOf,
  FOLDER,
  SMALL,
  sequences,
  simulated,
} from "./test/journal-subjects.js";
import { COMMIT_BYTES, HEADER_BYTES, RECYCLED, recycled } from "./test/recycled-place.js";
import { findings, salvage } from "./test/specimen.js";

/** Where the two commits of the recycled segment end. */
const END = HEADER_BYTES + 2 * COMMIT_BYTES;
const END_RECORD = 32;
/** Commits so far: one for each entry, and the mark of retention. */
const LAST_COMMIT = 15n;
const STORED = [9n, 10n, 11n, 12n, 13n, 14n];

function headerOf(disk: SimulatedDisk): SegmentHeader {
  const decoded = decodeSegmentHeader(disk.content(RECYCLED));
  if (decoded.kind !== "valid") throw new Error("no header");
  return decoded.header;
}

async function overwrite(disk: SimulatedDisk, at: number, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(RECYCLED, "write");
  await file.writev([bytes], at);
  await file.sync();
}

/** A whole commit that would come next, under a salt. */
function nextCommit(disk: SimulatedDisk, salt = headerOf(disk).salt): Uint8Array {
  const payload = Buffer.from("never appended");
  const number = LAST_COMMIT + 1n;
  const facts = { number, syncedMark: LAST_COMMIT, lastSequence: 15n, firstRetained: 9n };
  const row = { sequence: 15n, length: payload.length, checksum: checksumOfParts([payload]) };
  return Buffer.concat([encodeCommitHead({ ...headerOf(disk), salt }, facts, [row]), payload]);
}

/** What an earlier life may have left behind the end, and what looks like it. */
const OLD_BYTES: readonly [string, (disk: SimulatedDisk) => Uint8Array][] = [
  ["what the file held", (disk) => disk.content(RECYCLED).subarray(END + END_RECORD)],
  ["zeros", () => new Uint8Array(4000)],
  ["bytes of no form", () => new Uint8Array(4000).map((_, at) => (at * 167) % 251)],
  ["a commit of another salt with the next number", (disk) => nextCommit(disk, new Uint8Array(8))],
  ["commits of this segment", (disk) => disk.content(RECYCLED).subarray(HEADER_BYTES, END)],
  ["the end record of another commit", (disk) => encodeEndRecord(headerOf(disk), LAST_COMMIT)],
  [
    "the end record of another segment",
    (disk) => encodeEndRecord({ ...headerOf(disk), salt: new Uint8Array(8) }, LAST_COMMIT + 1n),
  ],
];

describe("a recycled segment", () => {
  it.each(OLD_BYTES)("ends where its commits do, with %s behind", async (_, oldBytes) => {
    const { disk } = await recycled();
    await overwrite(disk, END + END_RECORD, oldBytes(disk));
    disk.crash({ mode: "keep" });
    expect(await findings(disk)).toEqual([]);
    expect(await salvage(disk)).toMatchObject({ entries: 6, lastSequence: "14", lost: [] });
    const { journal, recovery } = await simulated({ disk });
    expect(recovery).toMatchObject({ tornBytes: 0, unmarked: false, lastSequence: 14n });
    expect(await sequences(journal)).toEqual(STORED);
    expect(disk.content(RECYCLED)).toHaveLength(END);
  });

  it.each(OLD_BYTES)("is torn where its end record is lost, with %s there", async (_, oldBytes) => {
    const { disk } = await recycled();
    await overwrite(disk, END, oldBytes(disk));
    disk.crash({ mode: "keep" });
    const rest = disk.content(RECYCLED).length - END;
    const torn = { kind: "torn_tail", severity: "notice", position: END, bytes: rest };
    expect(await findings(disk)).toMatchObject([torn]);
    const { journal, recovery } = await simulated({ disk });
    expect(recovery).toMatchObject({ unmarked: true, lastSequence: 14n });
    // Whole heads of this segment show how much was torn; else all of the rest may be.
    expect([rest, 2 * COMMIT_BYTES]).toContain(recovery.tornBytes);
    expect(await sequences(journal)).toEqual(STORED);
    disk.crash({ mode: "drop" });
    expect(disk.content(RECYCLED)).toHaveLength(END);
  });

  it("negative control: only its salt tells an old commit with the next number", async () => {
    const { disk } = await recycled();
    await overwrite(disk, END, nextCommit(disk));
    disk.crash({ mode: "keep" });
    expect((await simulated({ disk })).recovery.lastSequence).toBe(15n);
  });

  it("has every bit of its end record looked at", async () => {
    for (let offset = 0; offset < END_RECORD; offset += 1) {
      const { disk } = await recycled();
      disk.flipBit(RECYCLED, END + offset, offset % 8);
      disk.crash({ mode: "keep" });
      expect(await findings(disk)).toMatchObject([{ kind: "torn_tail", position: END }]);
      expect((await simulated({ disk })).recovery).toMatchObject({
        unmarked: true,
        lastSequence: 14n,
      });
    }
  });

  it("has every byte up to there looked at, in header, heads, tables and payloads", async () => {
    const { disk } = await recycled();
    disk.crash({ mode: "keep" });
    for (let offset = 0; offset < END; offset += offset % COMMIT_BYTES < 230 ? 1 : 97) {
      disk.flipBit(RECYCLED, offset, offset % 8);
      expect((await findings(disk)).length).toBeGreaterThan(0);
      disk.flipBit(RECYCLED, offset, offset % 8);
    }
    expect(await findings(disk)).toEqual([]);
  });

  it("counts as torn what heads show, not what an earlier life left", async () => {
    const { disk } = await recycled();
    disk.flipBit(RECYCLED, END - 5);
    disk.crash({ mode: "keep" });
    const { recovery } = await simulated({ disk });
    expect(recovery).toMatchObject({ tornBytes: COMMIT_BYTES, unmarked: true, lastSequence: 13n });
  });

  it("without any commit yet ends with its header", async () => {
    const { disk, journal } = await recycled(0);
    disk.inject({ operation: "write", nth: 3, code: "EIO" });
    await errorOf(journal.append([entry(1900, 13)]));
    disk.crash({ mode: "keep" });
    expect(await findings(disk)).toEqual([]);
    const again = await simulated({ disk });
    expect(again.recovery).toMatchObject({ tornBytes: 0, position: HEADER_BYTES });
    expect(await again.journal.append([entry(10, 13)])).toEqual({ first: 13n, last: 13n });
  });

  it("is damaged where a later commit knows what is missing, though it looks like an end", async () => {
    const { disk, journal } = await recycled();
    await journal.close();
    // A page that the disk said it had written, and never did.
    const at = HEADER_BYTES + COMMIT_BYTES;
    await overwrite(disk, at, encodeEndRecord(headerOf(disk), LAST_COMMIT));
    const place = { position: at, sequences: { first: 14n, last: 14n } };
    expect(await findings(disk)).toMatchObject([{ kind: "commit_damaged", ...place }]);
    expect(await salvage(disk)).toMatchObject({ lost: [{ first: "14", last: "14" }] });
    expect(await errorOf(simulated({ disk }))).toMatchObject({ reason: "corrupt", ...place });
  });

  it("grows on from its end once it was opened again, and is sealed like any other", async () => {
    const { disk, journal } = await recycled();
    await journal.close();
    const again = await simulated({ disk });
    for (let at = 15; at <= 18; at += 1) await again.journal.append([entry(1900, at)]);
    expect(disk.content(RECYCLED)).toHaveLength(END + 64 + 2 * COMMIT_BYTES + 80);
    await again.journal.close();
    expect(await findings(disk)).toEqual([]);
    const third = await simulated({ disk });
    expect(await all(third.journal)).toHaveLength(10);
  });

  it("is cut before the next one is made, and goes on where that does not fit", async () => {
    const { disk, journal } = await recycled(4);
    disk.inject({ operation: "create", nth: 1, code: "ENOSPC" });
    const before = disk.trace.length;
    journal.noteSpace(true);
    expect((await errorOf(journal.append([entry(1900, 17)]))).reason).toBe("full");
    const trace = disk.trace.slice(before).filter((line) => !line.startsWith("unlink"));
    expect(trace[0]).toMatch(/^truncate /);
    expect(trace[1]).toMatch(/^datasync /);
    await journal.append([entry(10, 17)]);
    disk.crash({ mode: "drop" });
    const again = await simulated({ disk });
    expect(again.recovery).toMatchObject({ tornBytes: 0, lastSequence: 17n });
  });

  it("is read by its commits where its header is damaged, not by older ones", async () => {
    const { disk } = await recycled();
    disk.crash({ mode: "keep" });
    disk.flipBit(RECYCLED, 20);
    expect(await findings(disk)).toMatchObject([{ kind: "header_damaged" }]);
    disk.flipBit(RECYCLED, HEADER_BYTES + 30);
    disk.flipBit(RECYCLED, HEADER_BYTES + COMMIT_BYTES + 30);
    const found = await findings(disk);
    expect(found.map(({ kind }) => kind)).toEqual(["header_damaged", "commit_damaged"]);
    expect(await salvage(disk)).toMatchObject({ entries: 4 });
  });
});

describe("commits of the same segment behind a cut", () => {
  /** Two commits without a sync, of which the first is lost in a power cut; then one in its place. */
  async function afterTheCut(ignoresTruncate: boolean): Promise<bigint[]> {
    const { disk, journal } = await recycled(1);
    const os = { durability: "os" } as const;
    await journal.append([entry(700, 14)], os);
    await journal.append([entry(700, 15)], os);
    disk.flipBit(RECYCLED, HEADER_BYTES + COMMIT_BYTES + 200);
    disk.crash({ mode: "keep" });
    const open = async (...given: Parameters<Disk["open"]>) => {
      const file = await disk.open(...given);
      return ignoresTruncate ? withMethod(file, "truncate", async () => undefined) : file;
    };
    const again = await openSegmentJournal({
      // Its end record is what the next power cut takes.
      disk: withoutEndRecords(withMethod<Disk>(disk, "open", open)),
      folder: FOLDER,
      timers: new VirtualClock(),
      random: new SeededRandom(5),
      limits: SMALL,
    });
    expect(again.recovery).toMatchObject({ tornBytes: 2 * 780, lastSequence: 13n });
    await again.journal.append([entry(700, 16)]);
    disk.crash({ mode: "keep" });
    return await sequences((await simulated({ disk })).journal);
  }

  it("never come back", async () => {
    expect(await afterTheCut(false)).toEqual([9n, 10n, 11n, 12n, 13n, 14n]);
  });

  it("negative control: do where the file is not cut", async () => {
    expect(await afterTheCut(true)).toEqual([9n, 10n, 11n, 12n, 13n, 14n, 15n]);
  });
});

it("is looked at once more where a broker wrote on behind what was read", async () => {
  const limits = {
    entryBytesMax: 100_000,
    commitBytesMax: 100_000,
    queuedBytesMax: 1_000_000,
    segmentBytes: 600_000,
    tailCacheBytesMax: 0,
  };
  const { journal, disk } = await simulated({ limits });
  for (let at = 1; at <= 7; at += 1) await journal.append([entry(90_000, at)]);
  await journal.truncateBefore(7n);
  for (let at = 8; at <= 14; at += 1) await journal.append([entry(90_000, at)]);
  const path = `${FOLDER}/0000000000000013.seg`;
  const before = disk.content(path);
  for (let at = 15; at <= 17; at += 1) await journal.append([entry(90_000, at)]);
  const after = disk.content(path);
  const decoded = decodeSegmentHeader(after);
  if (decoded.kind !== "valid") throw new Error("no header");
  expect(decoded.header.isRecycled).toBe(true);
  let reads = 0;
  const scanned = await scanNewestSegment(
    {
      name: "newest",
      path,
      header: decoded.header,
      bytes: after.length,
      isDropped: false,
      lastCommit: undefined,
    },
    async (buffer, position) => {
      const part = (reads === 0 ? before : after).subarray(position, position + buffer.length);
      reads += 1;
      buffer.set(part);
      return part.length;
    },
    verifyChecksum,
  );
  expect(scanned).toMatchObject({ lastSequence: 17n, tornBytes: 0 });
});
