import { describe, expect, it } from "vitest";
import { describeIndexStoreContract } from "./contract.js";
import { LevelStore } from "./level-store.js";
import { makeTemporaryFolder } from "./temporary-folder.test-support.js";

describeIndexStoreContract(
  "LevelStore",
  async () => {
    const folder = await makeTemporaryFolder();
    return {
      open: async (limits) => await LevelStore.open({ folder: folder.path, limits }),
      dispose: folder.remove,
    };
  },
  { keepsData: true, flushIsDurable: true },
);

describe("LevelStore", () => {
  it("says `engine_failed` where another store has the folder open", async () => {
    const folder = await makeTemporaryFolder();
    const store = await LevelStore.open({ folder: folder.path });
    await expect(LevelStore.open({ folder: folder.path })).rejects.toMatchObject({
      name: "IndexStoreError",
      reason: "engine_failed",
    });
    await store.close();
    await folder.remove();
  });
});
