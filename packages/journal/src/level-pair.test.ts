import { describe, expect, it } from "vitest";
import { castagnoli } from "./checksum.js";
import { masked } from "./level-log.js";
import { batchPairs, comparePairs, tablePair } from "./level-pair.js";
import { LevelTable } from "./level-table.js";

function internalKey(text: string, order: number, type: number): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeBigUInt64LE((BigInt(order) << 8n) | BigInt(type));
  return Buffer.concat([Buffer.from(text), tag]);
}

function batch(count: number, ...changes: readonly (readonly number[])[]): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(7n, 0);
  head.writeUInt32LE(count, 8);
  return Buffer.concat([head, ...changes.map((bytes) => Buffer.from(bytes))]);
}

const put = [1, 1, 0x61, 1, 0x62];
const removal = [0, 1, 0x61];

describe("changes as LevelDB writes them", () => {
  it("are read from tables with their number, removals without a value", () => {
    const value = Buffer.from("v");
    expect(tablePair(internalKey("k", 9, 1), value)).toEqual({
      key: Buffer.from("k"),
      order: 9n,
      value,
    });
    expect(tablePair(internalKey("k", 9, 0), value)).not.toHaveProperty("value");
    expect(() => tablePair(internalKey("k", 9, 5), value)).toThrow("type 5");
    expect(() => tablePair(Buffer.alloc(7), value)).toThrow("too short");
  });

  it("are read from a batch one by one", () => {
    expect(batchPairs(batch(2, put, removal))).toEqual([
      { key: Buffer.from("a"), order: 7n, value: Buffer.from("b") },
      { key: Buffer.from("a"), order: 8n },
    ]);
    expect(() => batchPairs(batch(1, [4, 1, 0x61]))).toThrow("type 4");
    expect(() => batchPairs(batch(3, put, removal))).toThrow("another number of changes");
  });

  it("have the order of tables: by key, then the newest first", () => {
    const [older, newer] = batchPairs(batch(2, removal, put)) as [never, never];
    const other = { key: Buffer.from("b"), order: 1n };
    expect(comparePairs(older, older)).toBe(0);
    expect(comparePairs(older, newer)).toBe(1);
    expect(comparePairs(newer, older)).toBe(-1);
    expect(comparePairs(newer, other)).toBe(-1);
  });
});

/** A block with its trailer: type and checksum. */
function block(content: Buffer, type = 0): Buffer {
  const typed = Buffer.concat([content, Buffer.from([type])]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(masked(castagnoli(typed)));
  return Buffer.concat([typed, sum]);
}

/** Entries that share nothing, with one restart point. */
function entries(...pairs: readonly (readonly [Buffer, Buffer])[]): Buffer {
  const lines = pairs.map(([key, value]) =>
    Buffer.concat([Buffer.from([0, key.length, value.length]), key, value]),
  );
  const restarts = Buffer.alloc(8);
  restarts.writeUInt32LE(1, 4);
  return Buffer.concat([...lines, restarts]);
}

const handle = (position: number, bytes: number) => Buffer.from([position, bytes]);

/** A table of one block of pairs; `data` is what that holds. */
function table(data: Buffer, index = (place: Buffer) => entries([internalKey("z", 1, 1), place])) {
  const first = block(data);
  const meta = block(entries());
  const indexed = index(handle(0, data.length));
  const metaAt = first.length;
  const indexAt = metaAt + meta.length;
  const footer = Buffer.alloc(48);
  Buffer.concat([handle(metaAt, meta.length - 5), handle(indexAt, indexed.length)]).copy(footer);
  Buffer.from("57fb808b247547db", "hex").copy(footer, 40);
  return Buffer.concat([first, meta, block(indexed), footer]);
}

function open(bytes: Buffer): Promise<LevelTable | undefined> {
  const read = (buffer: Uint8Array, position: number) =>
    Promise.resolve(bytes.copy(buffer, 0, position));
  return LevelTable.open(read, bytes.length);
}

describe("a table of LevelDB", () => {
  it("is read block by block", async () => {
    const opened = await open(table(entries([internalKey("k", 3, 1), Buffer.from("v")])));
    const [data] = opened?.blocks ?? [];
    expect(data?.last).toEqual(Buffer.from("z"));
    expect(await opened?.pairs(data as never)).toEqual([
      { key: Buffer.from("k"), order: 3n, value: Buffer.from("v") },
    ]);
    expect(opened?.damagedAids).toEqual([]);
  });

  it("is none without its footer's magic, or when it is too small for a footer", async () => {
    const bytes = table(entries());
    bytes.fill(0, bytes.length - 8);
    expect(await open(bytes)).toBeUndefined();
    expect(await open(Buffer.alloc(47))).toBeUndefined();
  });

  it("is none where its index is damaged, or sound and nonsense", async () => {
    const bytes = table(entries());
    bytes[bytes.length - 52] = 0xff;
    expect(await open(bytes)).toBeUndefined();
    const nonsense = table(entries(), () => Buffer.from([9, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]));
    expect(await open(nonsense)).toBeUndefined();
  });

  it("answers nothing for a block that is damaged, or sound and nonsense", async () => {
    const short = await open(table(entries([Buffer.from("k"), Buffer.from("v")])));
    expect(await short?.pairs(short.blocks[0] as never)).toBeUndefined();
    const damaged = await open(table(entries([internalKey("k", 3, 1), Buffer.from("v")])));
    expect(await damaged?.pairs({ position: 1, bytes: 9, last: Buffer.alloc(0) })).toBeUndefined();
    expect(
      await damaged?.pairs({ position: 90, bytes: 900, last: Buffer.alloc(0) }),
    ).toBeUndefined();
  });
});
