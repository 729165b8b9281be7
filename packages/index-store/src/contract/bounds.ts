import { expect, it } from "vitest";
import type { IndexStore } from "../index-store.js";
import type { IndexStoreLimits } from "../limits.js";
import { type CurrentBench, collect, reasonOf } from "./contract-bench.js";

/** Every bound of `limits.ts` is refused by name. */
export function declareBounds(current: CurrentBench): void {
  const one = { key: "a", value: new Uint8Array(1) };

  it("refuses keys outside the alphabet", async () => {
    for (const key of ["", "ä", "\n", "a\x7f", "a\0"]) {
      expect(await reasonOf(current().store.get(key))).toBe("key_invalid");
      expect(await reasonOf(current().store.write([{ ...one, key }]))).toBe("key_invalid");
    }
    expect(await reasonOf(current().store.scan({ gte: "ä", limit: 1 }))).toBe("key_invalid");
    expect(await reasonOf(collect(current().store.iterate({ lt: "\0" })))).toBe("key_invalid");
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
    const store = await current().reopen({ [limit]: max });
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
    const store = await current().reopen({ pageBytesMax: 1000 });
    const value = new Uint8Array(400);
    await store.write(["a", "b", "c"].map((key) => ({ key, value })));
    expect(await reasonOf(store.scan({ limit: 3 }))).toBe("limit_exceeded");
    expect(await store.scan({ limit: 2 })).toHaveLength(2);
    expect(await collect(store.iterate({}))).toHaveLength(3);
  });
}
