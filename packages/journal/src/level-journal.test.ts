import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LevelDatabase } from "./level-database.js";
import {
  encodeEntry,
  encodeForgottenRange,
  encodeHead,
  entryKey,
  forgottenKey,
  HEAD_KEY,
} from "./level-records.js";
import { levelEntries } from "./level-walk.js";
import { NodeDisk } from "./node-disk.js";
import { all, entry, errorOf, one, sequences } from "./test/journal-subjects.js";
import { type RealPlace, realPlace } from "./test/level-places.js";

let place: RealPlace;
beforeEach(async () => {
  place = await realPlace();
});
afterEach(() => place.remove());

/** Changes the stored database as damage would. */
async function tamper(change: (database: LevelDatabase) => Promise<void>): Promise<void> {
  const database = await LevelDatabase.open(new NodeDisk(), join(place.folder, "leveldb"));
  await change(database);
  await database.close();
}

async function filled(count: number): Promise<void> {
  const { journal } = await place.open("level");
  for (let at = 1; at <= count; at += 1) await journal.append([entry(500, at)]);
  await journal.close();
}

describe("damage in LevelDB is named and never served", () => {
  it("an entry that is missing and was never forgotten", async () => {
    await filled(9);
    await tamper((database) => database.write([{ key: entryKey(4n) }, { key: entryKey(5n) }]));
    expect(await errorOf(place.open("level"))).toMatchObject({
      reason: "corrupt",
      sequences: { first: 4n, last: 5n },
    });
  });

  it.each([
    ["newest", 9n],
    ["oldest", 1n],
  ])("the %s entry missing", async (_, sequence) => {
    await filled(9);
    await tamper((database) => database.write([{ key: entryKey(sequence) }]));
    expect(await errorOf(place.open("level"))).toMatchObject({
      reason: "corrupt",
      sequences: { first: sequence, last: sequence },
    });
  });

  it("an entry that changed, is another's or has no checksum", async () => {
    await filled(9);
    const payload = { parts: [new Uint8Array(500).fill(4)] };
    for (const value of [
      encodeEntry(4n, payload, 1),
      encodeEntry(5n, payload, 1),
      new Uint8Array(3),
    ]) {
      await tamper((database) => database.write([{ key: entryKey(4n), value }]));
      expect(await errorOf(place.open("level"))).toMatchObject({
        reason: "corrupt",
        sequences: { first: 4n, last: 4n },
      });
    }
  });

  it("a key that no entry has", async () => {
    await filled(3);
    await tamper((database) =>
      database.write([{ key: Buffer.from("e\0\0\0\0\0\0\0\x02x"), value: new Uint8Array(20) }]),
    );
    expect((await errorOf(place.open("level"))).reason).toBe("corrupt");
  });

  it("entries without a head where no marker was written yet", async () => {
    await filled(3);
    await tamper((database) => database.write([{ key: HEAD_KEY }]));
    await rm(join(place.folder, "journal.json"));
    expect((await errorOf(place.open("level"))).reason).toBe("corrupt");
  });

  it("LevelDB's own files", async () => {
    await filled(3);
    await writeFile(join(place.folder, "leveldb", "CURRENT"), "nonsense");
    expect((await errorOf(place.open("level"))).reason).toBe("corrupt");
    await rm(join(place.folder, "leveldb"), { recursive: true });
    await writeFile(join(place.folder, "leveldb"), "a file");
    expect((await errorOf(place.open("level"))).reason).toBe("io_failed");
  });

  it("an entry behind the newest", async () => {
    await filled(3);
    const value = encodeEntry(5n, { parts: [] }, 0);
    await tamper((database) => database.write([{ key: entryKey(5n), value }]));
    expect((await errorOf(place.open("level"))).reason).toBe("corrupt");
  });

  it("a head that is damaged, missing or another journal's", async () => {
    await filled(3);
    const head = encodeHead({ id: new Uint8Array(16), first: 1n, last: 3n });
    const damagedHead = Buffer.from(head);
    damagedHead[20] = 7;
    for (const value of [head, damagedHead, new Uint8Array(2), undefined]) {
      const change = value === undefined ? { key: HEAD_KEY } : { key: HEAD_KEY, value };
      await tamper((database) => database.write([change]));
      expect((await errorOf(place.open("level"))).reason).toBe("corrupt");
    }
  });

  it("the record of a forgotten range", async () => {
    await filled(9);
    const { journal } = await place.open("level");
    await journal.forget([one(4n)]);
    await journal.close();
    const range = Buffer.from(encodeForgottenRange({ first: 4n, last: 4n }));
    for (const value of [range.fill(9, 0, 1), new Uint8Array(1)]) {
      await tamper((database) => database.write([{ key: forgottenKey(4n), value }]));
      expect((await errorOf(place.open("level"))).reason).toBe("corrupt");
    }
  });

  it("found while reading, with the entries before it served", async () => {
    await filled(9);
    await tamper(async (database) => {
      const value = encodeEntry(4n, { parts: [] }, 1);
      await database.write([{ key: entryKey(4n), value }]);
      const seen: bigint[] = [];
      const reading = (async () => {
        const range = { first: 2n, last: 9n };
        for await (const { sequence } of levelEntries(database, range, async () => undefined)) {
          seen.push(sequence);
        }
      })();
      expect(await errorOf(reading)).toMatchObject({ reason: "corrupt", sequences: one(4n) });
      expect(seen).toEqual([2n, 3n]);
    });
  });
});

