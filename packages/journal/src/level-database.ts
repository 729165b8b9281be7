import { ClassicLevel } from "classic-level";
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

/** LevelDB as the journal uses it: every batch is one record of its log, synced before the next. */
export class LevelDatabase {
  readonly #level: ClassicLevel<Uint8Array, Uint8Array>;

  private constructor(level: ClassicLevel<Uint8Array, Uint8Array>) {
    this.#level = level;
  }

  /** Opens or makes a database. Rejects with `corrupt`, `locked` or `io_failed`. */
  static async open(folder: string): Promise<LevelDatabase> {
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
    return new LevelDatabase(level);
  }

  /** Applies changes together; they are durable when it resolves. */
  async write(changes: readonly LevelChange[]): Promise<void> {
    await this.#level.batch(
      changes.map(({ key, value }) =>
        value === undefined ? { type: "del", key } : { type: "put", key, value },
      ),
      { sync: true },
    );
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

  /** Ends what is going on, iterations too. */
  async close(): Promise<void> {
    await this.#level.close();
  }
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
