import { INDEX_STORE_LIMITS, type IndexWrite, MemoryStore } from "@opendxa/pubsub-index-store";
import { expect, it } from "vitest";
import { IndexLoader } from "./index-loader.js";

it("keeps the index's bound on the bytes of a batch, whatever a checkpoint's block holds", async () => {
  const index = MemoryStore.create();
  const value = new Uint8Array(INDEX_STORE_LIMITS.valueBytesMax);
  const count = INDEX_STORE_LIMITS.batchBytesMax / value.length + 1;
  const writes = Array.from({ length: count }, (_, i): IndexWrite => ({ key: `k${i}`, value }));
  await expect(index.write(writes)).rejects.toThrow(/batchBytesMax/);
  const loader = new IndexLoader(index);
  await loader.add(writes);
  await loader.add([{ key: "k0", value: undefined }]);
  await loader.flush();
  expect(await index.get("k0")).toBeUndefined();
  expect(await index.get(`k${count - 1}`)).toHaveLength(value.length);
});