describe("forgetting", () => {
  it("merges ranges, in any order, so that what is forgotten costs a record", async () => {
    const { journal } = await place.open("level");
    for (let at = 1; at <= 20; at += 1) await journal.append([entry(10, at)]);
    for (const sequence of [5n, 3n, 9n, 4n, 7n, 6n]) await journal.forget([one(sequence)]);
    await journal.forget([
      { first: 2n, last: 10n },
      { first: 15n, last: 16n },
    ]);
    await journal.close();
    await tamper(async (database) => {
      const keys: Uint8Array[] = [];
      const range = { gte: forgottenKey(0n), lte: forgottenKey(99n) };
      for await (const [key] of database.pairs(range)) keys.push(key);
      expect(keys.map((key) => Buffer.from(key))).toEqual(
        [forgottenKey(2n), forgottenKey(15n)].map((key) => Buffer.from(key)),
      );
    });
    const again = await place.open("level");
    expect(await sequences(again.journal)).toEqual([1, 11, 12, 13, 14, 17, 18, 19, 20].map(BigInt));
    await again.journal.truncateBefore(14n);
    expect(await sequences(again.journal)).toEqual([14, 17, 18, 19, 20].map(BigInt));
    await again.journal.truncateBefore(99n);
    expect([again.journal.firstSequence, again.journal.lastSequence]).toEqual([21n, 20n]);
    await again.journal.close();
    const third = await place.open("level");
    expect(await all(third.journal)).toEqual([]);
    expect(await third.journal.append([entry(1, 1)])).toEqual({ first: 21n, last: 21n });
    await third.journal.close();
  });

  it("takes long ranges in parts", async () => {
    const { journal } = await place.open("level", {});
    await journal.append(Array.from({ length: 10_000 }, () => entry(1, 1)));
    await journal.forget([{ first: 1n, last: 9000n }]);
    expect((await sequences(journal))[0]).toBe(1n);
    await journal.close();
    const again = await place.open("level", {});
    expect((await sequences(again.journal))[0]).toBe(9001n);
    expect(await again.journal.readOne(5n)).toBeUndefined();
    await again.journal.close();
  });
});

it("goes on removing at the start what retention had let go", async () => {
  await filled(9);
  await tamper(async (database) => {
    const value = await database.get(HEAD_KEY);
    const id = Buffer.from(value ?? []).subarray(0, 16);
    await database.write([{ key: HEAD_KEY, value: encodeHead({ id, first: 6n, last: 9n }) }]);
  });
  const { journal } = await place.open("level");
  expect(await sequences(journal)).toEqual([6n, 7n, 8n, 9n]);
  await journal.close();
  await tamper(async (database) => expect(await database.get(entryKey(5n))).toBeUndefined());
});

it("says that a closed database cannot be read", async () => {
  const database = await LevelDatabase.open(new NodeDisk(), join(place.folder, "..", "plain"));
  await database.close();
  expect((await errorOf(database.get(HEAD_KEY))).reason).toBe("io_failed");
  const reading = (async () => {
    for await (const _ of database.pairs({ gte: HEAD_KEY, lte: HEAD_KEY }));
  })();
  await expect(reading).rejects.toThrow();
});

it("takes two truncations at once", async () => {
  const { journal } = await place.open("level");
  for (let at = 1; at <= 9; at += 1) await journal.append([entry(10, at)]);
  await Promise.all([7n, 4n, 7n].map((sequence) => journal.truncateBefore(sequence)));
  expect(await sequences(journal)).toEqual([7n, 8n, 9n]);
  await journal.close();
});

it("fails for good when LevelDB does, and is told", async () => {
  const { journal } = await place.open("level");
  await journal.append([entry(1, 1)]);
  const write = LevelDatabase.prototype.write;
  LevelDatabase.prototype.write = () => Promise.reject(new Error("disk"));
  try {
    const pending = [journal.append([entry(1, 2)]), journal.forget([one(1n)])];
    for (const promise of pending) expect((await errorOf(promise)).reason).toBe("failed");
  } finally {
    LevelDatabase.prototype.write = write;
  }
  expect((await errorOf(journal.append([entry(1, 3)]))).reason).toBe("failed");
  expect((await errorOf(journal.forget([one(1n)]))).reason).toBe("failed");
  expect((await errorOf(journal.truncateBefore(1n))).reason).toBe("failed");
  expect(place.failures).toHaveLength(1);
  expect(await all(journal)).toHaveLength(1);
  await journal.close();
});

it("is read from memory and from LevelDB in one pass, and ends with closed in the middle", async () => {
  const { journal } = await place.open("level");
  for (let at = 1; at <= 20; at += 1) await journal.append([entry(500, at)]);
  await journal.forget([one(2n)]);
  expect((await sequences(journal)).filter((sequence) => sequence !== 2n)).toHaveLength(19);
  const reading = (async () => {
    for await (const _ of journal.read({ from: 1n })) await journal.close();
  })();
  expect((await errorOf(reading)).reason).toBe("closed");
});
