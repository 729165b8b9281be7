/**
 * The contract suite: every implementation of `IndexStore` runs it in its own tests.
 *
 * @packageDocumentation
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prefixScope } from "./index-key.js";
import type { IndexEntry, IndexRange, IndexStore } from "./index-store.js";
import type { IndexStoreError } from "./index-store-error.js";
import { INDEX_STORE_LIMITS, type IndexStoreLimits } from "./limits.js";

/** One place where stores are opened, for one test. */
export interface IndexStoreFixture {
  /** Opens the store of this place; again only after closing it. */
  open(limits?: Partial<IndexStoreLimits>): Promise<IndexStore>;
  /** Removes the place. */
  dispose(): Promise<void>;
}

/** What the implementation promises beyond the contract. */
export interface IndexStoreCapabilities {
  /** Opening the place again finds what was written. */
  readonly keepsData: boolean;
  /** What `flush` resolves with. */
  readonly flushIsDurable: boolean;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (entry: IndexEntry): string => `${entry.key}=${Buffer.from(entry.value).toString()}`;
const keysOf = (entries: readonly IndexEntry[]): string[] => entries.map(({ key }) => key);

async function collect(entries: AsyncIterable<IndexEntry>): Promise<IndexEntry[]> {
  const all: IndexEntry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

async function reasonOf(operation: Promise<unknown>): Promise<IndexStoreError["reason"]> {
  const error = await operation.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: "IndexStoreError" });
  return (error as IndexStoreError).reason;
}

interface Bench {
  fixture: IndexStoreFixture;
  store: IndexStore;
  put(...keys: string[]): Promise<void>;
  reopen(limits: Partial<IndexStoreLimits>): Promise<IndexStore>;
}

/** Declares the contract's tests for one implementation. */
export function describeIndexStoreContract(
  name: string,
  createFixture: () => Promise<IndexStoreFixture>,
  capabilities: IndexStoreCapabilities,
): void {
  describe(`${name} keeps the contract of IndexStore`, () => {
    const bench = {} as Bench;
    beforeEach(async () => {
      bench.fixture = await createFixture();
      bench.store = await bench.fixture.open();
      bench.put = async (...keys) =>
        await bench.store.write(keys.map((key) => ({ key, value: bytes(`v${key}`) })));
      bench.reopen = async (limits) => {
        await bench.store.close();
        bench.store = await bench.fixture.open(limits);
        return bench.store;
      };
    });
    afterEach(async () => {
      await bench.store.close();
      await bench.fixture.dispose();
    });
    describe("reading and writing", () => declareReadsAndWrites(bench, capabilities));
    describe("ranges", () => declareRanges(bench));
    describe("iterations", () => declareIterations(bench));
    describe("bounds", () => declareBounds(bench));
    describe("closing", () => declareClosing(bench, capabilities));
  });
}

