import { readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom } from "@opendxa/pubsub-simulated";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type JournalFault, NodeDisk, salvageJournal, verifyJournal } from "./index.js";
import { LevelDatabase } from "./level-database.js";
import {
  encodeEntry,
  encodeHead,
  entryKey,
  forgottenKey,
  HEAD_KEY,
  type LevelHead,
} from "./level-records.js";
import { all, entry, errorOf, one, sequences } from "./test/journal-subjects.js";
import { type RealPlace, realPlace } from "./test/level-places.js";

/** Entries of the specimen, of which some lie in a table and the rest in the log. */
const TABLED = 60;
const LAST = 80;
const ENTRY_BYTES = 1900;
const FORGOTTEN: readonly bigint[] = [7n, 8n, 30n, 70n];

const disk = new NodeDisk();
let place: RealPlace;
let database: string;
beforeEach(async () => {
  place = await realPlace();
  database = join(place.folder, "leveldb");
  await fill(1, TABLED);
  // Opening a database puts what its log holds into a table.
  await fill(TABLED + 1, LAST);
  const { journal } = await place.open("level");
  // Forgotten while both are tables; the last opening keeps it in the log.
  await journal.forget(FORGOTTEN.map(one));
  for (let at = LAST + 1; at <= LAST + 20; at += 1) await journal.append([entry(ENTRY_BYTES, at)]);
  await journal.close();
});
afterEach(() => place.remove());

async function fill(first: number, last: number): Promise<void> {
  const { journal } = await place.open("level");
  for (let at = first; at <= last; at += 1) await journal.append([entry(ENTRY_BYTES, at)]);
  await journal.close();
}

async function findings(): Promise<JournalFault[]> {
  const found: JournalFault[] = [];
  for await (const each of verifyJournal({ disk, folder: place.folder })) found.push(each);
  return found;
}

/** Kinds, with the entries where they name some. */
const shown = (found: readonly JournalFault[]) =>
  found.map(({ kind, sequences: range }) =>
    range === undefined ? kind : `${kind} ${range.first}-${range.last}`,
  );

async function named(pattern: RegExp): Promise<string> {
  const name = (await readdir(database)).sort().find((each) => pattern.test(each));
  if (name === undefined) throw new Error(`There is no ${pattern}`);
  return name;
}

async function flip(name: string, offset: number, bit = 3): Promise<void> {
  const bytes = await readFile(join(database, name));
  bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
  await writeFile(join(database, name), bytes);
}

/** Changes what is stored, as damage before a checksum was made would. */
async function tamper(change: (opened: LevelDatabase) => Promise<void>): Promise<void> {
  const opened = await LevelDatabase.open(disk, database);
  await change(opened);
  await opened.close();
}

async function content(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of await readdir(database)) {
    files.set(name, await readFile(join(database, name), "base64"));
  }
  return files;
}

/** Where the payload of an entry lies in a file. */
async function placeOf(name: string, sequence: number): Promise<number> {
  const bytes = await readFile(join(database, name));
  const found = bytes.indexOf(Buffer.alloc(ENTRY_BYTES - 64, sequence));
  if (found < 0) throw new Error(`Entry ${sequence} is not in ${name}`);
  return found;
}

const salvage = (options: { lastSequenceMin?: bigint } = {}) =>
  salvageJournal({
    disk,
    from: place.folder,
    to: `${place.folder}-salvaged`,
    random: new SeededRandom(2),
    ...options,
  });

/** Salvages, and checks that all is served but what is lost, and that what is left is sound. */
async function expectSalvaged(lost: readonly bigint[]): Promise<void> {
  const report = await salvage();
  const told = report.lost.flatMap(({ first, last }) => {
    const range: bigint[] = [];
    for (let at = BigInt(first); at <= BigInt(last); at += 1n) range.push(at);
    return range;
  });
  expect(told).toEqual(lost);
  const kept = Array.from({ length: LAST + 20 }, (_, at) => BigInt(at + 1)).filter(
    (sequence) => !lost.includes(sequence) && !FORGOTTEN.includes(sequence),
  );
  expect(report.entries).toBe(kept.length);
  const salvaged = { ...place, folder: `${place.folder}-salvaged` };
  const faults: JournalFault[] = [];
  for await (const each of verifyJournal({ disk, folder: salvaged.folder })) faults.push(each);
  expect(faults).toEqual([]);
  const { journal } = await place.openAt(salvaged.folder, "level");
  const entries = await all(journal);
  expect(entries.map(({ sequence }) => sequence)).toEqual(kept);
  for (const { sequence, payload } of entries) {
    expect(payload.every((byte) => byte === Number(sequence))).toBe(true);
  }
  expect(journal.lastSequence).toBe(BigInt(LAST + 20));
  await journal.close();
}

it("finds nothing wrong with a sound journal, and changes nothing", async () => {
  const before = await content();
  expect(await findings()).toEqual([]);
  expect(await content()).toEqual(before);
  expect((await readdir(database)).filter((name) => name.endsWith(".ldb")).length).toBeGreaterThan(
    1,
  );
});

