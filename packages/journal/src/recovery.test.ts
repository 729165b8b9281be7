import { SimulatedDisk } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import type { JournalRecovery } from "./index.js";
import { all, entry, errorOf, FOLDER, idle, simulated } from "./test/journal-subjects.js";

const SEGMENT_HEADER = 128;
const COMMIT_OF_1900 = 64 + 16 + 1900;
const path = (name: string): string => `${FOLDER}/${name}`;
const FIRST = "0000000000000001.seg";

/** Nine entries of 1900 bytes in commits of their own: segments 1 to 4, 5 to 8, 9. */
async function nine(close = true): Promise<SimulatedDisk> {
  const { journal, disk } = await simulated();
  for (let at = 1; at <= 9; at += 1) await journal.append([entry(1900, at)]);
  if (close) await journal.close();
  return disk;
}

async function overwrite(disk: SimulatedDisk, name: string, at: number, bytes: Uint8Array) {
  const file = await disk.open(path(name), "write");
  await file.writev([bytes], at);
  await file.sync();
}

async function cutFile(disk: SimulatedDisk, name: string, length: number): Promise<void> {
  const file = await disk.open(path(name), "write");
  await file.truncate(length);
  await file.sync();
}

async function unlink(disk: SimulatedDisk, name: string): Promise<void> {
  await disk.unlink(path(name));
}

describe("a torn tail", () => {
  const tornAt = async (cut: number): Promise<JournalRecovery> => {
    const { journal, disk } = await simulated();
    await journal.append([entry(10, 1)]);
    await journal.append([entry(100, 2)]);
    disk.crash({ mode: "keep" });
    await cutFile(disk, FIRST, SEGMENT_HEADER + 90 + cut);
    const { recovery } = await simulated({ disk });
    return recovery;
  };

  it.each([1, 63, 64, 79, 80, 179])("of %d bytes is cut and reported", async (cut) => {
    expect(await tornAt(cut)).toEqual({
      tornBytes: cut,
      segment: FIRST,
      position: SEGMENT_HEADER + 90,
      lastSequence: 1n,
      unmarked: cut >= 64 && cut < 80,
    });
  });

  it("that is a whole damaged commit is reported as perhaps acknowledged", async () => {
    const { journal, disk } = await simulated();
    await journal.append([entry(10, 1)]);
    disk.flipBit(path(FIRST), SEGMENT_HEADER + 85);
    disk.crash({ mode: "keep" });
    const { recovery } = await simulated({ disk });
    expect(recovery).toMatchObject({ tornBytes: 90, lastSequence: 0n, unmarked: true });
  });

  it("that is gone is followed by new commits that survive", async () => {
    const { journal, disk } = await simulated();
    await journal.append([entry(10, 1)]);
    disk.flipBit(path(FIRST), SEGMENT_HEADER);
    disk.crash({ mode: "keep" });
    const again = await simulated({ disk });
    expect(await again.journal.append([entry(10, 2)])).toEqual({ first: 1n, last: 1n });
    await again.journal.close();
    const third = await simulated({ disk });
    expect((await all(third.journal)).map(({ payload }) => payload[0])).toEqual([2]);
  });

  it("that repeats an earlier commit is cut: its number is not the next", async () => {
    const { journal, disk } = await simulated();
    await journal.append([entry(10, 1)]);
    disk.crash({ mode: "keep" });
    const bytes = disk.content(path(FIRST)).subarray(SEGMENT_HEADER);
    await overwrite(disk, FIRST, SEGMENT_HEADER + 90, bytes);
    const { recovery } = await simulated({ disk });
    expect(recovery).toMatchObject({ tornBytes: 90, lastSequence: 1n });
  });

  it.each([
    ["more entries than the file has bytes", 1000, 100_000],
    ["more entries than its length allows", 1000, 100],
  ])("whose header claims %s is cut", async (_, entries, bytes) => {
    const { journal, disk } = await simulated();
    await journal.append([entry(10, 1)]);
    disk.crash({ mode: "keep" });
    const head = Buffer.from(disk.content(path(FIRST)).subarray(SEGMENT_HEADER));
    head.writeUInt32LE(bytes, 12);
    head.writeUInt32LE(entries, 56);
    await overwrite(disk, FIRST, SEGMENT_HEADER + 90, head);
    const { recovery } = await simulated({ disk });
    expect(recovery).toMatchObject({ tornBytes: 90, lastSequence: 1n, unmarked: true });
  });

  it("of zeros longer than a window is cut", async () => {
    const { journal, disk } = await simulated();
    await journal.append([entry(10, 1)]);
    await cutFile(disk, FIRST, 600_000);
    const { recovery } = await simulated({ disk });
    expect(recovery).toMatchObject({ tornBytes: 600_000 - SEGMENT_HEADER - 90, lastSequence: 1n });
    await journal.close();
  });
});

