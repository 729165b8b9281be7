import { stateKeys, stateWrite } from "@opendxa/pubsub-core";
import { type IndexStore, type IndexWrite, MemoryStore } from "@opendxa/pubsub-index-store";
import { describe, expect, it } from "vitest";
import { decodeSequence, indexKeys } from "./index-chain.js";
import { IndexWriter } from "./index-writer.js";
import { indexBatchBytesMax } from "./limits.js";
import { StateChange } from "./state-change.js";

/** A store that notes the size of its batches. */
function watched(): { store: IndexStore; batches: (readonly IndexWrite[])[] } {
  const inner = MemoryStore.create();
  const batches: (readonly IndexWrite[])[] = [];
  const write = (batch: readonly IndexWrite[]) => {
    batches.push(batch);
    return inner.write(batch);
  };
  const store = new Proxy(inner, {
    get: (target, name) => {
      if (name === "write") return write;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { store, batches };
}

const big = (name: string) =>
  new StateChange(stateWrite(stateKeys.memory(name), new Uint8Array(512 * 1_024)));

describe("index writer", () => {
  it("writes what fits as one atomic batch with its sequence and its link", async () => {
    const { store, batches } = watched();
    const written: string[] = [];
    const writer = new IndexWriter(store, 0n, {
      now: () => 0,
      written: (name) => written.push(name),
      failed: () => undefined,
    });
    writer.add([big("a"), big("b")], 1n);
    writer.add([big("a")], 2n);
    await writer.reached(2n);
    expect(batches).toHaveLength(1);
    expect(written).toEqual(["m/a", "m/b"]);
    expect(decodeSequence(await store.get(indexKeys.applied))).toBe(2n);
  });

  it("cuts what is too large, and marks the time in between as unusable", async () => {
    const { store, batches } = watched();
    const writer = new IndexWriter(store, 0n, {
      now: () => 0,
      written: () => undefined,
      failed: () => undefined,
    });
    writer.add(
      Array.from({ length: 40 }, (_, i) => big(`k${i}`)),
      1n,
    );
    await writer.reached(1n);
    const bytesOf = (batch: readonly IndexWrite[]) =>
      batch.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    expect(batches.length).toBeGreaterThan(2);
    expect(Math.max(...batches.map(bytesOf))).toBeLessThanOrEqual(indexBatchBytesMax + 64);
    expect(batches[0]?.[0]?.key).toBe(indexKeys.partial);
    expect(await store.get(indexKeys.partial)).toBeUndefined();
  });

  it("says how long the oldest change waits, also while it is being written", async () => {
    const inner = MemoryStore.create();
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const store: IndexStore = new Proxy(inner, {
      get: (target, name) => {
        if (name === "write") return (batch: IndexWrite[]) => held.then(() => target.write(batch));
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    let now = 100;
    const writer = new IndexWriter(store, 0n, {
      now: () => now,
      written: () => undefined,
      failed: () => undefined,
    });
    expect(writer.behindMs).toBe(0);
    writer.add([big("a")], 1n);
    now = 150;
    expect(writer.behindMs).toBe(50);
    await Promise.resolve();
    await Promise.resolve();
    now = 170;
    // The first is being written; what comes meanwhile is younger.
    writer.add([big("b")], 2n);
    now = 200;
    expect([writer.behindMs, writer.applied]).toEqual([100, 0n]);
    go();
    await writer.reached(1n);
    expect(writer.behindMs).toBe(30);
    await writer.reached(2n);
    expect(writer.behindMs).toBe(0);
  });

  it("tells everybody who waits when the index fails", async () => {
    const { store } = watched();
    const failures: Error[] = [];
    const writer = new IndexWriter(store, 0n, {
      now: () => 0,
      written: () => undefined,
      failed: (error) => failures.push(error),
    });
    await store.close();
    writer.add([big("a")], 1n);
    await expect(writer.reached(1n)).rejects.toThrow();
    expect(failures).toHaveLength(1);
    await expect(writer.reached(1n)).rejects.toThrow();
  });
});