describe("names each fault in LevelDB with its place and its entries", () => {
  it("a flipped bit in a table's entry: the rest of its block is saved", async () => {
    const table = await named(/ldb$/);
    const offset = await placeOf(table, 20);
    await flip(table, offset);
    const found = await findings();
    expect(shown(found)).toEqual(["table_damaged", "entry_missing 20-20"]);
    expect(found[0]).toMatchObject({ severity: "fault", segment: `leveldb/${table}` });
    const { position = 0, bytes = 0 } = found[0] ?? {};
    expect(position <= offset && offset < position + bytes).toBe(true);
    await expectSalvaged([20n]);
  });

  it("several, each once", async () => {
    const table = await named(/ldb$/);
    for (const sequence of [3, 11, 40]) await flip(table, await placeOf(table, sequence));
    expect(shown(await findings())).toEqual([
      "table_damaged",
      "entry_missing 3-3",
      "table_damaged",
      "entry_missing 11-11",
      "table_damaged",
      "entry_missing 40-40",
    ]);
    await expectSalvaged([3n, 11n, 40n]);
  });

  it("the index or the end of a table: its entries are found one by one", async () => {
    const table = await named(/ldb$/);
    const { size } = await stat(join(database, table));
    await flip(table, size - 60);
    expect(shown(await findings())).toEqual(["table_damaged"]);
    await truncate(join(database, table), size - 30);
    expect(shown(await findings())).toEqual(["table_damaged"]);
    await expectSalvaged([]);
  });

  it("a table that was cut in the middle", async () => {
    const table = await named(/ldb$/);
    const offset = await placeOf(table, 50);
    await truncate(join(database, table), offset + 5);
    expect(shown(await findings())).toEqual(["table_damaged", "entry_missing 50-60"]);
    await expectSalvaged(Array.from({ length: 11 }, (_, at) => BigInt(at + 50)));
  });

  it("a table that is gone", async () => {
    const table = await named(/ldb$/);
    await rm(join(database, table));
    const found = await findings();
    expect(shown(found)).toEqual([
      "table_missing",
      "entry_missing 1-6",
      "entry_missing 9-29",
      "entry_missing 31-60",
    ]);
    expect(found[0]).toMatchObject({ segment: `leveldb/${table}`, position: 0, bytes: 0 });
  });

  it("a batch in the log", async () => {
    const log = await named(/log$/);
    const offset = await placeOf(log, 90);
    await flip(log, offset);
    const found = await findings();
    expect(shown(found)).toEqual(["log_damaged", "entry_missing 90-90"]);
    const { segment, position = 0, bytes = 0 } = found[0] ?? {};
    expect(segment).toBe(`leveldb/${log}`);
    expect(position <= offset && offset < position + bytes).toBe(true);
    await expectSalvaged([90n]);
  });

  it("a torn log, which is a notice", async () => {
    const log = await named(/log$/);
    const { size } = await stat(join(database, log));
    await writeFile(join(database, log), "torn", { flag: "a" });
    expect(await findings()).toMatchObject([
      {
        kind: "torn_tail",
        severity: "notice",
        segment: `leveldb/${log}`,
        position: size,
        bytes: 4,
      },
    ]);
    const { journal } = await place.open("level");
    expect(journal.lastSequence).toBe(BigInt(LAST + 20));
    await journal.close();
  });

  it.each(["CURRENT", "MANIFEST"])("%s: all tables are read instead", async (which) => {
    const file = await named(new RegExp(`^${which}`));
    await flip(file, which === "CURRENT" ? 2 : 9);
    const found = await findings();
    expect(found[0]).toMatchObject({
      kind: "manifest_damaged",
      severity: "fault",
      segment: `leveldb/${file}`,
    });
    expect(found).toHaveLength(1);
    expect((await errorOf(place.open("level"))).reason).toMatch(/corrupt|io_failed/);
    await expectSalvaged([]);
  });

  it("CURRENT missing", async () => {
    await rm(join(database, "CURRENT"));
    expect(shown(await findings())).toEqual(["manifest_damaged"]);
    await expectSalvaged([]);
  });

  it("a table that belongs to nothing, which is a notice", async () => {
    await writeFile(join(database, "000999.ldb"), "left by a crash");
    expect(await findings()).toMatchObject([
      { kind: "leftover", severity: "notice", segment: "leveldb/000999.ldb" },
    ]);
  });

  it("journal.json", async () => {
    await writeFile(join(place.folder, "journal.json"), "{");
    expect(await findings()).toMatchObject([{ kind: "marker_damaged", segment: "journal.json" }]);
    expect((await errorOf(place.open("level"))).reason).toBe("corrupt");
    await expectSalvaged([]);
  });

  it("an entry that is not what was stored, is another's, has no key or lies behind the end", async () => {
    const payload = { parts: [new Uint8Array(40)] };
    await tamper(async (opened) => {
      await opened.write([
        { key: entryKey(12n), value: encodeEntry(12n, payload, 1) },
        { key: entryKey(13n), value: encodeEntry(14n, payload, 0) },
        { key: Buffer.from("e\0\0\0\0\0\0\0\x20x"), value: new Uint8Array(20) },
        { key: entryKey(15n) },
        { key: entryKey(200n), value: encodeEntry(200n, { parts: [] }, 0) },
      ]);
    });
    expect(shown(await findings())).toEqual([
      "entry_damaged 12-12",
      "entry_damaged 13-13",
      "entry_missing 15-15",
      "entry_damaged",
      "entry_missing 101-199",
      "head_damaged",
    ]);
  });

  // One opening each: the fourth table begins a compaction, whose files a close may leave behind.
  it.each([
    ["damaged", { key: HEAD_KEY, value: new Uint8Array(36) }],
    ["missing", { key: HEAD_KEY }],
  ])("the head %s: id and end are told from the rest", async (_, change) => {
    await tamper((opened) => opened.write([change]));
    expect(shown(await findings())).toEqual(["head_damaged"]);
    await expectSalvaged([]);
  });

  const entriesTo = (last: number) =>
    Array.from({ length: last }, (_, at) => ({ key: entryKey(BigInt(at + 1)) }));
  const forgotten = FORGOTTEN.map((first) => ({ key: forgottenKey(first) }));
  it.each([
    // 7 and 8 are one range.
    ["begins with what is forgotten", entriesTo(8), ["head_damaged"]],
    [
      "begins with an entry where nothing is forgotten",
      [...entriesTo(5), ...forgotten],
      ["head_damaged", "entry_missing 7-8", "entry_missing 30-30", "entry_missing 70-70"],
    ],
    ["has nothing else", [...entriesTo(LAST + 20), ...forgotten], ["head_damaged"]],
  ])("the head missing of a journal that %s", async (_, removed, kinds) => {
    await tamper((opened) => opened.write([{ key: HEAD_KEY }, ...removed]));
    expect(shown(await findings())).toEqual(kinds);
  });

  it("an empty manifest: all tables are read instead", async () => {
    await writeFile(join(database, await named(/^MANIFEST/)), "");
    expect(shown(await findings())).toEqual(["manifest_damaged"]);
    await expectSalvaged([]);
  });

  it("no database at all", async () => {
    await rm(database, { recursive: true });
    expect(shown(await findings())).toEqual(["head_damaged", "manifest_damaged"]);
  });

  it("another journal's database", async () => {
    const head: LevelHead = { id: new Uint8Array(16), first: 1n, last: BigInt(LAST + 20) };
    await tamper((opened) => opened.write([{ key: HEAD_KEY, value: encodeHead(head) }]));
    expect(shown(await findings())).toEqual(["head_damaged"]);
  });

  it("the record of forgotten entries: they count as lost, at most", async () => {
    await tamper((opened) => opened.write([{ key: forgottenKey(30n), value: new Uint8Array(12) }]));
    expect(shown(await findings())).toEqual(["forgotten_damaged", "entry_missing 30-30"]);
    await expectSalvaged([30n]);
  });
});