function declareReadsAndWrites(bench: Bench, capabilities: IndexStoreCapabilities): void {
  it("reads what it wrote, and undefined where nothing is", async () => {
    await bench.put("a", "c");
    expect(await bench.store.get("b")).toBeUndefined();
    const values = await bench.store.getMany(["c", "b", "a", "c"]);
    expect(values.map((value) => value && Buffer.from(value).toString())).toEqual([
      "vc",
      undefined,
      "va",
      "vc",
    ]);
    expect(await bench.store.getMany([])).toEqual([]);
  });

  it("keeps every byte of keys and values", async () => {
    const everyCharacter = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i));
    const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
    const key = everyCharacter.join("");
    const view = new Uint8Array(everyByte.buffer, 100, 56);
    await bench.store.write([
      { key, value: everyByte },
      { key: " ", value: new Uint8Array(0) },
      { key: "~", value: view },
    ]);
    const [all, empty, part] = await bench.store.getMany([key, " ", "~"]);
    expect(Buffer.compare(all as Uint8Array, everyByte)).toBe(0);
    expect(empty).toHaveLength(0);
    expect(Buffer.compare(part as Uint8Array, everyByte.subarray(100, 156))).toBe(0);
    const page = await bench.store.scan({ limit: 10 });
    expect(keysOf(page)).toEqual([" ", key, "~"]);
    expect(page[0]?.value).toHaveLength(0);
    expect(Buffer.compare((page[1] as IndexEntry).value, everyByte)).toBe(0);
  });

  it("keeps the largest key and the largest value", async () => {
    const key = "k".repeat(INDEX_STORE_LIMITS.keyBytesMax);
    const value = new Uint8Array(INDEX_STORE_LIMITS.valueBytesMax).fill(0xa5);
    await bench.store.write([{ key, value }]);
    expect(Buffer.compare((await bench.store.get(key)) as Uint8Array, value)).toBe(0);
    expect(await bench.store.scan({ ...prefixScope(key), limit: 1 })).toHaveLength(1);
  });

  it("applies a batch in its order and batches in the order of the calls", async () => {
    await bench.store.write([
      { key: "a", value: bytes("1") },
      { key: "a", value: undefined },
      { key: "b", value: undefined },
      { key: "b", value: bytes("2") },
    ]);
    const calls = Array.from({ length: 200 }, (_, i) =>
      bench.store.write([{ key: "last", value: bytes(String(i)) }]),
    );
    await Promise.all(calls);
    const page = await bench.store.scan({ limit: 10 });
    expect(page.map(text)).toEqual(["b=2", "last=199"]);
  });

  it("writes nothing of a batch that it refuses", async () => {
    const refused = bench.store.write([
      { key: "good", value: bytes("1") },
      { key: "", value: bytes("1") },
    ]);
    expect(await reasonOf(refused)).toBe("key_invalid");
    expect(await bench.store.get("good")).toBeUndefined();
    await bench.store.write([]);
  });

  it("clears everything that was written before, and nothing after", async () => {
    await bench.put(" ", "a", "~");
    const cleared = bench.store.clear();
    const written = bench.put("b");
    await Promise.all([cleared, written]);
    expect(keysOf(await bench.store.scan({ limit: 10 }))).toEqual(["b"]);
  });

  it("says whether a flush is durable, and keeps serving", async () => {
    await bench.put("a");
    expect(await bench.store.flush()).toBe(capabilities.flushIsDurable);
    await bench.put("b");
    expect(await bench.store.flush()).toBe(capabilities.flushIsDurable);
    expect(keysOf(await bench.store.scan({ limit: 10 }))).toEqual(["a", "b"]);
  });

  it("estimates its size", async () => {
    expect(await bench.store.approximateBytes?.()).toBeGreaterThanOrEqual(0);
  });
}

function declareRanges(bench: Bench): void {
  const ranges: readonly (readonly [string, Omit<IndexRange, "limit">, string])[] = [
    ["everything", {}, "a b ba c"],
    ["gte", { gte: "b" }, "b ba c"],
    ["gt", { gt: "b" }, "ba c"],
    ["lt", { lt: "b" }, "a"],
    ["lte", { lte: "b" }, "a b"],
    ["both sides", { gt: "a", lte: "ba" }, "b ba"],
    ["bounds that are no keys", { gte: "aa", lt: "bb" }, "b ba"],
    ["a prefix", prefixScope("b"), "b ba"],
    ["reverse", { reverse: true }, "c ba b a"],
    ["reverse with bounds", { gte: "b", lt: "c", reverse: true }, "ba b"],
    ["reverse, exclusive below", { gt: "a", lte: "ba", reverse: true }, "ba b"],
    ["empty lower bound", { gte: "" }, "a b ba c"],
    ["empty upper bound", { lt: "" }, ""],
    ["crossed bounds", { gte: "c", lt: "b" }, ""],
    ["equal bounds, closed", { gte: "b", lte: "b" }, "b"],
    ["equal bounds, open", { gt: "b", lt: "b" }, ""],
  ];
  it.each(ranges)("%s", async (_name, range, expected) => {
    await bench.put("c", "ba", "a", "b");
    const page = keysOf(await bench.store.scan({ ...range, limit: 10 }));
    expect(page.join(" ")).toBe(expected);
    expect(keysOf(await collect(bench.store.iterate(range)))).toEqual(page);
  });

  it("gives exactly as many entries as asked, across the store's own chunks", async () => {
    const keys = Array.from({ length: 3000 }, (_, i) => String(i).padStart(5, "0"));
    await bench.put(...keys);
    for (const limit of [1, 63, 64, 65, 2999, 3000, 3001]) {
      const page = await bench.store.scan({ limit });
      expect(keysOf(page)).toEqual(keys.slice(0, limit));
      const reversed = await bench.store.scan({ limit, reverse: true });
      expect(keysOf(reversed)).toEqual(keys.toReversed().slice(0, limit));
    }
  });

  it("refuses two bounds on one side and a limit that is none as a caller's mistake", async () => {
    await expect(bench.store.scan({ gte: "a", gt: "a", limit: 1 })).rejects.toThrow(TypeError);
    await expect(bench.store.scan({ lte: "a", lt: "a", limit: 1 })).rejects.toThrow(TypeError);
    await expect(bench.store.scan({ limit: 0 })).rejects.toThrow(TypeError);
    await expect(bench.store.scan({ limit: 1.5 })).rejects.toThrow(TypeError);
  });
}

