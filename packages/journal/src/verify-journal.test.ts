import type { SimulatedDisk } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import { type JournalFault, NodeDisk, verifyJournal } from "./index.js";
import { all, entry, FOLDER, simulated } from "./test/journal-subjects.js";
import { findings, specimen } from "./test/specimen.js";

const REWRITTEN = "0000000000000001.seg";
const NOTED = "0000000000000005.seg";
const SEALED = "0000000000000009.seg";
const NEWEST = "0000000000000013.seg";
const NOTES = "0000000000000005.gone";
const HEADER = 128;
const COMMIT = 64 + 16 + 1900;
const path = (name: string): string => `${FOLDER}/${name}`;

async function write(disk: SimulatedDisk, name: string, at: number, bytes: Uint8Array) {
  const file = await disk.open(path(name), "write");
  await file.writev([bytes], at);
}

async function cut(disk: SimulatedDisk, name: string, length: number): Promise<void> {
  const file = await disk.open(path(name), "write");
  await file.truncate(length);
}

const size = (disk: SimulatedDisk, name: string): number => disk.content(path(name)).length;

it("finds nothing wrong with a sound journal, and changes nothing", async () => {
  const disk = await specimen();
  const before = disk.operations;
  expect(await findings(disk)).toEqual([]);
  expect(disk.operations).toBe(before);
  expect(await disk.readdir(FOLDER)).toEqual(
    [REWRITTEN, "0000000000000001.gone", NOTES, NOTED, SEALED, NEWEST].sort(),
  );
});

it("says where the folder cannot be read", async () => {
  const verifying = verifyJournal({ disk: new NodeDisk(), folder: "/does/not/exist" });
  await expect(verifying.next()).rejects.toMatchObject({ reason: "io_failed" });
});