it("passes over what retention had let go and not yet removed", async () => {
  await tamper(async (opened) => {
    const id = Buffer.from((await opened.get(HEAD_KEY)) ?? []).subarray(0, 16);
    const value = encodeHead({ id, first: 6n, last: BigInt(LAST + 20) });
    await opened.write([{ key: HEAD_KEY, value }]);
  });
  expect(await findings()).toEqual([]);
  const report = await salvage({ lastSequenceMin: 150n });
  expect(report).toMatchObject({ lost: [], lastSequence: "150" });
  const { journal } = await place.openAt(`${place.folder}-salvaged`, "level");
  expect(journal.firstSequence).toBe(6n);
  expect((await sequences(journal))[0]).toBe(6n);
  expect(await journal.append([entry(1, 1)])).toEqual({ first: 151n, last: 151n });
  await journal.close();
  expect((await errorOf(salvage())).reason).toBe("conflict");
});

it("finds any flipped bit, and what is salvaged is sound", { timeout: 120_000 }, async () => {
  const random = new SeededRandom(5);
  const files = (await readdir(database)).filter((name) =>
    /^(MANIFEST|CURRENT)|ldb$|log$/.test(name),
  );
  const before = await content();
  for (let round = 0; round < 60; round += 1) {
    const name = files[round % files.length] ?? "";
    const { size } = await stat(join(database, name));
    const offset = random.nextInt(0, size - 1);
    await flip(name, offset, round % 8);
    const found = await findings();
    // Nothing reads the unused bytes of a footer and of a block's end of a log.
    if (found.length === 0) expect(await isUnused(name, offset)).toBe(true);
    const report = await salvage();
    for await (const each of verifyJournal({ disk, folder: `${place.folder}-salvaged` })) {
      throw new Error(`${name} ${offset}: ${each.message}`);
    }
    expect(report.entries).toBeGreaterThan(40);
    await rm(`${place.folder}-salvaged`, { recursive: true });
    await writeFile(join(database, name), Buffer.from(before.get(name) ?? "", "base64"));
  }
});

async function isUnused(name: string, offset: number): Promise<boolean> {
  if (name.endsWith(".log")) return offset % 32_768 >= 32_768 - 6;
  const { size } = await stat(join(database, name));
  return name.endsWith(".ldb") && offset >= size - 48 && offset < size - 8;
}
