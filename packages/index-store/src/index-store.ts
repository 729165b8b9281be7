/** The engines that can stand behind an {@link IndexStore}. */
export type IndexEngine = "rocksdb" | "leveldb" | "memory";

/** One change of a batch. */
export interface IndexWrite {
  /** Printable ASCII (0x20 to 0x7e), 1 to `keyBytesMax` bytes. */
  readonly key: string;
  /** The new value, at most `valueBytesMax` bytes; `undefined` deletes the key. */
  readonly value: Uint8Array | undefined;
}

/** A key and its value, as read. The value belongs to the caller. */
export interface IndexEntry {
  /** The key, exactly as written. */
  readonly key: string;
  /** The value, exactly as written. */
  readonly value: Uint8Array;
}

/**
 * Which keys to iterate over. At most one lower bound and one upper bound; bounds compare bytewise,
 * need not exist as keys, and may contain 0x7f, which sorts after every byte of a key.
 */
export interface IndexScope {
  /** Keys at or after this one. */
  readonly gte?: string | undefined;
  /** Keys after this one. */
  readonly gt?: string | undefined;
  /** Keys before this one. */
  readonly lt?: string | undefined;
  /** Keys at or before this one. */
  readonly lte?: string | undefined;
  /** From the last key to the first. Default false. */
  readonly reverse?: boolean | undefined;
}

/** One bounded page of keys. */
export interface IndexRange extends IndexScope {
  /** How many entries at most, 1 to `pageEntriesMax`. Fewer come only where the range has no more. */
  readonly limit: number;
}

/** How to iterate. */
export interface IterateOptions {
  /** Ends the iteration by throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * An ordered key-value store that can be thrown away and rebuilt. Writes are atomic and applied in
 * the order of the calls, but not durable: after a kill of the process or a loss of power any
 * suffix of them may be gone (see {@link IndexStore.flush}). Keys are ordered bytewise.
 *
 * Every method rejects with an `IndexStoreError`: `closed` after {@link IndexStore.close},
 * `limit_exceeded` where a bound of `limits.ts` is crossed, `key_invalid` for a key outside the
 * alphabet, `engine_failed` where the engine reports a failure. After a failed write every later
 * write and flush fails too, so that no hole can appear; reopen or rebuild the store.
 */
export interface IndexStore {
  /** The engine that serves this store. */
  readonly engine: IndexEngine;
  /** The value of one key, or `undefined`. Sees every write that was resolved before the call. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** The values of many keys in their order, from one consistent state; `undefined` where absent. */
  getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** One page, from one consistent state. A page of more than `pageBytesMax` is refused. */
  scan(range: IndexRange): Promise<IndexEntry[]>;
  /**
   * All entries of a scope as they were at the first step, whatever is written meanwhile. Holds one
   * of `iteratorsMax` snapshots until it ends, is broken out of, or the store is closed.
   */
  iterate(scope: IndexScope, options?: IterateOptions): AsyncIterable<IndexEntry>;
  /**
   * Applies a batch atomically, after all batches given before it. Later writes of the same key
   * win. Not synced. The values must not be changed before the promise resolves.
   */
  write(batch: readonly IndexWrite[]): Promise<void>;
  /**
   * Resolves `true` when everything written before the call is durable on disk, `false` where an
   * engine cannot promise that. Both engines on disk do.
   */
  flush(): Promise<boolean>;
  /**
   * Deletes every key, in the order of writes. Atomic in RocksDB and memory. In LevelDB a crash
   * inside it leaves any part of the keys: first delete, by a write, the key that vouches for the
   * others.
   */
  clear(): Promise<void>;
  /** Roughly how many bytes keys and values take on disk (in memory for the memory store). */
  approximateBytes?(): Promise<number>;
  /** Refuses new operations, waits for running ones, ends iterators, closes. Can be repeated. */
  close(): Promise<void>;
}
