import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { copyLevel } from "./level-backup.js";
import { NodeDisk } from "./node-disk.js";
import { openAudit } from "./open-audit.js";
import { all, entry, errorOf, one } from "./test/journal-subjects.js";
import { type RealPlace, realPlace } from "./test/level-places.js";
import { verifyJournal } from "./verify-journal.js";

/** A disk on whose file system nothing is linked. */
class Unlinking extends NodeDisk {
  override link(): Promise<void> {
    return Promise.reject(Object.assign(new Error("another file system"), { code: "EXDEV" }));
  }
}

let place: RealPlace;
let copy: string;
beforeEach(async () => {
  place = await realPlace();
  copy = `${place.folder}-copy`;
});
afterEach(() => place.remove());

/** What a copy holds, read without LevelDB and with it; the copy is removed. */
async function lastOfCopy(): Promise<bigint> {
  const audit = await openAudit({ disk: new NodeDisk(), folder: copy });
  const sequences: bigint[] = [];
  for await (const item of audit.items()) {
    if (item.kind === "entry") sequences.push(item.sequence);
    else if (item.fault.severity === "fault") throw new Error(item.fault.message);
  }
  const { journal } = await place.openAt(copy, "level", {});
  expect((await all(journal)).map(({ sequence }) => sequence)).toEqual(sequences);
  await journal.close();
  await rm(copy, { recursive: true });
  return audit.lastSequence;
}

it.each([
  ["second names", new NodeDisk()],
  ["copies", new Unlinking()],
])(
  "copies under a writer all that was acknowledged before: %s",
  { timeout: 120_000 },
  async (_, disk) => {
    const { journal } = await place.open("level", {});
    let written = 0n;
    const write = async (): Promise<void> => {
      const { last } = await journal.append([entry(900_000, Number(written % 256n))]);
      written = last;
      if (last % 3n === 0n) await journal.forget([one(last - 1n)]);
      if (last % 20n === 0n) await journal.truncateBefore(last - 18n);
    };
    for (let round = 0; round < 3; round += 1) {
      // More than one of LevelDB's buffers: tables, and compactions of what went.
      for (let at = 0; at < 25; at += 1) await write();
      const promised = written;
      let isOver = false;
      const writing = (async () => {
        while (!isOver) await write();
      })();
      await disk.mkdir(copy);
      await copyLevel({ disk, from: place.folder, to: copy });
      isOver = true;
      await writing;
      const last = await lastOfCopy();
      expect(last >= promised && last <= written).toBe(true);
    }
    await journal.close();
    const names = await readdir(join(place.folder, "leveldb"));
    expect(names.filter((name) => name.endsWith(".ldb"))).not.toEqual([]);
    // Nothing of the copies' own life reached the journal.
    for await (const { message } of verifyJournal({ disk, folder: place.folder })) {
      throw new Error(message);
    }
  },
);

it("gives no second name to a table that the manifest does not name", async () => {
  const { journal } = await place.open("level");
  await journal.append([entry(100, 1)]);
  await journal.close();
  const leftover = join(place.folder, "leveldb", "000006.ldb");
  await writeFile(leftover, "being written by a compaction");
  const disk = new NodeDisk();
  await disk.mkdir(copy);
  await copyLevel({ disk, from: place.folder, to: copy });
  expect(await readdir(join(copy, "leveldb"))).not.toContain("000006.ldb");
  const opened = await place.openAt(copy, "level");
  await opened.journal.close();
  expect((await stat(leftover)).size).toBe(29);
});

it("refuses a damaged manifest", async () => {
  const { journal } = await place.open("level");
  await journal.close();
  await writeFile(join(place.folder, "leveldb", "CURRENT"), "nonsense\n");
  const disk = new NodeDisk();
  await disk.mkdir(copy);
  const copying = copyLevel({ disk, from: place.folder, to: copy });
  expect(await errorOf(copying)).toMatchObject({ reason: "corrupt", segment: "CURRENT" });
});