function declareIterations(bench: Bench): void {
  it("reads the state of its first step, whatever is written meanwhile", async () => {
    const keys = Array.from({ length: 500 }, (_, i) => String(i).padStart(5, "0"));
    await bench.put(...keys);
    const seen: string[] = [];
    for await (const entry of bench.store.iterate({})) {
      if (seen.length === 0) {
        await bench.store.write([
          { key: "00400", value: undefined },
          { key: "00401", value: bytes("new") },
          { key: "99999", value: bytes("new") },
        ]);
      }
      seen.push(text(entry));
    }
    expect(seen).toEqual(keys.map((key) => `${key}=v${key}`));
    expect(await bench.store.get("00400")).toBeUndefined();
  });

  it("keeps its snapshot through a clear and a flush", async () => {
    await bench.put(...Array.from({ length: 200 }, (_, i) => `k${String(i).padStart(3, "0")}`));
    let count = 0;
    for await (const _entry of bench.store.iterate({ reverse: true })) {
      if (count === 0) {
        await bench.store.clear();
        await bench.store.flush();
      }
      count += 1;
    }
    expect(count).toBe(200);
    expect(await bench.store.scan({ limit: 1 })).toEqual([]);
  });

  it("reads large values in small chunks", async () => {
    const value = new Uint8Array(300_000).fill(7);
    for (let i = 0; i < 80; i += 1) {
      await bench.store.write([{ key: `k${String(i).padStart(3, "0")}`, value }]);
    }
    let count = 0;
    for await (const entry of bench.store.iterate({ gt: "k000" })) {
      expect(entry.value.byteLength).toBe(300_000);
      count += 1;
    }
    expect(count).toBe(79);
  });

  it("ends with the signal's reason", async () => {
    await bench.put("a", "b", "c");
    const stop = new AbortController();
    const why = new Error("enough");
    const seen: string[] = [];
    const iteration = (async () => {
      for await (const { key } of bench.store.iterate({}, { signal: stop.signal })) {
        seen.push(key);
        stop.abort(why);
      }
    })();
    await expect(iteration).rejects.toBe(why);
    expect(seen).toEqual(["a"]);
    await expect(collect(bench.store.iterate({}, { signal: stop.signal }))).rejects.toBe(why);
  });

  it("bounds how many are open, and lets go of those that end in any way", async () => {
    const store = await bench.reopen({ iteratorsMax: 2 });
    await bench.put("a", "b", "c");
    for (let i = 0; i < 5; i += 1) {
      for await (const _entry of store.iterate({})) break;
      await collect(store.iterate({}));
      await store.scan({ limit: 1 });
    }
    const first = store.iterate({})[Symbol.asyncIterator]();
    const second = store.iterate({})[Symbol.asyncIterator]();
    await first.next();
    await second.next();
    expect(await reasonOf(collect(store.iterate({})))).toBe("limit_exceeded");
    expect(await reasonOf(store.scan({ limit: 1 }))).toBe("limit_exceeded");
    await first.return?.();
    expect(await collect(store.iterate({}))).toHaveLength(3);
    await second.return?.();
  });
}

