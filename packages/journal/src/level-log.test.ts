import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkLevelLogs } from "./level-log.js";
import { all, entry, errorOf } from "./test/journal-subjects.js";
import { type RealPlace, realPlace } from "./test/level-places.js";

const ENTRIES = 40;
let place: RealPlace;
let log: string;
let sound: Buffer;
beforeEach(async () => {
  place = await realPlace();
  const { journal } = await place.open("level");
  // More than a block of LevelDB's log, in batches that cross its boundary.
  for (let at = 1; at <= ENTRIES; at += 1) await journal.append([entry(1900, at)]);
  await journal.close();
  const folder = join(place.folder, "leveldb");
  const [name = ""] = (await readdir(folder)).filter((each) => each.endsWith(".log"));
  log = join(folder, name);
  sound = await readFile(log);
});
afterEach(() => place.remove());

async function flipped(offset: number, bit: number): Promise<void> {
  const bytes = Buffer.from(sound);
  bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
  await writeFile(log, bytes);
}

/** Bytes of the last batch: an entry of 1900 bytes and the head. */
const LAST_BATCH = 2100;

describe("a flipped bit in LevelDB's log", () => {
  it("is refused with its place where a later batch shows that it was synced", async () => {
    for (const offset of [0, 4, 6, 9, 30, 32_700, 32_768, 32_773, 40_000, sound.length - 2500]) {
      await flipped(offset, offset % 8);
      const error = await errorOf(place.open("level"));
      expect(error.reason).toBe("corrupt");
      expect(error.segment).toMatch(/^\d+\.log$/);
      expect((error.position ?? 0) <= offset).toBe(true);
      expect(offset - (error.position ?? 0)).toBeLessThan(LAST_BATCH);
    }
  });

  it("in the very last batch cannot be told from a torn write: it is cut, and said so", async () => {
    await flipped(sound.length - 300, 2);
    const { journal, recovery } = await place.open("level");
    expect(recovery).toMatchObject({ lastSequence: BigInt(ENTRIES - 1), unmarked: true });
    expect(recovery.tornBytes).toBeGreaterThan(300);
    expect(await all(journal)).toHaveLength(ENTRIES - 1);
    await journal.close();
  });
});

it("a page of zeros in LevelDB's log is refused, a tail of them is cut", async () => {
  const holed = Buffer.from(sound);
  holed.fill(0, 8192, 12_288);
  await writeFile(log, holed);
  expect((await errorOf(place.open("level"))).reason).toBe("corrupt");
  await writeFile(log, Buffer.concat([sound, Buffer.alloc(5000)]));
  const { journal, recovery } = await place.open("level");
  expect(recovery).toMatchObject({ lastSequence: BigInt(ENTRIES), tornBytes: 5000 });
  expect(await all(journal)).toHaveLength(ENTRIES);
  await journal.close();
});

it("a log that is cut anywhere ends with its last whole batch", async () => {
  const endAt = async (cut: number) => {
    const bytes = sound.subarray(0, cut);
    const read = async (buffer: Uint8Array, position: number): Promise<number> => {
      const part = bytes.subarray(position, position + buffer.length);
      buffer.set(part);
      return part.length;
    };
    return await checkLevelLogs([{ name: "1.log", bytes: cut, read }]);
  };
  expect(await endAt(sound.length)).toMatchObject({ position: sound.length, tornBytes: 0 });
  let before = 0;
  for (let cut = 0; cut < sound.length; cut += 517) {
    const end = await endAt(cut);
    const { position } = end;
    expect(position + end.tornBytes).toBe(cut);
    expect(position).toBeGreaterThanOrEqual(before);
    expect(cut - position).toBeLessThan(LAST_BATCH);
    before = position;
  }
});

it("a log without its first batch leaves nothing, which the marker knows better", async () => {
  await writeFile(log, sound.subarray(0, 3));
  expect((await errorOf(place.open("level"))).reason).toBe("corrupt");
});