describe("damage to what was synced is refused, with its place", () => {
  it.each([
    ["header", 30],
    ["entry table", 70],
    ["payload", 85],
  ])("in the %s of a commit of the newest segment", async (_, offset) => {
    const { journal, disk } = await simulated();
    for (let at = 1; at <= 3; at += 1) await journal.append([entry(10, at), entry(10, at)]);
    await journal.close();
    disk.flipBit(path(FIRST), SEGMENT_HEADER + 116 + offset);
    expect(await errorOf(simulated({ disk }))).toMatchObject({
      reason: "corrupt",
      segment: FIRST,
      position: SEGMENT_HEADER + 116,
      sequences: { first: 3n, last: 4n },
    });
  });

  it("in the last entries, once they are marked", async () => {
    const { journal, disk, clock } = await simulated();
    await journal.append([entry(10, 1)]);
    await clock.advanceAsync(100);
    disk.crash({ mode: "drop" });
    disk.flipBit(path(FIRST), SEGMENT_HEADER + 85);
    expect(await errorOf(simulated({ disk }))).toMatchObject({
      reason: "corrupt",
      position: SEGMENT_HEADER,
      sequences: { first: 1n, last: 1n },
    });
  });

  it("far before the next valid commit", async () => {
    const limits = { entryBytesMax: 400_000, commitBytesMax: 400_000, queuedBytesMax: 2_000_000 };
    const large = { ...limits, segmentBytes: 2_000_000 };
    const { journal, disk } = await simulated({ limits: large });
    await journal.append([entry(390_000, 1)]);
    await journal.close();
    disk.flipBit(path(FIRST), SEGMENT_HEADER + 5);
    expect(await errorOf(simulated({ disk, limits: large }))).toMatchObject({
      reason: "corrupt",
      sequences: { first: 1n, last: 1n },
    });
  });

  it("in entries larger than what is read at once, which are fine without it", async () => {
    const limits = { entryBytesMax: 400_000, commitBytesMax: 900_000, queuedBytesMax: 2_000_000 };
    const large = { ...limits, segmentBytes: 2_000_000 };
    const { journal, disk } = await simulated({ limits: large });
    await journal.append([entry(390_000, 1), entry(390_000, 2)]);
    await journal.close();
    const again = await simulated({ disk, limits: large });
    expect((await all(again.journal)).map(({ payload }) => payload[389_999])).toEqual([1, 2]);
    expect((await again.journal.readOne(2n))?.payload[389_999]).toBe(2);
    await again.journal.close();
    disk.flipBit(path(FIRST), SEGMENT_HEADER + 700_000);
    expect((await errorOf(simulated({ disk, limits: large }))).reason).toBe("corrupt");
  });

  it("in an entry of a sealed segment, when it is read", async () => {
    const disk = await nine();
    disk.flipBit(path(FIRST), SEGMENT_HEADER + COMMIT_OF_1900 + 500);
    const { journal } = await simulated({ disk });
    expect((await journal.readOne(1n))?.payload[0]).toBe(1);
    expect(await errorOf(journal.readOne(2n))).toMatchObject({
      reason: "corrupt",
      segment: FIRST,
      position: SEGMENT_HEADER + COMMIT_OF_1900 + 80,
      sequences: { first: 2n, last: 2n },
    });
    expect((await errorOf(all(journal))).message).toContain("entry 2)");
    expect((await journal.readOne(3n))?.payload[0]).toBe(3);
  });

  it("in a header of a sealed segment, when it is read", async () => {
    const disk = await nine();
    disk.flipBit(path(FIRST), SEGMENT_HEADER + 13);
    const { journal } = await simulated({ disk });
    expect(await errorOf(all(journal))).toMatchObject({
      reason: "corrupt",
      position: SEGMENT_HEADER,
    });
  });

  it("in the header of a segment", async () => {
    for (const offset of [0, 9, 20, 45, 127]) {
      const disk = await nine();
      disk.flipBit(path(FIRST), offset);
      const error = await errorOf(simulated({ disk }));
      expect(error).toMatchObject({ reason: "corrupt", segment: FIRST, position: 0 });
    }
  });

  it("a segment under another's name", async () => {
    const disk = await nine();
    await disk.rename(path(FIRST), path("0000000000000002.seg"));
    expect((await errorOf(simulated({ disk }))).reason).toBe("corrupt");
  });

  it.each([
    ["oldest", FIRST, { first: 1n, last: 4n }],
    ["middle", "0000000000000005.seg", { first: 5n, last: 8n }],
  ])("the %s segment missing", async (_, name, sequences) => {
    const disk = await nine();
    await unlink(disk, name);
    const error = await errorOf(simulated({ disk }));
    expect(error).toMatchObject({ reason: "corrupt", segment: name, sequences });
  });

  it("the newest segment missing", async () => {
    const disk = await nine();
    await unlink(disk, "0000000000000009.seg");
    const error = await errorOf(simulated({ disk }));
    expect(error).toMatchObject({ reason: "corrupt", segment: "0000000000000005.seg" });
    expect(error.message).toContain("missing");
  });

  it("a segment of another journal", async () => {
    const disk = await nine();
    const elsewhere = new SimulatedDisk({ seed: 2 });
    await elsewhere.mkdir("/elsewhere");
    const other = await simulated({ disk: elsewhere });
    await other.journal.append([entry(1, 1)]);
    await overwrite(disk, FIRST, 0, other.disk.content(path(FIRST)).subarray(0, SEGMENT_HEADER));
    expect((await errorOf(simulated({ disk }))).reason).toBe("corrupt");
  });
});

