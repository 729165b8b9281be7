import { stateKeys, stateWrite } from "@opendxa/pubsub-core";
import { MemoryStore } from "@opendxa/pubsub-index-store";
import { SnapshotState, SubscriptionState } from "@opendxa/pubsub-protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { StateCache } from "./state-cache.js";

const small = stateKeys.subscription("s");
const large = stateKeys.snapshot("s");

let store: MemoryStore;
let cache: StateCache;
beforeEach(async () => {
  store = MemoryStore.create();
  cache = new StateCache(store);
  const value = SnapshotState.encode(SnapshotState.create()).finish();
  await store.write([{ key: large.name, value }]);
});

describe("a value that may be large", () => {
  it("is there from its write until the index holds it, while a small one stays", () => {
    const writes = [
      stateWrite(small, SubscriptionState.create()),
      stateWrite(large, SnapshotState.create()),
    ];
    cache.write(writes, 1n);
    expect([cache.has(small), cache.has(large)]).toEqual([true, true]);
    for (const { key } of writes) cache.unpin(key.name, 1n);
    expect([cache.has(small), cache.has(large)]).toEqual([true, false]);
  });

  it("is held for the command that loads it", async () => {
    await cache.load([small, large]);
    expect(cache.get(large)).toEqual(SnapshotState.create());
    cache.release();
    expect([cache.has(small), cache.has(large)]).toEqual([true, false]);
  });
});

it("takes a key that no index can hold for one that is not there", async () => {
  const long = stateKeys.subscription("s".repeat(10_000));
  await cache.load([long, small]);
  expect([cache.has(long), cache.get(long)]).toEqual([true, undefined]);
  cache.release();
  expect(cache.has(long)).toBe(false);
  expect(await cache.read([long, small])).toEqual([undefined, undefined]);
});
