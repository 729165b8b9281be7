import { JournalError } from "./journal-error.js";
import type { LevelChange, LevelDatabase } from "./level-database.js";
import { decodeForgottenRange, encodeForgottenRange, forgottenKey } from "./level-records.js";
import type { SequenceRange } from "./sequence-range.js";

/** The ranges of forgotten entries in LevelDB, merged, so that any other hole is known as damage. */
export class LevelForgotten {
  readonly #database: LevelDatabase;

  /** Reads and changes the records of a database. */
  constructor(database: LevelDatabase) {
    this.#database = database;
  }

  /** Throws `corrupt` unless every sequence of a range is forgotten. */
  async checkHole(hole: SequenceRange): Promise<void> {
    let next = hole.first;
    while (next <= hole.last) {
      const found = await this.#before(next);
      if (found === undefined || found.last < next) {
        const sequences = { first: next, last: hole.last };
        const message = `Entries are missing that were never forgotten, from ${next} on`;
        throw new JournalError("corrupt", message, { sequences });
      }
      next = found.last + 1n;
    }
  }

  /** The changes that add a range, merged with those that it touches. */
  async adding(range: SequenceRange): Promise<LevelChange[]> {
    const changes: LevelChange[] = [];
    let { first, last } = range;
    for (let at = range.last + 1n; ; ) {
      const found = await this.#before(at);
      if (found === undefined || found.last + 1n < first) break;
      changes.push({ key: forgottenKey(found.first) });
      if (found.last > last) last = found.last;
      if (found.first < first) first = found.first;
      at = found.first - 1n;
    }
    changes.push({ key: forgottenKey(first), value: encodeForgottenRange({ first, last }) });
    return changes;
  }

  /** The changes that remove ranges below a sequence. */
  async removingBelow(sequence: bigint): Promise<LevelChange[]> {
    const changes: LevelChange[] = [];
    const range = { gte: forgottenKey(0n), lte: forgottenKey(sequence) };
    for await (const [key, value] of this.#database.pairs(range)) {
      if (decode(key, value).last < sequence) changes.push({ key });
    }
    return changes;
  }

  /** The range that begins at a sequence, or else the next below. */
  async #before(sequence: bigint): Promise<SequenceRange | undefined> {
    const range = { gte: forgottenKey(0n), lte: forgottenKey(sequence), reverse: true };
    for await (const [key, value] of this.#database.pairs(range)) return decode(key, value);
    return undefined;
  }
}

function decode(key: Uint8Array, value: Uint8Array): SequenceRange {
  const range = decodeForgottenRange(key, value);
  if (range !== undefined) return range;
  throw new JournalError("corrupt", "The record of a range of forgotten entries is damaged");
}
