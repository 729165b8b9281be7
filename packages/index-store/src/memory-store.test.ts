import { describe, expect, it } from "vitest";
import { describeIndexStoreContract } from "./contract.js";
import { UNFLUSHED_BATCHES_MAX } from "./limits.js";
import { type MemoryCrash, MemoryStore } from "./memory-store.js";

describeIndexStoreContract(
  "MemoryStore",
  async () => ({
    open: async (limits) => MemoryStore.create({ limits }),
    dispose: async () => undefined,
  }),
  { keepsData: false, flushIsDurable: true },
);

/** Writes the batches 0 to 9, flushes, writes 10 to 19; then crashes and lists what is left. */
async function survivors(crash: MemoryCrash, unflushed = 10) {
  const store = MemoryStore.create();
  for (let i = 0; i < 10; i += 1) await put(store, i);
  await store.flush();
  for (let i = 10; i < 10 + unflushed; i += 1) await put(store, i);
  const result = await store.crash(crash);
  const kept = (await result.store.scan({ limit: 100 })).map(({ key }) => Number(key));
  return { ...result, crashed: store, kept };
}

async function put(store: MemoryStore, i: number): Promise<void> {
  await store.write([{ key: String(i).padStart(6, "0"), value: new Uint8Array([i]) }]);
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);
const seeds = numbers(0, 200);

describe("MemoryStore", () => {
  it("keeps neither the caller's buffers nor gives out its own", async () => {
    const store = MemoryStore.create();
    const value = new Uint8Array([1]);
    await store.write([{ key: "a", value }]);
    value[0] = 2;
    const [read] = await store.scan({ limit: 1 });
    (read?.value as Uint8Array)[0] = 3;
    ((await store.get("a")) as Uint8Array)[0] = 4;
    expect(await store.get("a")).toEqual(new Uint8Array([1]));
  });

  it("refuses everything after a crash", async () => {
    const { crashed } = await survivors({ seed: 1, mode: "suffix" });
    await expect(crashed.get("a")).rejects.toMatchObject({ reason: "closed" });
  });

  it("can lose every suffix since the last flush, none and all included", async () => {
    const kept = new Set<number>();
    for (const seed of seeds) {
      const result = await survivors({ seed, mode: "suffix" });
      expect(result.kept).toEqual(numbers(0, 10 + result.lostFrom));
      expect(result.lostTo).toBe(10);
      kept.add(result.lostFrom);
    }
    expect([...kept].sort((a, b) => a - b)).toEqual(numbers(0, 11));
  });

  it("can leave a hole, after which something is always left", async () => {
    const holes = new Set<string>();
    for (const seed of seeds) {
      const result = await survivors({ seed, mode: "hole" });
      const { lostFrom, lostTo } = result;
      expect(lostTo).toBeGreaterThan(lostFrom);
      expect(lostTo).toBeLessThan(10);
      expect(result.kept).toEqual([...numbers(0, 10 + lostFrom), ...numbers(10 + lostTo, 20)]);
      holes.add(`${lostFrom}-${lostTo}`);
    }
    expect(holes.size).toBeGreaterThan(20);
  });

  it("loses the only unflushed batch where there is no middle", async () => {
    const result = await survivors({ seed: 7, mode: "hole" }, 1);
    expect(result.kept).toEqual(numbers(0, 10));
    expect((await survivors({ seed: 7, mode: "hole" }, 0)).kept).toEqual(numbers(0, 10));
  });

  it("loses the same with the same seed", async () => {
    const first = await survivors({ seed: 42, mode: "hole" });
    const second = await survivors({ seed: 42, mode: "hole" });
    expect(second.kept).toEqual(first.kept);
  });

  it("can lose a clear", async () => {
    const outcomes = new Set<number>();
    for (const seed of seeds) {
      const store = MemoryStore.create();
      await put(store, 1);
      await store.flush();
      await store.clear();
      const { store: restarted } = await store.crash({ seed, mode: "suffix" });
      outcomes.add((await restarted.scan({ limit: 10 })).length);
    }
    expect([...outcomes].sort()).toEqual([0, 1]);
  });

  it("counts the oldest batches as written out beyond the bound", async () => {
    const extra = 5;
    const result = await survivors({ seed: 3, mode: "suffix" }, UNFLUSHED_BATCHES_MAX + extra);
    expect(result.unflushedBatches).toBe(UNFLUSHED_BATCHES_MAX);
    expect(result.kept.length).toBeGreaterThanOrEqual(Math.min(100, 10 + extra));
  });
});