describe("names each fault with its place and goes on behind it", () => {
  it.each([
    ["an entry", NOTED, HEADER + COMMIT + 80 + 7, "entry_damaged", HEADER + COMMIT + 80, [6n, 6n]],
    ["a commit's head", NOTED, HEADER + COMMIT + 30, "commit_damaged", HEADER + COMMIT, [6n, 6n]],
    ["an entry table", SEALED, HEADER + 70, "commit_damaged", HEADER, [9n, 9n]],
    [
      "the last commit",
      SEALED,
      HEADER + 3 * COMMIT,
      "commit_damaged",
      HEADER + 3 * COMMIT,
      [12n, 12n],
    ],
    ["a rewritten entry", REWRITTEN, HEADER + 90, "entry_damaged", HEADER + 80, [3n, 3n]],
    ["the newest's first commit", NEWEST, HEADER + 1, "commit_damaged", HEADER, [13n, 13n]],
    [
      "the newest's second",
      NEWEST,
      HEADER + COMMIT + 60,
      "commit_damaged",
      HEADER + COMMIT,
      [14n, 15n],
    ],
    ["a magic", REWRITTEN, 0, "header_damaged", 0, undefined],
    ["a salt", SEALED, 33, "header_damaged", 0, undefined],
    ["the newest's header", NEWEST, 50, "header_damaged", 0, undefined],
  ] as const)("a flipped bit in %s", async (_, name, offset, kind, position, sequences) => {
    const disk = await specimen();
    disk.flipBit(path(name), offset, 3);
    const found = await findings(disk);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ kind, segment: name, position, severity: "fault" });
    const named = found[0]?.sequences;
    expect(named && [named.first, named.last]).toEqual(sequences);
  });

  it("several at once, in the order of the files", async () => {
    const disk = await specimen();
    for (const offset of [HEADER + 100, HEADER + COMMIT + 5, HEADER + 3 * COMMIT + 100]) {
      disk.flipBit(path(SEALED), offset);
    }
    disk.flipBit(path(NEWEST), HEADER + 100);
    const found = await findings(disk);
    expect(found.map(({ kind, sequences }) => [kind, sequences?.first])).toEqual([
      ["entry_damaged", 9n],
      ["commit_damaged", 10n],
      ["entry_damaged", 12n],
      ["entry_damaged", 13n],
    ]);
  });

  it("zeroed pages", async () => {
    const disk = await specimen();
    await write(disk, SEALED, HEADER + COMMIT + 100, new Uint8Array(2500));
    expect(await findings(disk)).toMatchObject([
      { kind: "entry_damaged", sequences: { first: 10n, last: 10n } },
      { kind: "commit_damaged", sequences: { first: 11n, last: 11n } },
    ]);
  });

  it("a sealed segment that was cut", async () => {
    const disk = await specimen();
    await cut(disk, SEALED, HEADER + 2 * COMMIT + 500);
    expect(await findings(disk)).toMatchObject([
      {
        kind: "commit_damaged",
        position: HEADER + 2 * COMMIT,
        bytes: 500,
        sequences: { first: 11n, last: 12n },
      },
      { kind: "footer_missing", severity: "notice" },
    ]);
    await cut(disk, SEALED, HEADER + 2 * COMMIT);
    expect(await findings(disk)).toMatchObject([
      { kind: "commit_damaged", bytes: 0, sequences: { first: 11n, last: 12n } },
      { kind: "footer_missing" },
    ]);
  });

  it("a commit that is missing without a trace", async () => {
    const disk = await specimen();
    const bytes = disk.content(path(SEALED));
    await write(disk, SEALED, HEADER + COMMIT, bytes.subarray(HEADER + 2 * COMMIT));
    await cut(disk, SEALED, bytes.length - COMMIT);
    expect(await findings(disk)).toMatchObject([
      { kind: "commit_damaged", position: HEADER + COMMIT, sequences: { first: 10n, last: 10n } },
      { kind: "footer_damaged" },
    ]);
  });

  it("commits that changed places", async () => {
    const disk = await specimen();
    const bytes = disk.content(path(SEALED));
    await write(disk, SEALED, HEADER, bytes.subarray(HEADER + COMMIT, HEADER + 2 * COMMIT));
    await write(disk, SEALED, HEADER + COMMIT, bytes.subarray(HEADER, HEADER + COMMIT));
    const found = await findings(disk);
    expect(found[0]).toMatchObject({
      kind: "commit_damaged",
      position: HEADER,
      sequences: { first: 9n, last: 9n },
    });
  });

  it.each([
    ["oldest", REWRITTEN, [1n, 4n]],
    ["middle", SEALED, [9n, 12n]],
  ] as const)("the %s segment missing", async (_, name, [first, last]) => {
    const disk = await specimen();
    await disk.unlink(path(name));
    expect((await findings(disk)).filter(({ severity }) => severity === "fault")).toMatchObject([
      { kind: "segment_missing", segment: name, sequences: { first, last } },
    ]);
  });

  it("two in a row missing", async () => {
    const disk = await specimen();
    await disk.unlink(path(NOTED));
    await disk.unlink(path(SEALED));
    expect(await findings(disk)).toMatchObject([
      { kind: "segment_missing", segment: SEALED, sequences: { first: 5n, last: 12n } },
      { kind: "leftover", segment: NOTES },
    ]);
  });

  it("the newest segment missing, be the one before it rewritten or not", async () => {
    const disk = await specimen();
    await disk.unlink(path(NEWEST));
    expect(await findings(disk)).toMatchObject([{ kind: "segment_missing", segment: SEALED }]);
    await disk.unlink(path(SEALED));
    await disk.unlink(path(NOTED));
    await cut(disk, REWRITTEN, HEADER + COMMIT);
    expect(await findings(disk)).toMatchObject([
      { kind: "segment_missing", segment: REWRITTEN },
      { kind: "leftover" },
      { kind: "leftover" },
    ]);
  });

  it("files that were swapped: their content counts", async () => {
    const disk = await specimen();
    await disk.rename(path(NOTED), path("x"));
    await disk.rename(path(SEALED), path(NOTED));
    await disk.rename(path("x"), path(SEALED));
    const found = await findings(disk);
    expect(found.filter(({ kind }) => kind === "segment_misnamed")).toHaveLength(2);
    expect(found.filter(({ sequences }) => sequences !== undefined)).toEqual([]);
  });

  it("a copy under another's name", async () => {
    const disk = await specimen();
    const copy = disk.content(path(NOTED));
    await cut(disk, SEALED, 0);
    await write(disk, SEALED, 0, copy);
    expect(await findings(disk)).toMatchObject([
      { kind: "segment_misnamed", segment: SEALED },
      { kind: "segment_missing", segment: SEALED, sequences: { first: 9n, last: 12n } },
    ]);
  });

  it("a segment of another journal", async () => {
    const disk = await specimen();
    const { disk: other, journal } = await simulated({
      disk: new (disk.constructor as new (options: { seed: number }) => SimulatedDisk)({
        seed: 77,
      }),
      limits: { tailCacheBytesMax: 0 },
    });
    await journal.append([entry(1, 1)]);
    await disk.open(path("0000000000000002.seg"), "create");
    const foreign = Buffer.from(other.content(path(REWRITTEN)));
    const { castagnoli } = await import("./checksum.js");
    foreign.fill(0xab, 16, 32);
    foreign.writeBigUInt64LE(2n, 40);
    foreign.writeUInt32LE(castagnoli(foreign.subarray(0, 124)), 124);
    await write(disk, "0000000000000002.seg", 0, foreign);
    expect(await findings(disk)).toMatchObject([
      { kind: "segment_foreign", segment: "0000000000000002.seg", position: 16 },
    ]);
  });

  it("a format that it does not know", async () => {
    const disk = await specimen();
    const { castagnoli } = await import("./checksum.js");
    const header = Buffer.from(disk.content(path(SEALED)).slice(0, HEADER));
    header.writeUInt16LE(2, 8);
    header.writeUInt32LE(castagnoli(header.subarray(0, 124)), 124);
    await write(disk, SEALED, 0, header);
    expect(await findings(disk)).toMatchObject([{ kind: "header_unsupported", segment: SEALED }]);
  });

  it("header and first commit damaged: the others of the segment are found", async () => {
    const disk = await specimen();
    disk.flipBit(path(SEALED), 3);
    disk.flipBit(path(SEALED), HEADER + 2);
    expect(await findings(disk)).toMatchObject([
      { kind: "header_damaged" },
      { kind: "commit_damaged", position: HEADER, sequences: { first: 9n, last: 9n } },
    ]);
  });

  it("a segment in which nothing is sound", async () => {
    for (const name of [SEALED, NEWEST]) {
      const disk = await specimen();
      await write(disk, name, 0, new Uint8Array(size(disk, name)));
      const found = await findings(disk);
      expect(found.map(({ kind }) => kind)).toEqual(["header_damaged", "commit_damaged"]);
      expect(found[1]?.sequences).toEqual(
        name === SEALED ? { first: 9n, last: 12n } : { first: 13n, last: 13n },
      );
    }
  });

  it("a header, with bytes that look like commits behind it", async () => {
    const disk = await specimen();
    const bytes = size(disk, SEALED);
    await write(disk, SEALED, 0, Buffer.from("CMT1"));
    await write(disk, SEALED, HEADER, Buffer.alloc(bytes - HEADER));
    await write(disk, SEALED, bytes - 66, Buffer.from("CMT1"));
    await write(disk, SEALED, bytes - 8, Buffer.from("CMT1"));
    const found = await findings(disk);
    expect(found.map(({ kind }) => kind)).toEqual(["header_damaged", "commit_damaged"]);
  });

  it("a sealed file of nothing, and a newest one with half a footer", async () => {
    const disk = await specimen();
    await cut(disk, SEALED, 0);
    expect((await findings(disk)).map(({ kind }) => kind)).toEqual([
      "header_damaged",
      "commit_damaged",
    ]);
    const other = await specimen();
    await other.unlink(path(NEWEST));
    await cut(other, SEALED, size(other, SEALED) - 5);
    expect(await findings(other)).toMatchObject([{ kind: "segment_missing", segment: SEALED }]);
  });

  it("pages that the disk refuses to read, and nothing around them", async () => {
    const disk = await specimen();
    const bad = HEADER + COMMIT + 500;
    const refusing = new Proxy(disk, {
      get: (target, name) => {
        if (name !== "open") return Reflect.get(target, name).bind(target);
        return async (at: string, mode: "read") => {
          const file = await target.open(at, mode);
          if (at !== path(SEALED)) return file;
          const read = async (buffer: Uint8Array, position: number): Promise<number> => {
            if (position <= bad && bad < position + buffer.length) throw new Error("EIO");
            return await file.read(buffer, position);
          };
          return { read, size: () => file.size(), close: () => file.close() };
        };
      },
    });
    const found: JournalFault[] = [];
    for await (const each of verifyJournal({ disk: refusing, folder: FOLDER })) found.push(each);
    // The page that is given up reaches into the third of four commits.
    expect(found).toMatchObject([
      { kind: "commit_damaged", position: HEADER, sequences: { first: 9n, last: 11n } },
      { kind: "unreadable", segment: SEALED, position: 128, bytes: 3968 },
    ]);
  });
});

