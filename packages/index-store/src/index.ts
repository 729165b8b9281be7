/**
 * An ordered key-value contract and its implementations over RocksDB, LevelDB and memory. It keeps
 * projections of the journal, which can be thrown away and rebuilt, and knows nothing of events.
 *
 * @example
 * ```ts
 * const store = await openIndexStore({ folder, prefer: "auto", log: (notice) => console.warn(notice) });
 * await store.write([{ key: "topic/orders", value: new Uint8Array([1]) }]);
 * for await (const { key, value } of store.iterate(prefixScope("topic/"))) console.log(key, value);
 * await store.close();
 * ```
 *
 * @packageDocumentation
 */
export { BoundedStore } from "./bounded-store.js";
export type { DiskEngine } from "./engine-marker.js";
export { type CheckedScope, prefixScope } from "./index-key.js";
export type {
  IndexEngine,
  IndexEntry,
  IndexRange,
  IndexScope,
  IndexStore,
  IndexWrite,
  IterateOptions,
} from "./index-store.js";
export {
  IndexStoreError,
  type IndexStoreErrorOptions,
  type IndexStoreErrorReason,
} from "./index-store-error.js";
export { LevelStore, type LevelStoreOptions } from "./level-store.js";
export { INDEX_STORE_LIMITS, type IndexStoreLimits } from "./limits.js";
export {
  type MemoryCrash,
  type MemoryCrashResult,
  MemoryStore,
  type MemoryStoreOptions,
} from "./memory-store.js";
export {
  type EnginePreference,
  type IndexStoreNotice,
  type OpenIndexStoreOptions,
  openIndexStore,
  REBUILD_COMMAND,
} from "./open-index-store.js";
export { removeIndexStore } from "./remove-index-store.js";
export type {
  RocksDbConstructor,
  RocksDbDatabase,
  RocksDbLoader,
  RocksDbOptions,
  RocksDbRange,
  RocksDbReadBatch,
  RocksDbWriteBatch,
} from "./rocksdb-module.js";
export { RocksDbStore, type RocksDbStoreOptions } from "./rocksdb-store.js";
export type { CursorChunk, StoreCursor, StoreDriver } from "./store-driver.js";