describe("what is not damage", () => {
  it.each([
    ["without a footer", 0],
    ["with half a footer", 50],
    ["with a footer that lost its end", 70],
  ])("a sealed segment %s is followed from commit to commit", async (_, footerBytes) => {
    const disk = await nine();
    const end = SEGMENT_HEADER + 4 * COMMIT_OF_1900;
    await cutFile(disk, FIRST, end + footerBytes);
    const { journal } = await simulated({ disk });
    expect((await journal.readOne(3n))?.payload[0]).toBe(3);
    expect((await all(journal)).map(({ payload }) => payload[0])).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  it("a damaged footer, at any of its bytes", async () => {
    const end = SEGMENT_HEADER + 4 * COMMIT_OF_1900;
    const length = (await nine()).content(path(FIRST)).length - end;
    for (let offset = 0; offset < length; offset += 3) {
      const disk = await nine();
      disk.flipBit(path(FIRST), end + offset, offset % 8);
      const { journal } = await simulated({ disk });
      expect(await all(journal)).toHaveLength(9);
    }
  });

  it("a footer that gives a length it cannot have", async () => {
    for (const length of [10, 1_000_000]) {
      const disk = await nine();
      const footer = Buffer.alloc(4);
      footer.writeUInt32LE(length);
      await overwrite(disk, FIRST, disk.content(path(FIRST)).length - 16, footer);
      const { journal } = await simulated({ disk });
      expect(await all(journal)).toHaveLength(9);
    }
  });

  it("but without footer a damaged commit is named all the same", async () => {
    const disk = await nine();
    await cutFile(disk, FIRST, SEGMENT_HEADER + 4 * COMMIT_OF_1900);
    disk.flipBit(path(FIRST), SEGMENT_HEADER + COMMIT_OF_1900);
    const { journal } = await simulated({ disk });
    const error = await errorOf(journal.readOne(1n));
    expect(error).toMatchObject({ reason: "corrupt", position: SEGMENT_HEADER + COMMIT_OF_1900 });
    expect((await errorOf(journal.readOne(1n))).reason).toBe("corrupt");
    expect((await journal.readOne(9n))?.payload[0]).toBe(9);
  });

  it("a newest segment that was never finished", async () => {
    const { journal, disk } = await simulated();
    await journal.append([entry(10, 1)]);
    await journal.close();
    for (const bytes of [0, 60, SEGMENT_HEADER]) {
      const file = await disk.open(path("0000000000000002.seg"), "create");
      await file.truncate(bytes);
      const again = await simulated({ disk });
      expect(again.recovery).toMatchObject({ segment: FIRST, lastSequence: 1n });
      expect(await disk.readdir(FOLDER)).toEqual([FIRST]);
      await again.journal.close();
    }
  });

  it("files of other names", async () => {
    const disk = await nine();
    await disk.open(path("lock.owner"), "create");
    const { journal } = await simulated({ disk });
    expect(await all(journal)).toHaveLength(9);
  });
});

it("refuses a format that it does not know", async () => {
  const { encodeSegmentHeader } = await import("./segment-header.js");
  const { castagnoli } = await import("./checksum.js");
  const disk = await nine();
  const header = Buffer.from(
    encodeSegmentHeader({
      journalId: new Uint8Array(16),
      salt: new Uint8Array(8),
      firstSequence: 1n,
      firstCommit: 1n,
      previousFirstSequence: 0n,
      firstRetained: 1n,
      isRewritten: false,
      isRecycled: false,
    }),
  );
  header.writeUInt16LE(2, 8);
  header.writeUInt32LE(castagnoli(header.subarray(0, 124)), 124);
  await overwrite(disk, FIRST, 0, header);
  expect(await errorOf(simulated({ disk }))).toMatchObject({
    reason: "unsupported",
    details: { version: 2, supported: 1 },
  });
});

it("refuses flags that it does not know", async () => {
  const { castagnoli } = await import("./checksum.js");
  const disk = await nine();
  const header = Buffer.from(disk.content(path(FIRST)).slice(0, SEGMENT_HEADER));
  header.writeUInt32LE(3, 12);
  header.writeUInt32LE(castagnoli(header.subarray(0, 124)), 124);
  await overwrite(disk, FIRST, 0, header);
  expect(await errorOf(simulated({ disk }))).toMatchObject({
    reason: "unsupported",
    details: { version: 1, flags: 3 },
  });
});

it("takes a rewritten segment for the newest never, with or without a footer", async () => {
  for (const footerBytes of [0, 80]) {
    const disk = await nine();
    const { journal } = await simulated({ disk });
    await journal.forget([{ first: 5n, last: 8n }]);
    await idle();
    await journal.close();
    const rewritten = "0000000000000005.seg";
    await cutFile(disk, rewritten, SEGMENT_HEADER + 64 + footerBytes);
    await unlink(disk, "0000000000000009.seg");
    expect(await errorOf(simulated({ disk }))).toMatchObject({
      reason: "corrupt",
      segment: rewritten,
    });
  }
});

it("names a disk that refuses as such", async () => {
  const disk = await nine();
  disk.inject({ operation: "read", nth: 1, code: "EIO" });
  expect(await errorOf(simulated({ disk }))).toMatchObject({ reason: "io_failed" });
  disk.inject({ operation: "truncate", nth: 1, code: "EIO" });
  await cutFile(disk, "0000000000000009.seg", 140).catch(() => undefined);
  await cutFile(disk, "0000000000000009.seg", 140);
  disk.inject({ operation: "truncate", nth: 1, code: "EIO" });
  expect(await errorOf(simulated({ disk }))).toMatchObject({ reason: "io_failed" });
  expect((await simulated({ disk })).recovery.tornBytes).toBe(12);
});
