import { BoundedStore } from "./bounded-store.js";
import type { CheckedScope } from "./index-key.js";
import type { IndexWrite } from "./index-store.js";
import { type IndexStoreLimits, UNFLUSHED_BATCHES_MAX } from "./limits.js";
import { SortedCursor, SortedEntries } from "./sorted-entries.js";
import type { StoreCursor, StoreDriver } from "./store-driver.js";

/** How to build a {@link MemoryStore}. */
export interface MemoryStoreOptions {
  /** Bounds that differ from the defaults. */
  readonly limits?: Partial<IndexStoreLimits> | undefined;
}

/** Which crash to simulate. */
export interface MemoryCrash {
  /** Any 32-bit integer; the same seed loses the same batches. */
  readonly seed: number;
  /**
   * `suffix` loses any number of the batches since the last flush from the end, none included;
   * `hole` loses a run of them (never the last), and all where there is only one.
   */
  readonly mode: "suffix" | "hole";
}

/** What is left after a simulated crash. */
export interface MemoryCrashResult {
  /** A new store with what survived. The crashed one refuses everything as `closed`. */
  readonly store: MemoryStore;
  /** How many batches had been written since the last flush. */
  readonly unflushedBatches: number;
  /** Which of them, counted from 0 in their order, are gone: from `lostFrom` up to `lostTo` - 1. */
  readonly lostFrom: number;
  /** The first batch after the lost ones. */
  readonly lostTo: number;
}

/**
 * An index store in memory, for tests and simulations. It forgets at a simulated crash what real
 * engines may forget at a real one, and worse.
 */
export class MemoryStore extends BoundedStore {
  readonly #memory: MemoryDriver;
  readonly #options: MemoryStoreOptions;

  private constructor(memory: MemoryDriver, options: MemoryStoreOptions) {
    super(memory, options.limits);
    this.#memory = memory;
    this.#options = options;
  }

  /** An empty store. */
  static create(options: MemoryStoreOptions = {}): MemoryStore {
    return new MemoryStore(new MemoryDriver(SortedEntries.empty), options);
  }

  /**
   * Ends this store as if its machine lost power and returns what a restart finds. A `clear`
   * counts as a batch.
   */
  async crash(crash: MemoryCrash): Promise<MemoryCrashResult> {
    await this.close();
    const { durable, unflushed } = this.#memory;
    const [lostFrom, lostTo] = chooseLost(unflushed.length, crash);
    let survivors = durable;
    for (const change of [...unflushed.slice(0, lostFrom), ...unflushed.slice(lostTo)]) {
      survivors = change(survivors);
    }
    return {
      store: new MemoryStore(new MemoryDriver(survivors), this.#options),
      unflushedBatches: unflushed.length,
      lostFrom,
      lostTo,
    };
  }
}

type Change = (entries: SortedEntries) => SortedEntries;

class MemoryDriver implements StoreDriver {
  readonly engine = "memory";
  /** What every crash keeps. */
  durable: SortedEntries;
  /** The changes since, in their order. */
  readonly unflushed: Change[] = [];
  #current: SortedEntries;

  constructor(entries: SortedEntries) {
    this.durable = entries;
    this.#current = entries;
  }

  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return keys.map((key) => this.#current.get(key)?.slice());
  }

  openCursor(scope: CheckedScope): StoreCursor {
    const cursor = new SortedCursor(this.#current, scope);
    return {
      next: async (count) => {
        const page = cursor.next(count);
        const entries = page.map(({ key, value }) => ({ key, value: value.slice() }));
        return { entries, done: entries.length < count };
      },
      close: async () => undefined,
    };
  }

  async write(batch: readonly IndexWrite[]): Promise<void> {
    const copy = batch.map(({ key, value }) => ({
      key,
      value: value === undefined ? undefined : Uint8Array.from(value),
    }));
    this.#apply((entries) => entries.with(copy));
  }

  async flush(): Promise<boolean> {
    this.durable = this.#current;
    this.unflushed.length = 0;
    return true;
  }

  async clear(): Promise<void> {
    this.#apply(() => SortedEntries.empty);
  }

  async approximateBytes(): Promise<number> {
    let bytes = 0;
    for (const { key, value } of this.#current) bytes += key.length + value.byteLength;
    return bytes;
  }

  async close(): Promise<void> {
    // Nothing to let go: a crash still reads what was flushed and what was not.
  }

  #apply(change: Change): void {
    this.#current = change(this.#current);
    this.unflushed.push(change);
    if (this.unflushed.length <= UNFLUSHED_BATCHES_MAX) return;
    const oldest = this.unflushed.shift();
    if (oldest !== undefined) this.durable = oldest(this.durable);
  }
}

function chooseLost(count: number, { seed, mode }: MemoryCrash): readonly [number, number] {
  if (mode === "suffix") return [below(seed, count + 1), count];
  if (count < 2) return [0, count];
  const from = below(seed, count - 1);
  return [from, from + 1 + below(seed ^ 0x5bd1e995, count - 1 - from)];
}

/** An integer from 0 to `bound` - 1 that depends on the seed alone (the finalizer of MurmurHash3). */
function below(seed: number, bound: number): number {
  let hash = seed | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % bound;
}
