import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ENGINE_MARKER } from "./engine-marker.js";
import type { IndexStore } from "./index-store.js";
import {
  type IndexStoreNotice,
  type OpenIndexStoreOptions,
  openIndexStore,
  REBUILD_COMMAND,
} from "./open-index-store.js";
import { removeIndexStore } from "./remove-index-store.js";
import type { RocksDbLoader } from "./rocksdb-module.js";
import { makeTemporaryFolder } from "./temporary-folder.test-support.js";

const missingBinary = new Error("Cannot find addon");
const failToLoad: RocksDbLoader = async () => await Promise.reject(missingBinary);

let temporary: Awaited<ReturnType<typeof makeTemporaryFolder>>;
let folder: string;
let notices: IndexStoreNotice[];
beforeEach(async () => {
  temporary = await makeTemporaryFolder();
  folder = join(temporary.path, "default", "index");
  notices = [];
});
afterEach(async () => await temporary.remove());

async function open(options: Partial<OpenIndexStoreOptions> = {}): Promise<IndexStore> {
  return await openIndexStore({
    folder,
    prefer: "auto",
    log: (notice) => notices.push(notice),
    ...options,
  });
}

async function openAndClose(options: Partial<OpenIndexStoreOptions> = {}): Promise<string> {
  const store = await open(options);
  await store.close();
  return store.engine;
}

async function marker(): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, ENGINE_MARKER), "utf8"));
}

const mismatch = {
  name: "IndexStoreError",
  reason: "engine_mismatch",
  message: expect.stringContaining(REBUILD_COMMAND),
};

describe("openIndexStore", () => {
  it("serves a fresh folder by RocksDB, without a word", async () => {
    expect(await openAndClose()).toBe("rocksdb");
    expect(await marker()).toEqual({ format: 1, engine: "rocksdb", isFallback: false });
    // RocksDB's own files: the data is really its own.
    expect(await readdir(join(folder, "rocksdb"))).toContain("IDENTITY");
    expect(notices).toEqual([]);
  });

  it("keeps data from one opening to the next", async () => {
    for (const prefer of ["rocksdb", "leveldb"] as const) {
      folder = join(temporary.path, prefer);
      const store = await open({ prefer });
      await store.write([{ key: "a", value: new Uint8Array([1]) }]);
      await store.close();
      const reopened = await open({ prefer });
      expect(reopened.engine).toBe(prefer);
      expect(Array.from((await reopened.get("a")) ?? [])).toEqual([1]);
      await reopened.close();
    }
  });

  it("falls back to LevelDB in a fresh folder with one warning, recorded", async () => {
    expect(await openAndClose({ loadRocksDb: failToLoad })).toBe("leveldb");
    expect(notices).toMatchObject([
      {
        level: "warn",
        event: "index_store_fallback",
        engine: "leveldb",
        cause: { reason: "unavailable", cause: missingBinary },
      },
    ]);
    expect(await marker()).toEqual({ format: 1, engine: "leveldb", isFallback: true });
    expect(await openAndClose({ loadRocksDb: failToLoad })).toBe("leveldb");
    expect(notices).toHaveLength(1);
  });

  it("does not load RocksDB where LevelDB is asked for", async () => {
    expect(await openAndClose({ prefer: "leveldb", loadRocksDb: failToLoad })).toBe("leveldb");
    expect(notices).toEqual([]);
    expect(await marker()).toMatchObject({ engine: "leveldb", isFallback: false });
  });

  it("never falls back where RocksDB is asked for", async () => {
    await expect(open({ prefer: "rocksdb", loadRocksDb: failToLoad })).rejects.toMatchObject({
      name: "IndexStoreError",
      reason: "unavailable",
    });
    expect(await openAndClose({ prefer: "rocksdb" })).toBe("rocksdb");
  });

  it("refuses a folder that the other engine wrote and names the command", async () => {
    await openAndClose({ prefer: "leveldb" });
    await expect(open()).rejects.toMatchObject(mismatch);
    await expect(open({ prefer: "rocksdb" })).rejects.toMatchObject(mismatch);
    await removeIndexStore(folder);
    await openAndClose({ prefer: "rocksdb" });
    await expect(open({ prefer: "leveldb" })).rejects.toMatchObject(mismatch);
  });

  it("refuses RocksDB's folder where RocksDB no longer loads", async () => {
    await openAndClose();
    for (const prefer of ["auto", "rocksdb"] as const) {
      await expect(open({ prefer, loadRocksDb: failToLoad })).rejects.toMatchObject({
        ...mismatch,
        cause: { reason: "unavailable" },
      });
    }
    expect(notices).toEqual([]);
  });

  it.each([
    ["torn", '{"format":1,"eng'],
    ["of another format", '{"format":2,"engine":"rocksdb"}'],
    ["of an unknown engine", '{"format":1,"engine":"paper"}'],
    ["no object", "7"],
  ])("refuses a folder whose marker is %s", async (_name, text) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, ENGINE_MARKER), text);
    await expect(open()).rejects.toMatchObject(mismatch);
  });

  it("refuses files without a marker, but not the draft of one", async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${ENGINE_MARKER}.new`), "torn");
    expect(await openAndClose()).toBe("rocksdb");
    folder = join(temporary.path, "foreign");
    await mkdir(folder);
    await writeFile(join(folder, "notes.txt"), "mine");
    await expect(open()).rejects.toMatchObject(mismatch);
  });

  it("says `engine_failed` where the folder is a file", async () => {
    folder = join(temporary.path, "file");
    await writeFile(folder, "");
    await expect(open()).rejects.toMatchObject({ reason: "engine_failed" });
  });

  it("hands the bounds on", async () => {
    for (const prefer of ["rocksdb", "leveldb"] as const) {
      folder = join(temporary.path, prefer);
      const store = await open({ prefer, limits: { keyBytesMax: 2 } });
      await expect(store.get("abc")).rejects.toMatchObject({ reason: "limit_exceeded" });
      await store.close();
    }
  });
});

describe("removeIndexStore", () => {
  it("leaves a fresh place, whatever was there", async () => {
    await removeIndexStore(folder);
    const store = await open();
    await store.write([{ key: "a", value: new Uint8Array([1]) }]);
    await store.close();
    await removeIndexStore(folder);
    expect(await readdir(join(temporary.path, "default"))).toEqual([]);
    const fresh = await open({ prefer: "leveldb" });
    expect(await fresh.get("a")).toBeUndefined();
    await fresh.close();
  });

  it("removes what an interrupted removal left", async () => {
    await openAndClose();
    await mkdir(`${folder}.removed`);
    await writeFile(join(`${folder}.removed`, "CURRENT"), "");
    await removeIndexStore(folder);
    expect(await readdir(join(temporary.path, "default"))).toEqual([]);
  });

  it("says `engine_failed` where the folder cannot be removed", async () => {
    await writeFile(join(temporary.path, "file"), "");
    await expect(removeIndexStore(join(temporary.path, "file", "index"))).rejects.toMatchObject({
      reason: "engine_failed",
    });
  });
});
