import { IndexStoreError } from "./index-store-error.js";

/** A range of the binding; absent bounds must be left out. */
export interface RocksDbRange {
  /** At or after. */
  readonly gte?: string;
  /** After. */
  readonly gt?: string;
  /** Before. */
  readonly lt?: string;
  /** At or before. */
  readonly lte?: string;
  /** Last key first. */
  readonly reverse?: boolean;
  /** Entries in total. */
  readonly limit?: number;
  /** Entries of one native call. */
  readonly capacity?: number;
}

/** A batch of reads of the binding. */
export interface RocksDbReadBatch {
  /** Resolves with the value or null, once flushed. */
  get(key: string): Promise<Uint8Array | null>;
  /** Starts the reads; failures reject each `get`. */
  tryFlush(): void;
}

/** A batch of writes of the binding. */
export interface RocksDbWriteBatch {
  /** Adds a put. */
  tryPut(key: string, value: Uint8Array): void;
  /** Adds a delete. */
  tryDelete(key: string): void;
  /** Adds a delete of `[start, end)`. */
  tryDeleteRange(start: string, end: string): void;
  /** Applies all of it atomically; returns before anything is synced. */
  flush(): Promise<void>;
}

/** One entry of an iteration. */
export interface RocksDbEntry {
  /** Key. */
  readonly key: Buffer;
  /** Value. */
  readonly value: Buffer;
}

/** What the store uses of a database of the binding. */
export interface RocksDbDatabase {
  /** Resolves when it is open. */
  ready(): Promise<void>;
  /** A view of the state at this moment; `close` lets it go. */
  snapshot(): RocksDbDatabase;
  /** Entries in order. */
  iterator(range: RocksDbRange): AsyncIterable<RocksDbEntry>;
  /** A new batch of reads. `fillCache`: blocks that it reads stay in the block cache. */
  read(options: { capacity: number; autoDestroy: true; fillCache: boolean }): RocksDbReadBatch;
  /** A new batch of writes. */
  write(options: { capacity: number; autoDestroy: true }): RocksDbWriteBatch;
  /** Writes the memtable out and syncs it. */
  flush(): Promise<void>;
  /** Bytes between two keys. */
  approximateSize(
    start: string,
    end: string,
    options: { includeMemtables: boolean },
  ): Promise<number>;
  /** Closes it, waiting for what is open. */
  close(): Promise<void>;
}

/** What the store sets when it opens a database. */
export interface RocksDbOptions {
  /** Bytes of one write buffer. */
  readonly writeBufferSize: number;
  /** Write buffers at most. */
  readonly maxWriteBufferNumber: number;
  /** Threads for flush and compaction. */
  readonly maxBackgroundJobs: number;
  /** Table files kept open. */
  readonly maxOpenFiles: number;
  /** Which index and filter blocks the cache may never drop (0 none, 1 small new files, 2 all). */
  readonly unpartitionedPinningTier: 0 | 1 | 2;
}

/** The constructor that the binding's module exports. */
export type RocksDbConstructor = new (path: string, options: RocksDbOptions) => RocksDbDatabase;

/** Loads the binding. Replace it to test, or to forbid, RocksDB. */
export type RocksDbLoader = () => Promise<RocksDbConstructor>;

/** Loads the real binding, whose binary may be missing or not fit this machine. */
export const loadRocksDbNative: RocksDbLoader = async () => {
  const loaded = await import("rocksdb-native");
  return loaded.default;
};

/** Loads through `load`; any failure becomes an `IndexStoreError` of reason `unavailable`. */
export async function loadRocksDb(load: RocksDbLoader): Promise<RocksDbConstructor> {
  try {
    return await load();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new IndexStoreError("unavailable", `RocksDB does not load on this machine: ${text}`, {
      details: { engine: "rocksdb" },
      cause: error,
    });
  }
}
