import { type CheckedScope, checkKey, checkScope } from "./index-key.js";
import type {
  IndexEngine,
  IndexEntry,
  IndexRange,
  IndexScope,
  IndexStore,
  IndexWrite,
  IterateOptions,
} from "./index-store.js";
import {
  CHUNK_BYTES,
  CHUNK_ENTRIES_MAX,
  checkLimit,
  FIRST_CHUNK_ENTRIES,
  INDEX_STORE_LIMITS,
  type IndexStoreLimits,
} from "./limits.js";
import { OperationGate } from "./operation-gate.js";
import type { StoreCursor, StoreDriver } from "./store-driver.js";
import { WriteQueue } from "./write-queue.js";

/** Every store: a driver behind the checks, bounds and order that the contract promises. */
export class BoundedStore implements IndexStore {
  /** The engine that serves this store. */
  readonly engine: IndexEngine;
  readonly #driver: StoreDriver;
  readonly #limits: IndexStoreLimits;
  readonly #gate: OperationGate;
  readonly #writes = new WriteQueue();
  readonly #cursors = new Set<StoreCursor>();
  #queuedWriteBytes = 0;
  #closing: Promise<void> | undefined;

  /** Puts a driver, which the store owns from now on, behind the bounds. */
  constructor(driver: StoreDriver, limits: Partial<IndexStoreLimits> = {}) {
    this.engine = driver.engine;
    this.#driver = driver;
    this.#limits = { ...INDEX_STORE_LIMITS, ...limits };
    this.#gate = new OperationGate(this.#limits);
  }

  /** See {@link IndexStore.get}. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const [value] = await this.getMany([key]);
    return value;
  }

  /** See {@link IndexStore.getMany}. */
  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    checkLimit(this.#limits, "readKeysMax", keys.length);
    for (const key of keys) checkKey(key, this.#limits);
    return await this.#gate.run("read", () => this.#driver.getMany(keys));
  }

  /** See {@link IndexStore.scan}. */
  async scan(range: IndexRange): Promise<IndexEntry[]> {
    const { limit } = range;
    if (!Number.isInteger(limit) || limit < 1) throw new TypeError("A scan's limit is 1 or more");
    checkLimit(this.#limits, "pageEntriesMax", limit);
    const scope = checkScope(range, this.#limits);
    return await this.#gate.run("scan", async () =>
      scope === undefined ? [] : await this.#readPage(scope, limit),
    );
  }

  /** See {@link IndexStore.iterate}. */
  async *iterate(scope: IndexScope, options: IterateOptions = {}): AsyncGenerator<IndexEntry> {
    const { signal } = options;
    signal?.throwIfAborted();
    this.#gate.assertOpen();
    const checked = checkScope(scope, this.#limits);
    if (checked === undefined) return;
    const cursor = this.#openCursor(checked);
    try {
      let count = FIRST_CHUNK_ENTRIES;
      let done = false;
      while (!done) {
        const chunk = await this.#gate.run("scan", () => cursor.next(count));
        for (const entry of chunk.entries) {
          signal?.throwIfAborted();
          this.#gate.assertOpen();
          yield entry;
        }
        signal?.throwIfAborted();
        done = chunk.done;
        count = nextCount(chunk.entries.length, entryBytes(chunk.entries));
      }
    } finally {
      await this.#closeCursor(cursor);
    }
  }

  /** See {@link IndexStore.write}. */
  async write(batch: readonly IndexWrite[]): Promise<void> {
    const bytes = this.#checkBatch(batch);
    await this.#gate.run("write", async () => {
      if (batch.length === 0) return await this.#writes.settled();
      checkLimit(this.#limits, "queuedWriteBytesMax", this.#queuedWriteBytes + bytes);
      this.#queuedWriteBytes += bytes;
      try {
        await this.#writes.add(() => this.#driver.write(batch));
      } finally {
        this.#queuedWriteBytes -= bytes;
      }
    });
  }

  /** See {@link IndexStore.flush}. */
  async flush(): Promise<boolean> {
    return await this.#gate.run("flush", async () => {
      await this.#writes.settled();
      return await this.#driver.flush();
    });
  }

  /** See {@link IndexStore.clear}. */
  async clear(): Promise<void> {
    await this.#gate.run("clear", () => this.#writes.add(() => this.#driver.clear()));
  }

  /** See {@link IndexStore.approximateBytes}. */
  async approximateBytes(): Promise<number> {
    return await this.#gate.run("size", () => this.#driver.approximateBytes());
  }

  /** See {@link IndexStore.close}. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#gate.close();
    for (const cursor of [...this.#cursors]) await this.#closeCursor(cursor);
    await this.#driver.close();
  }

  #checkBatch(batch: readonly IndexWrite[]): number {
    checkLimit(this.#limits, "batchWritesMax", batch.length);
    let bytes = 0;
    for (const { key, value } of batch) {
      checkKey(key, this.#limits);
      if (value !== undefined) checkLimit(this.#limits, "valueBytesMax", value.byteLength);
      bytes += key.length + (value?.byteLength ?? 0);
    }
    checkLimit(this.#limits, "batchBytesMax", bytes);
    return bytes;
  }

  async #readPage(scope: CheckedScope, limit: number): Promise<IndexEntry[]> {
    const cursor = this.#openCursor(scope);
    const page: IndexEntry[] = [];
    let bytes = 0;
    try {
      let count = FIRST_CHUNK_ENTRIES;
      let done = false;
      while (!done && page.length < limit) {
        const chunk = await cursor.next(Math.min(count, limit - page.length));
        const chunkBytes = entryBytes(chunk.entries);
        bytes += chunkBytes;
        checkLimit(this.#limits, "pageBytesMax", bytes);
        for (const entry of chunk.entries) page.push(entry);
        done = chunk.done;
        count = nextCount(chunk.entries.length, chunkBytes);
      }
      return page;
    } finally {
      await this.#closeCursor(cursor);
    }
  }

  #openCursor(scope: CheckedScope): StoreCursor {
    checkLimit(this.#limits, "iteratorsMax", this.#cursors.size + 1);
    const cursor = this.#driver.openCursor(scope);
    this.#cursors.add(cursor);
    return cursor;
  }

  /** Closes a cursor unless closing the store has done so already. */
  async #closeCursor(cursor: StoreCursor): Promise<void> {
    if (this.#cursors.delete(cursor)) await cursor.close();
  }
}

function entryBytes(entries: readonly IndexEntry[]): number {
  let bytes = 0;
  for (const { key, value } of entries) bytes += key.length + value.byteLength;
  return bytes;
}

/** How many entries of the size just seen come to about {@link CHUNK_BYTES}. */
function nextCount(entries: number, bytes: number): number {
  if (entries === 0) return FIRST_CHUNK_ENTRIES;
  const fitting = Math.floor(CHUNK_BYTES / (bytes / entries));
  return Math.max(1, Math.min(fitting, CHUNK_ENTRIES_MAX));
}
