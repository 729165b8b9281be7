import { describe, expect, it } from "vitest";
import { describeIndexStoreContract } from "./contract.js";
import { RocksDbStore } from "./rocksdb-store.js";
import { makeTemporaryFolder } from "./temporary-folder.test-support.js";

describeIndexStoreContract(
  "RocksDbStore",
  async () => {
    const folder = await makeTemporaryFolder();
    return {
      open: async (limits) => await RocksDbStore.open({ folder: folder.path, limits }),
      dispose: folder.remove,
    };
  },
  { keepsData: true, flushIsDurable: true },
);

describe("RocksDbStore", () => {
  it("says `unavailable` where the binding does not load", async () => {
    const cause = new Error("no prebuild for this machine");
    const opening = RocksDbStore.open({
      folder: "/nowhere",
      loadRocksDb: async () => await Promise.reject(cause),
    });
    await expect(opening).rejects.toMatchObject({ reason: "unavailable", cause });
  });

  it("says `engine_failed` where another store has the folder open", async () => {
    const folder = await makeTemporaryFolder();
    const store = await RocksDbStore.open({ folder: folder.path });
    await expect(RocksDbStore.open({ folder: folder.path })).rejects.toMatchObject({
      name: "IndexStoreError",
      reason: "engine_failed",
    });
    await store.close();
    await folder.remove();
  });
});
