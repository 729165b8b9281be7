import { describe, expect, it } from "vitest";
import { FileWindow } from "./file-window.js";
import { LOOKUP_KEPT_BYTES_MAX, LOOKUP_PLACES_MAX, LOOKUP_WINDOW_BYTES } from "./limits.js";
import { type LookupPlace, LookupPlaces } from "./lookup-places.js";
import type { Segment } from "./segment.js";
import { entry, FOLDER } from "./test/journal-subjects.js";
import { watchedReads } from "./test/watched-reads.js";

const COMMITS = 2_000;

/** A journal of many small commits, none of them in memory, whose reads of the disk are counted. */
async function manyCommits() {
  let reads = 0;
  const { journal } = await watchedReads({ tailCacheBytesMax: 1 }, async () => {
    reads += 1;
  });
  for (let at = 1; at <= COMMITS; at += 1) await journal.append([entry(100, at)]);
  const since = async (work: () => Promise<void>) => {
    const before = reads;
    await work();
    return reads - before;
  };
  const expectRead = async (sequence: number) => {
    const found = await journal.readOne(BigInt(sequence));
    expect(found?.sequence).toBe(BigInt(sequence));
    expect(found?.payload[99]).toBe(sequence % 256);
  };
  return { journal, since, expectRead };
}

describe("entries that are looked up one by one", () => {
  it("cost a read for each window of the file, also for readers at different places", async () => {
    const { journal, since, expectRead } = await manyCommits();
    const windows = Math.ceil(journal.bytes / LOOKUP_WINDOW_BYTES);
    const once = await since(async () => {
      for (let at = 1; at <= COMMITS; at += 1) await expectRead(at);
    });
    expect(once).toBeLessThanOrEqual(windows * 2);
    const thrice = await since(async () => {
      for (let at = 1; at <= COMMITS / 2; at += 1) {
        await Promise.all([expectRead(at), expectRead(at + COMMITS / 4), expectRead(at + 900)]);
      }
    });
    expect(thrice).toBeLessThanOrEqual(windows * 6);
  });

  it("are found in any order", async () => {
    const { expectRead } = await manyCommits();
    for (let at = COMMITS; at >= 1; at -= 7) await expectRead(at);
    for (let step = 0; step < COMMITS; step += 1) await expectRead(1 + ((step * 769) % COMMITS));
  });
});

describe("places", () => {
  const segment: Segment = {
    name: "0000000000000001.seg",
    path: `${FOLDER}/0000000000000001.seg`,
    header: { firstSequence: 1n, firstCommit: 1n } as Segment["header"],
    bytes: 10_000,
    isDropped: false,
    lastCommit: undefined,
  };
  const window = (bytes: number) => new FileWindow(async (buffer) => buffer.length, bytes);
  const placeAt = (sequence: number, of = window(10)): LookupPlace => ({
    segment,
    sequence: BigInt(sequence),
    position: sequence * 100,
    window: of,
  });

  it("are taken by the nearest sequence before, unless the index is nearer", () => {
    const places = new LookupPlaces();
    for (const sequence of [10, 30, 20]) places.keep(placeAt(sequence));
    expect(places.take(segment, 9n, 0)).toBeUndefined();
    expect(places.take({ ...segment }, 30n, 0)).toBeUndefined();
    expect(places.take(segment, 29n, 2_001)).toBeUndefined();
    expect(places.take(segment, 29n, 2_000)?.sequence).toBe(20n);
    expect(places.take(segment, 29n, 0)?.sequence).toBe(10n);
  });

  it("are bounded in number and bytes, and none is of a dropped segment", async () => {
    const places = new LookupPlaces();
    for (let at = 1; at <= LOOKUP_PLACES_MAX + 1; at += 1) places.keep(placeAt(at));
    expect(places.take(segment, 1n, 0)).toBeUndefined();
    expect(places.take(segment, 2n, 0)?.sequence).toBe(2n);
    const large = window(LOOKUP_KEPT_BYTES_MAX + 1);
    await large.view(0, LOOKUP_KEPT_BYTES_MAX + 1, LOOKUP_KEPT_BYTES_MAX + 1);
    const others = new LookupPlaces();
    others.keep(placeAt(1, large));
    others.keep({ ...placeAt(2), segment: { ...segment, isDropped: true } });
    expect(others.take(segment, 2n, 0)).toBeUndefined();
  });
});