describe("notices what the next opening deals with", () => {
  it("a torn tail", async () => {
    const disk = await specimen();
    const bytes = size(disk, NEWEST);
    await write(disk, NEWEST, bytes, new Uint8Array(100).fill(1));
    expect(await findings(disk)).toMatchObject([
      { kind: "torn_tail", severity: "notice", segment: NEWEST, position: bytes, bytes: 100 },
    ]);
  });

  it("a commit that nobody knew as synced, with those behind it", async () => {
    const { journal, disk } = await simulated();
    await journal.append([entry(10, 1)]);
    for (const fill of [2, 3]) await journal.append([entry(10, fill)], { durability: "os" });
    disk.flipBit(path(REWRITTEN), HEADER + 90 + 85);
    disk.flipBit(path(REWRITTEN), HEADER + 90 + 20);
    expect(await findings(disk)).toMatchObject([
      { kind: "torn_tail", position: HEADER + 90, bytes: 180 },
    ]);
  });

  it("a missing footer", async () => {
    const disk = await specimen();
    await cut(disk, SEALED, HEADER + 4 * COMMIT);
    expect(await findings(disk)).toMatchObject([{ kind: "footer_missing", severity: "notice" }]);
  });

  it.each([
    ["its magic", 0],
    ["its numbers", 50],
  ])("a footer that tore: %s", async (_, at) => {
    const disk = await specimen();
    disk.flipBit(path(SEALED), HEADER + 4 * COMMIT + at, 3);
    const place = { segment: SEALED, position: HEADER + 4 * COMMIT };
    expect(await findings(disk)).toMatchObject([
      { kind: "footer_damaged", severity: "notice", ...place },
    ]);
  });

  it("leftovers, damaged notes and a segment that was being made", async () => {
    const disk = await specimen();
    disk.flipBit(path(NOTES), 20);
    for (const name of [`${SEALED}.new`, "0000000000000010.gone", "0000000000000099.seg"]) {
      await disk.open(path(name), "create");
    }
    const found = await findings(disk);
    expect(found.map(({ kind, segment }) => [kind, segment])).toEqual([
      ["leftover", "0000000000000099.seg"],
      ["notes_damaged", NOTES],
      ["leftover", `${SEALED}.new`],
      ["leftover", "0000000000000010.gone"],
    ]);
    expect(found.every(({ severity }) => severity === "notice")).toBe(true);
    expect(await all((await simulated({ disk })).journal)).toHaveLength(19);
  });

  it("segments that retention had let go", async () => {
    const disk = await specimen();
    const { journal } = await simulated({ disk });
    disk.inject({ operation: "unlink", nth: 1, code: "EIO" });
    await journal.truncateBefore(6n).catch(() => undefined);
    await journal.close();
    expect(await findings(disk)).toMatchObject([{ kind: "leftover", segment: REWRITTEN }]);
  });
});
