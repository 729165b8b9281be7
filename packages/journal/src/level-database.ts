import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import type { Disk, DiskFile } from "./disk.js";
import { JournalError } from "./journal-error.js";
import {
  LEVEL_CACHE_BYTES,
  LEVEL_OPEN_FILES_MAX,
  LEVEL_READ_BYTES,
  LEVEL_WRITE_BUFFER_BYTES,
} from "./limits.js";

/** One change of a batch: without a value the key is removed. */
export interface LevelChange {
  /** The key. */
  readonly key: Uint8Array;
  /** Its new value. */
  readonly value?: Uint8Array;
}

/** A range of keys, both included. */
export interface LevelKeys {
  /** Lowest key. */
  readonly gte: Uint8Array;
  /** Highest key. */
  readonly lte: Uint8Array;
  /** From the highest to the lowest. */
  readonly reverse?: boolean;
}

/**
 * LevelDB as the journal uses it: every batch is one record of its log, synced before the next. What
 * LevelDB leaves to chance is made sure beside it: it syncs neither its first manifest, nor the
 * folder when CURRENT names another or when a new log begins.
 */
export class LevelDatabase {
  readonly #level: ClassicLevel<Uint8Array, Uint8Array>;
  readonly #disk: Disk;
  readonly #folder: string;
  #logs = "";

  private constructor(level: ClassicLevel<Uint8Array, Uint8Array>, disk: Disk, folder: string) {
    this.#level = level;
    this.#disk = disk;
    this.#folder = folder;
  }

  /** Opens or makes a database of the machine's. Rejects with `corrupt`, `locked` or `io_failed`. */
  static async open(disk: Disk, folder: string): Promise<LevelDatabase> {
    const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
      keyEncoding: "view",
      valueEncoding: "view",
      compression: false,
      writeBufferSize: LEVEL_WRITE_BUFFER_BYTES,
      maxFileSize: LEVEL_WRITE_BUFFER_BYTES,
      cacheSize: LEVEL_CACHE_BYTES,
      maxOpenFiles: LEVEL_OPEN_FILES_MAX,
    });
    try {
      await level.open();
    } catch (error) {
      throw levelError(error, `opening of ${folder}`);
    }
    const database = new LevelDatabase(level, disk, folder);
    try {
      await database.#syncAll();
    } catch (error) {
      await level.close();
      throw JournalError.from(error, `sync of ${folder}`);
    }
    return database;
  }

  /** Applies changes together; they are durable when it resolves. */
  async write(changes: readonly LevelChange[]): Promise<void> {
    await this.#level.batch(
      changes.map(({ key, value }) =>
        value === undefined ? { type: "del", key } : { type: "put", key, value },
      ),
      { sync: true },
    );
    await this.#syncNewLog();
  }

  /** The value of a key. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return await this.#level.get(key);
    } catch (error) {
      throw levelError(error, "read");
    }
  }

  /** Keys and values as they are now, whatever is written meanwhile. */
  async *pairs(range: LevelKeys): AsyncGenerator<[Uint8Array, Uint8Array]> {
    const iterator = this.#level.iterator({ ...range, highWaterMarkBytes: LEVEL_READ_BYTES });
    try {
      yield* iterator;
    } catch (error) {
      throw levelError(error, "read");
    } finally {
      await iterator.close();
    }
  }

  /** Gives the space of removed keys back to the disk. */
  async compact(from: Uint8Array, to: Uint8Array): Promise<void> {
    await this.#level.compactRange(from, to);
  }

  async #syncAll(): Promise<void> {
    const names = await this.#disk.readdir(this.#folder);
    for (const name of names) await this.#syncFile(join(this.#folder, name));
    await this.#disk.syncDirectory(this.#folder);
    this.#logs = logsOf(names);
  }

  async #syncFile(path: string): Promise<void> {
    let file: DiskFile;
    try {
      file = await this.#disk.open(path, "read");
    } catch (error) {
      // Compaction replaced it meanwhile, by one that LevelDB syncs itself.
      if (isMissing(error)) return;
      throw error;
    }
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** A batch that began a new log is durable only when its name is, too. */
  async #syncNewLog(): Promise<void> {
    const logs = logsOf(await this.#disk.readdir(this.#folder));
    if (logs === this.#logs) return;
    await this.#disk.syncDirectory(this.#folder);
    this.#logs = logs;
  }

  /** Ends what is going on, iterations too. */
  async close(): Promise<void> {
    await this.#level.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function logsOf(names: readonly string[]): string {
  return names
    .filter((name) => name.endsWith(".log"))
    .sort()
    .join();
}

function levelError(error: unknown, operation: string): JournalError {
  const codes = [codeOf(error), codeOf(error instanceof Error ? error.cause : undefined)];
  const text = error instanceof Error ? String(error.cause ?? error.message) : String(error);
  if (codes.includes("LEVEL_CORRUPTION")) {
    return new JournalError("corrupt", `LevelDB found damage: ${text}`, { cause: error });
  }
  if (codes.includes("LEVEL_LOCKED")) {
    return new JournalError("locked", `The database is in use: ${text}`, { cause: error });
  }
  return JournalError.from(error, operation);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
