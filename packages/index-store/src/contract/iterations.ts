import { expect, it } from "vitest";
import { bytes, type CurrentBench, collect, reasonOf, textOf } from "./contract-bench.js";

/** Snapshots, cancellation and the number of open iterations. */
export function declareIterations(current: CurrentBench): void {
  it("reads the state of its first step, whatever is written meanwhile", async () => {
    const keys = Array.from({ length: 500 }, (_, i) => String(i).padStart(5, "0"));
    await current().put(...keys);
    const seen: string[] = [];
    for await (const entry of current().store.iterate({})) {
      if (seen.length === 0) {
        await current().store.write([
          { key: "00400", value: undefined },
          { key: "00401", value: bytes("new") },
          { key: "99999", value: bytes("new") },
        ]);
      }
      seen.push(textOf(entry));
    }
    expect(seen).toEqual(keys.map((key) => `${key}=v${key}`));
    expect(await current().store.get("00400")).toBeUndefined();
  });

  it("keeps its snapshot through a clear and a flush", async () => {
    await current().put(...Array.from({ length: 200 }, (_, i) => `k${String(i).padStart(3, "0")}`));
    let count = 0;
    for await (const _entry of current().store.iterate({ reverse: true })) {
      if (count === 0) {
        await current().store.clear();
        await current().store.flush();
      }
      count += 1;
    }
    expect(count).toBe(200);
    expect(await current().store.scan({ limit: 1 })).toEqual([]);
  });

  it("reads large values in small chunks", async () => {
    const value = new Uint8Array(300_000).fill(7);
    for (let i = 0; i < 80; i += 1) {
      await current().store.write([{ key: `k${String(i).padStart(3, "0")}`, value }]);
    }
    let count = 0;
    for await (const entry of current().store.iterate({ gt: "k000" })) {
      expect(entry.value.byteLength).toBe(300_000);
      count += 1;
    }
    expect(count).toBe(79);
  });

  it("ends with the signal's reason", async () => {
    await current().put("a", "b", "c");
    const stop = new AbortController();
    const why = new Error("enough");
    const seen: string[] = [];
    const iteration = (async () => {
      for await (const { key } of current().store.iterate({}, { signal: stop.signal })) {
        seen.push(key);
        stop.abort(why);
      }
    })();
    await expect(iteration).rejects.toBe(why);
    expect(seen).toEqual(["a"]);
    await expect(collect(current().store.iterate({}, { signal: stop.signal }))).rejects.toBe(why);
  });

  it("bounds how many are open, and lets go of those that end in any way", async () => {
    const store = await current().reopen({ iteratorsMax: 2 });
    await current().put("a", "b", "c");
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
