import { BoundedStore } from "./bounded-store.js";
import { type CheckedScope, EVERY_KEY, scopeAfter } from "./index-key.js";
import type { IndexEntry, IndexWrite } from "./index-store.js";
import { IndexStoreError } from "./index-store-error.js";
import { type IndexStoreLimits, OPEN_FILES_MAX, ROCKSDB_WRITE_BUFFER_BYTES } from "./limits.js";
import {
  loadRocksDb,
  loadRocksDbNative,
  type RocksDbDatabase,
  type RocksDbLoader,
  type RocksDbOptions,
  type RocksDbRange,
} from "./rocksdb-module.js";
import type { CursorChunk, StoreCursor, StoreDriver } from "./store-driver.js";

/** How to open a {@link RocksDbStore}. */
export interface RocksDbStoreOptions {
  /** The folder of the database; created where it does not exist. */
  readonly folder: string;
  /** Bounds that differ from the defaults. */
  readonly limits?: Partial<IndexStoreLimits> | undefined;
  /** Loads the binding. Default: the `rocksdb-native` package. */
  readonly loadRocksDb?: RocksDbLoader | undefined;
}

const DATABASE_OPTIONS: RocksDbOptions = {
  writeBufferSize: ROCKSDB_WRITE_BUFFER_BYTES,
  maxWriteBufferNumber: 2,
  maxBackgroundJobs: 2,
  maxOpenFiles: OPEN_FILES_MAX,
  // Pinning all of them, the binding's default, would let memory grow with the number of keys.
  unpartitionedPinningTier: 1,
};

/**
 * An index store over RocksDB: one column family, write-ahead log replayed up to its first bad
 * record (a prefix of the writes, never a hole), flush by writing the memtable out.
 */
export class RocksDbStore extends BoundedStore {
  /** Opens or creates. Rejects with `unavailable` or `engine_failed`. */
  static async open(options: RocksDbStoreOptions): Promise<RocksDbStore> {
    const RocksDb = await loadRocksDb(options.loadRocksDb ?? loadRocksDbNative);
    try {
      const database = new RocksDb(options.folder, DATABASE_OPTIONS);
      await database.ready();
      return new RocksDbStore(new RocksDbDriver(database), options.limits);
    } catch (error) {
      throw IndexStoreError.from(error, "open");
    }
  }
}

class RocksDbDriver implements StoreDriver {
  readonly engine = "rocksdb";
  readonly #database: RocksDbDatabase;

  constructor(database: RocksDbDatabase) {
    this.#database = database;
  }

  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return [];
    const options = { capacity: keys.length, autoDestroy: true, fillCache: false } as const;
    const batch = this.#database.read(options);
    const reads = keys.map((key) => batch.get(key));
    batch.tryFlush();
    const values = await Promise.all(reads);
    return values.map((value) => value ?? undefined);
  }

  openCursor(scope: CheckedScope): StoreCursor {
    return new RocksDbCursor(this.#database.snapshot(), scope);
  }

  async write(batch: readonly IndexWrite[]): Promise<void> {
    const writes = this.#database.write({ capacity: batch.length, autoDestroy: true });
    for (const { key, value } of batch) {
      if (value === undefined) writes.tryDelete(key);
      else writes.tryPut(key, value);
    }
    await writes.flush();
  }

  async flush(): Promise<boolean> {
    await this.#database.flush();
    return true;
  }

  async clear(): Promise<void> {
    const writes = this.#database.write({ capacity: 1, autoDestroy: true });
    writes.tryDeleteRange(EVERY_KEY.gte, EVERY_KEY.lt);
    await writes.flush();
  }

  async approximateBytes(): Promise<number> {
    return await this.#database.approximateSize(EVERY_KEY.gte, EVERY_KEY.lt, {
      includeMemtables: true,
    });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

/**
 * One native iterator per chunk, each beginning after the last key of the one before: the
 * binding's iterator fixes the size of its chunks when it is made, and entries differ in size by
 * four orders of magnitude. The snapshot makes the chunks one consistent read.
 */
class RocksDbCursor implements StoreCursor {
  readonly #snapshot: RocksDbDatabase;
  #scope: CheckedScope;

  constructor(snapshot: RocksDbDatabase, scope: CheckedScope) {
    this.#snapshot = snapshot;
    this.#scope = scope;
  }

  async next(count: number): Promise<CursorChunk> {
    const entries: IndexEntry[] = [];
    // With room for one more than the limit, the first native read is known to be the last.
    const range: RocksDbRange = { ...toRange(this.#scope), limit: count, capacity: count + 1 };
    for await (const { key, value } of this.#snapshot.iterator(range)) {
      entries.push({ key: key.toString("latin1"), value });
    }
    const last = entries.at(-1);
    if (last !== undefined) this.#scope = scopeAfter(this.#scope, last.key);
    return { entries, done: entries.length < count };
  }

  async close(): Promise<void> {
    await this.#snapshot.close();
  }
}

function toRange(scope: CheckedScope): RocksDbRange {
  return {
    ...(scope.gte === undefined ? {} : { gte: scope.gte }),
    ...(scope.gt === undefined ? {} : { gt: scope.gt }),
    ...(scope.lt === undefined ? {} : { lt: scope.lt }),
    ...(scope.lte === undefined ? {} : { lte: scope.lte }),
    reverse: scope.reverse ?? false,
  };
}
