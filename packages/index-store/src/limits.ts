import { IndexStoreError } from "./index-store-error.js";

/** The bounds of a store. Crossing one rejects with reason `limit_exceeded`. */
export interface IndexStoreLimits {
  /** Bytes of one key. */
  readonly keyBytesMax: number;
  /** Bytes of one value. */
  readonly valueBytesMax: number;
  /** Writes of one batch. */
  readonly batchWritesMax: number;
  /** Bytes of the keys and values of one batch. */
  readonly batchBytesMax: number;
  /** Bytes of all batches that are queued or being written. */
  readonly queuedWriteBytesMax: number;
  /** Keys of one `getMany`. */
  readonly readKeysMax: number;
  /** Entries of one `scan`. */
  readonly pageEntriesMax: number;
  /** Bytes of the keys and values of one `scan`. */
  readonly pageBytesMax: number;
  /** Iterations and scans open at the same time. */
  readonly iteratorsMax: number;
  /** Operations running at the same time. */
  readonly operationsMax: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** The bounds that hold where the opener gives no others. */
export const INDEX_STORE_LIMITS: IndexStoreLimits = {
  // Keys repeat in blocks, filters and logs; names in the contract are far shorter than this.
  keyBytesMax: 8 * KIB,
  // A list of 65,535 runs, or of NAMES_BYTES_MAX of names, is more than the entries that it came from.
  valueBytesMax: 4 * MIB,
  // Four keys for each of the 65,535 events that the largest journal entry can hold.
  batchWritesMax: 262_144,
  // Twice the write buffer: a larger batch would stall the engine on its own flush.
  batchBytesMax: 32 * MIB,
  // Two of the largest batches: one being written, one waiting.
  queuedWriteBytesMax: 64 * MIB,
  // One journal entry's events, each looked up once.
  readKeysMax: 65_536,
  // 10,000 entries of 100 B are one megabyte and some milliseconds; more is an iteration.
  pageEntriesMax: 10_000,
  // What one caller may bring into memory at once; also the worst first chunk of 16 values.
  pageBytesMax: 64 * MIB + 16 * 8 * KIB,
  // Each pins a snapshot, which keeps dead versions of keys alive on disk.
  iteratorsMax: 256,
  // Native calls queue in libuv's pool; beyond this they only wait there and hold memory.
  operationsMax: 16_384,
};

/** Entries of the first chunk that is read of a range, before the size of its entries is known. */
export const FIRST_CHUNK_ENTRIES = 16;
/** Entries of one later chunk at most: about a millisecond of native work. */
export const CHUNK_ENTRIES_MAX = 1024;
/** Bytes that a later chunk aims at. */
export const CHUNK_BYTES = MIB;

/**
 * Bytes of one of RocksDB's two write buffers: more than events that are indexed and deduplicated write
 * between two checkpoints, each of which flushes; a second small table would be merged once more.
 */
export const ROCKSDB_WRITE_BUFFER_BYTES = 16 * MIB;

/** Bytes of one of LevelDB's two write buffers. */
export const LEVEL_WRITE_BUFFER_BYTES = 8 * MIB;
/** Bytes of the block cache. RocksDB's binding cannot set it: 32 MiB is RocksDB's own default. */
export const CACHE_BYTES = 32 * MIB;
/** Table files that an engine keeps open, well below the usual 1,024 descriptors of a process. */
export const OPEN_FILES_MAX = 512;

/** Batches that a memory store can lose in a simulated crash; older ones count as written out. */
export const UNFLUSHED_BATCHES_MAX = 10_000;

/** Throws `limit_exceeded` where `actual` is more than the bound of that name. */
export function checkLimit(
  limits: IndexStoreLimits,
  limit: keyof IndexStoreLimits,
  actual: number,
): void {
  const max = limits[limit];
  if (actual <= max) return;
  throw new IndexStoreError("limit_exceeded", `${limit} is ${max}, but this needs ${actual}`, {
    details: { limit, max, actual },
  });
}
