import { describe, expect, it } from "vitest";
import { BoundedStore } from "./bounded-store.js";
import type { StoreDriver } from "./store-driver.js";

const diskError = new Error("Input/output error");

/** An engine whose disk has failed. */
const failingDriver: StoreDriver = {
  engine: "memory",
  getMany: async () => await Promise.reject(diskError),
  openCursor: () => ({
    next: async () => await Promise.reject(diskError),
    close: async () => undefined,
  }),
  write: async () => await Promise.reject(diskError),
  flush: async () => await Promise.reject(diskError),
  clear: async () => await Promise.reject(diskError),
  approximateBytes: async () => await Promise.reject(diskError),
  close: async () => undefined,
};

describe("BoundedStore over a failing engine", () => {
  it("gives every failure as `engine_failed` with its cause", async () => {
    const store = new BoundedStore(failingDriver);
    const failed = { name: "IndexStoreError", reason: "engine_failed", cause: diskError };
    await expect(store.get("a")).rejects.toMatchObject(failed);
    await expect(store.getMany(["a"])).rejects.toMatchObject(failed);
    await expect(store.scan({ limit: 1 })).rejects.toMatchObject(failed);
    await expect(store.iterate({}).next()).rejects.toMatchObject(failed);
    await expect(store.flush()).rejects.toMatchObject(failed);
    await expect(store.approximateBytes()).rejects.toMatchObject(failed);
    await expect(store.write([{ key: "a", value: undefined }])).rejects.toMatchObject(failed);
    await store.close();
  });

  it("lets go of the iterators that failed", async () => {
    const store = new BoundedStore(failingDriver, { iteratorsMax: 1 });
    for (let i = 0; i < 3; i += 1) {
      await expect(store.iterate({}).next()).rejects.toMatchObject({ reason: "engine_failed" });
      await expect(store.scan({ limit: 1 })).rejects.toMatchObject({ reason: "engine_failed" });
    }
  });

  it("neither writes, clears nor promises a flush after a failed write", async () => {
    const store = new BoundedStore({ ...failingDriver, flush: async () => true });
    await expect(store.write([{ key: "a", value: undefined }])).rejects.toBeDefined();
    await expect(store.flush()).rejects.toMatchObject({ reason: "engine_failed" });
    await expect(store.clear()).rejects.toMatchObject({ reason: "engine_failed" });
    await expect(store.write([])).rejects.toMatchObject({ reason: "engine_failed" });
  });
});