function declareBounds(bench: Bench): void {
  const one = { key: "a", value: new Uint8Array(1) };

  it("refuses keys outside the alphabet", async () => {
    for (const key of ["", "ä", "\n", "a\x7f", "a\0"]) {
      expect(await reasonOf(bench.store.get(key))).toBe("key_invalid");
      expect(await reasonOf(bench.store.write([{ ...one, key }]))).toBe("key_invalid");
    }
    expect(await reasonOf(bench.store.scan({ gte: "ä", limit: 1 }))).toBe("key_invalid");
    expect(await reasonOf(collect(bench.store.iterate({ lt: "\0" })))).toBe("key_invalid");
  });

  const crossings: readonly (readonly [
    keyof IndexStoreLimits,
    number,
    (store: IndexStore) => Promise<unknown> | readonly Promise<unknown>[],
  ])[] = [
    ["keyBytesMax", 4, (store) => store.get("12345")],
    ["keyBytesMax", 4, (store) => store.write([{ ...one, key: "12345" }])],
    ["keyBytesMax", 4, (store) => store.scan({ gt: "123456", limit: 1 })],
    ["valueBytesMax", 4, (store) => store.write([{ key: "a", value: new Uint8Array(5) }])],
    ["batchWritesMax", 2, (store) => store.write([one, one, one])],
    ["batchBytesMax", 5, (store) => store.write([one, one, one])],
    ["queuedWriteBytesMax", 3, (store) => [store.write([one]), store.write([one])]],
    ["readKeysMax", 2, (store) => store.getMany(["a", "b", "c"])],
    ["pageEntriesMax", 2, (store) => store.scan({ limit: 3 })],
    ["operationsMax", 2, (store) => [store.get("a"), store.get("a"), store.get("a")]],
  ];
  it.each(crossings)("refuses what crosses %s (%i)", async (limit, max, cross) => {
    const store = await bench.reopen({ [limit]: max });
    const settled = await Promise.allSettled([cross(store)].flat());
    const refusals = settled.flatMap((result) =>
      result.status === "rejected" ? [result.reason as unknown] : [],
    );
    expect(refusals).toMatchObject([
      { name: "IndexStoreError", reason: "limit_exceeded", details: { limit, max } },
    ]);
    await store.write([one]);
    expect(await store.get("a")).toBeDefined();
  });

  it("refuses a page of too many bytes, which an iteration can read", async () => {
    const store = await bench.reopen({ pageBytesMax: 1000 });
    const value = new Uint8Array(400);
    await store.write(["a", "b", "c"].map((key) => ({ key, value })));
    expect(await reasonOf(store.scan({ limit: 3 }))).toBe("limit_exceeded");
    expect(await store.scan({ limit: 2 })).toHaveLength(2);
    expect(await collect(store.iterate({}))).toHaveLength(3);
  });
}

function declareClosing(bench: Bench, capabilities: IndexStoreCapabilities): void {
  it("refuses every operation once closing has begun, and can be repeated", async () => {
    const { store } = bench;
    await bench.put("a");
    const closing = store.close();
    const refused: readonly (() => Promise<unknown>)[] = [
      () => store.get("a"),
      () => store.getMany(["a"]),
      () => store.scan({ limit: 1 }),
      () => collect(store.iterate({})),
      () => store.write([{ key: "b", value: undefined }]),
      () => store.flush(),
      () => store.clear(),
    ];
    for (const operation of refused) expect(await reasonOf(operation())).toBe("closed");
    await closing;
    await store.close();
    expect(await reasonOf(store.get("a"))).toBe("closed");
  });

  it("waits for running operations", async () => {
    const { store } = bench;
    const writes = Array.from({ length: 50 }, (_, i) => bench.put(`k${i}`));
    const reads = [store.getMany(["k0", "k49"]), store.scan({ limit: 10 }), store.flush()];
    let finished = 0;
    for (const operation of [...writes, ...reads]) {
      void operation.then(() => {
        finished += 1;
      });
    }
    await store.close();
    expect(finished).toBe(53);
    await Promise.all([...writes, ...reads]);
  });

  it("ends open iterations with `closed` instead of waiting for them", async () => {
    await bench.put("a", "b", "c");
    const iteration = bench.store.iterate({})[Symbol.asyncIterator]();
    expect((await iteration.next()).value?.key).toBe("a");
    await bench.store.close();
    expect(await reasonOf(Promise.resolve(iteration.next()))).toBe("closed");
    expect((await iteration.next()).done).toBe(true);
  });

  if (!capabilities.keepsData) return;
  it("finds its data when opened again", async () => {
    await bench.put("a", "b");
    await bench.store.write([{ key: "a", value: undefined }]);
    const store = await bench.reopen({});
    expect((await store.scan({ limit: 10 })).map(text)).toEqual(["b=vb"]);
  });
}
