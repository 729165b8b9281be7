import { expect, it } from "vitest";
import { prefixScope } from "../index-key.js";
import type { IndexEntry } from "../index-store.js";
import { INDEX_STORE_LIMITS } from "../limits.js";
import {
  bytes,
  type CurrentBench,
  type IndexStoreCapabilities,
  keysOf,
  reasonOf,
  textOf,
} from "./contract-bench.js";

/** What is written is what is read. */
export function declareReadsAndWrites(
  current: CurrentBench,
  capabilities: IndexStoreCapabilities,
): void {
  it("reads what it wrote, and undefined where nothing is", async () => {
    await current().put("a", "c");
    expect(await current().store.get("b")).toBeUndefined();
    const values = await current().store.getMany(["c", "b", "a", "c"]);
    expect(values.map((value) => value && Buffer.from(value).toString())).toEqual([
      "vc",
      undefined,
      "va",
      "vc",
    ]);
    expect(await current().store.getMany([])).toEqual([]);
  });

  it("keeps every byte of keys and values", async () => {
    const everyCharacter = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i));
    const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
    const key = everyCharacter.join("");
    const view = new Uint8Array(everyByte.buffer, 100, 56);
    await current().store.write([
      { key, value: everyByte },
      { key: " ", value: new Uint8Array(0) },
      { key: "~", value: view },
    ]);
    const [all, empty, part] = await current().store.getMany([key, " ", "~"]);
    expect(Buffer.compare(all as Uint8Array, everyByte)).toBe(0);
    expect(empty).toHaveLength(0);
    expect(Buffer.compare(part as Uint8Array, everyByte.subarray(100, 156))).toBe(0);
    const page = await current().store.scan({ limit: 10 });
    expect(keysOf(page)).toEqual([" ", key, "~"]);
    expect(page[0]?.value).toHaveLength(0);
    expect(Buffer.compare((page[1] as IndexEntry).value, everyByte)).toBe(0);
  });

  it("keeps the largest key and the largest value", async () => {
    const key = "k".repeat(INDEX_STORE_LIMITS.keyBytesMax);
    const value = new Uint8Array(INDEX_STORE_LIMITS.valueBytesMax).fill(0xa5);
    await current().store.write([{ key, value }]);
    expect(Buffer.compare((await current().store.get(key)) as Uint8Array, value)).toBe(0);
    expect(await current().store.scan({ ...prefixScope(key), limit: 1 })).toHaveLength(1);
  });

  it("applies a batch in its order and batches in the order of the calls", async () => {
    await current().store.write([
      { key: "a", value: bytes("1") },
      { key: "a", value: undefined },
      { key: "b", value: undefined },
      { key: "b", value: bytes("2") },
    ]);
    const calls = Array.from({ length: 200 }, (_, i) =>
      current().store.write([{ key: "last", value: bytes(String(i)) }]),
    );
    await Promise.all(calls);
    const page = await current().store.scan({ limit: 10 });
    expect(page.map(textOf)).toEqual(["b=2", "last=199"]);
  });

  it("writes nothing of a batch that it refuses", async () => {
    const refused = current().store.write([
      { key: "good", value: bytes("1") },
      { key: "", value: bytes("1") },
    ]);
    expect(await reasonOf(refused)).toBe("key_invalid");
    expect(await current().store.get("good")).toBeUndefined();
    await current().store.write([]);
  });

  it("clears everything that was written before, and nothing after", async () => {
    await current().put(" ", "a", "~");
    const cleared = current().store.clear();
    const written = current().put("b");
    await Promise.all([cleared, written]);
    expect(keysOf(await current().store.scan({ limit: 10 }))).toEqual(["b"]);
  });

  it("says whether a flush is durable, and keeps serving", async () => {
    await current().put("a");
    expect(await current().store.flush()).toBe(capabilities.flushIsDurable);
    await current().put("b");
    expect(await current().store.flush()).toBe(capabilities.flushIsDurable);
    expect(keysOf(await current().store.scan({ limit: 10 }))).toEqual(["a", "b"]);
  });

  it("estimates its size", async () => {
    expect(await current().store.approximateBytes?.()).toBeGreaterThanOrEqual(0);
  });
}
