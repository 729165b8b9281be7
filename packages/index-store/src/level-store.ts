import { ClassicLevel, type Iterator as LevelIterator } from "classic-level";
import { BoundedStore } from "./bounded-store.js";
import { type CheckedScope, EVERY_KEY } from "./index-key.js";
import type { IndexWrite } from "./index-store.js";
import { IndexStoreError } from "./index-store-error.js";
import {
  CACHE_BYTES,
  CHUNK_BYTES,
  type IndexStoreLimits,
  LEVEL_WRITE_BUFFER_BYTES,
  OPEN_FILES_MAX,
} from "./limits.js";
import type { CursorChunk, StoreCursor, StoreDriver } from "./store-driver.js";

/** How to open a {@link LevelStore}. */
export interface LevelStoreOptions {
  /** The folder of the database; created where it does not exist. */
  readonly folder: string;
  /** Bounds that differ from the defaults. */
  readonly limits?: Partial<IndexStoreLimits> | undefined;
}

/** A key that is never written: only whether its removal is taken is of interest. */
const PROBE = "\x7f";
/** Behind it, so that no table holds keys on both sides and is compacted each time. */
const BEYOND_PROBE = "\x7f\x7f";

type Database = ClassicLevel<string, Uint8Array>;
type DatabaseIterator = LevelIterator<Database, string, Uint8Array>;

/** An index store over LevelDB, for machines where RocksDB's binary does not load. */
export class LevelStore extends BoundedStore {
  /** Opens or creates. Rejects with `engine_failed`. */
  static async open(options: LevelStoreOptions): Promise<LevelStore> {
    try {
      const database: Database = new ClassicLevel(options.folder, {
        keyEncoding: "utf8",
        valueEncoding: "view",
        writeBufferSize: LEVEL_WRITE_BUFFER_BYTES,
        cacheSize: CACHE_BYTES,
        maxOpenFiles: OPEN_FILES_MAX,
      });
      await database.open();
      return new LevelStore(new LevelDriver(database), options.limits);
    } catch (error) {
      throw IndexStoreError.from(error, "open");
    }
  }
}

class LevelDriver implements StoreDriver {
  readonly engine = "leveldb";
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return await this.#database.getMany([...keys]);
  }

  openCursor(scope: CheckedScope): StoreCursor {
    // The iterator takes its snapshot when it is made.
    const iterator = this.#database.iterator({
      ...definedBounds(scope),
      highWaterMarkBytes: CHUNK_BYTES,
    });
    return new LevelCursor(iterator);
  }

  async write(batch: readonly IndexWrite[]): Promise<void> {
    await this.#database.batch(
      batch.map(({ key, value }) =>
        value === undefined ? { type: "del", key } : { type: "put", key, value },
      ),
    );
  }

  /**
   * A synced write would only sync the log that it lands in, and recovery may skip a bad record of
   * it. A compaction, even of a range without keys, first puts all that is in memory into a table,
   * which LevelDB syncs with its manifest and the folder; it does not say whether that succeeded, but
   * refuses every write where it did not.
   */
  async flush(): Promise<boolean> {
    await this.#database.compactRange(BEYOND_PROBE, BEYOND_PROBE);
    await this.#database.del(PROBE);
    return true;
  }

  async clear(): Promise<void> {
    await this.#database.clear();
  }

  async approximateBytes(): Promise<number> {
    return await this.#database.approximateSize(EVERY_KEY.gte, EVERY_KEY.lt);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

class LevelCursor implements StoreCursor {
  readonly #iterator: DatabaseIterator;

  constructor(iterator: DatabaseIterator) {
    this.#iterator = iterator;
  }

  async next(count: number): Promise<CursorChunk> {
    // Ends early at the high-water mark, so only an empty chunk says that nothing follows.
    const pairs = await this.#iterator.nextv(count);
    return {
      entries: pairs.map(([key, value]) => ({ key, value })),
      done: pairs.length === 0,
    };
  }

  async close(): Promise<void> {
    await this.#iterator.close();
  }
}

function definedBounds(scope: CheckedScope): Record<string, string | boolean> {
  return Object.fromEntries(
    Object.entries(scope).filter((bound): bound is [string, string | boolean] => {
      return bound[1] !== undefined;
    }),
  );
}
