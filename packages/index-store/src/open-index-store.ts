import { join } from "node:path";
import {
  type DiskEngine,
  type FolderState,
  readEngineMarker,
  writeEngineMarker,
} from "./engine-marker.js";
import type { IndexStore } from "./index-store.js";
import { IndexStoreError } from "./index-store-error.js";
import type { IndexStoreLimits } from "./limits.js";
import { loadRocksDb, loadRocksDbNative, type RocksDbLoader } from "./rocksdb-module.js";
import { RocksDbStore } from "./rocksdb-store.js";

/** Which engine to use: one of them, or RocksDB with LevelDB where its binary does not load. */
export type EnginePreference = DiskEngine | "auto";

/** Something the operator should know. */
export interface IndexStoreNotice {
  /** How serious it is. */
  readonly level: "warn";
  /** What happened: `auto` fell back to LevelDB in a fresh folder. */
  readonly event: "index_store_fallback";
  /** The engine that serves the folder from now on. */
  readonly engine: DiskEngine;
  /** One sentence for people. */
  readonly message: string;
  /** Why RocksDB is not used: reason `unavailable`. */
  readonly cause: IndexStoreError;
}

/** How to open an index folder. */
export interface OpenIndexStoreOptions {
  /** The index folder; created where it does not exist. One process at a time. */
  readonly folder: string;
  /** Which engine to use. */
  readonly prefer: EnginePreference;
  /** Receives notices; at most one per call. */
  readonly log: (notice: IndexStoreNotice) => void;
  /** Bounds that differ from the defaults. */
  readonly limits?: Partial<IndexStoreLimits> | undefined;
  /** Loads RocksDB's binding. Reject in it to force the fallback. Default: `rocksdb-native`. */
  readonly loadRocksDb?: RocksDbLoader | undefined;
}

/** The command that throws an index folder away and builds it anew from checkpoint and journal. */
export const REBUILD_COMMAND = "opendxa-pubsub index rebuild";

/**
 * Opens the index of a folder with the preferred engine and records the engine in the folder.
 *
 * Rejects with `engine_mismatch` where the folder was written by another engine than the one that
 * would serve it now, or RocksDB wrote it and does not load; with `unavailable` where `prefer` is
 * "rocksdb", the folder is fresh and RocksDB does not load; with `engine_failed` where the engine
 * cannot open its data (damaged, or in use by another process).
 */
export async function openIndexStore(options: OpenIndexStoreOptions): Promise<IndexStore> {
  const { folder, limits } = options;
  const state = await readEngineMarker(folder).catch((error: unknown) => {
    throw IndexStoreError.from(error, "open");
  });
  if (state.kind === "unreadable") throw mismatch(folder, state.why);
  const choice = await chooseEngine(options, state);
  if (state.kind === "fresh") await record(options, choice);
  else if (state.engine !== choice.engine) throw otherEngine(folder, state.engine, choice.engine);
  const data = join(folder, choice.engine);
  if (choice.engine === "leveldb") {
    // Each engine's binary is loaded only where it serves.
    const { LevelStore } = await import("./level-store.js");
    return await LevelStore.open({ folder: data, limits });
  }
  return await RocksDbStore.open({ folder: data, limits, loadRocksDb: options.loadRocksDb });
}

interface EngineChoice {
  readonly engine: DiskEngine;
  readonly fallbackCause?: IndexStoreError;
}

async function chooseEngine(
  options: OpenIndexStoreOptions,
  state: FolderState,
): Promise<EngineChoice> {
  const { folder, prefer } = options;
  if (prefer === "leveldb") return { engine: "leveldb" };
  try {
    await loadRocksDb(options.loadRocksDb ?? loadRocksDbNative);
    return { engine: "rocksdb" };
  } catch (error) {
    const unavailable = IndexStoreError.from(error, "open");
    if (state.kind === "written" && state.engine === "rocksdb") {
      throw mismatch(folder, "RocksDB wrote it and does not load on this machine", unavailable);
    }
    if (prefer === "rocksdb") throw unavailable;
    return { engine: "leveldb", fallbackCause: unavailable };
  }
}

async function record(options: OpenIndexStoreOptions, choice: EngineChoice): Promise<void> {
  const { engine, fallbackCause } = choice;
  try {
    await writeEngineMarker(options.folder, { engine, isFallback: fallbackCause !== undefined });
  } catch (error) {
    throw IndexStoreError.from(error, "open");
  }
  if (fallbackCause === undefined) return;
  options.log({
    level: "warn",
    event: "index_store_fallback",
    engine,
    message: `The index in ${options.folder} uses LevelDB. ${fallbackCause.message}`,
    cause: fallbackCause,
  });
}

function otherEngine(folder: string, written: DiskEngine, chosen: DiskEngine): IndexStoreError {
  return mismatch(folder, `${written} wrote it and ${chosen} is to be used now`);
}

function mismatch(folder: string, why: string, cause?: IndexStoreError): IndexStoreError {
  return new IndexStoreError(
    "engine_mismatch",
    `The index in ${folder} cannot be used, because ${why}; nothing is lost, ` +
      `"${REBUILD_COMMAND}" with the same flags builds it anew from the journal.`,
    { details: { folder, command: REBUILD_COMMAND }, cause },
  );
}
