import type { StoredEntry } from "./journal.js";
import { JournalError } from "./journal-error.js";
import type { LevelDatabase } from "./level-database.js";
import { decodeEntry, entryKey, sequenceOf } from "./level-records.js";
import type { SequenceRange } from "./sequence-range.js";

/**
 * The entries of a range in LevelDB, ascending, each verified. `checkHole` is told of sequences
 * without an entry and throws where they should have one.
 */
export async function* levelEntries(
  database: LevelDatabase,
  range: SequenceRange,
  checkHole: (hole: SequenceRange) => Promise<void>,
): AsyncGenerator<StoredEntry> {
  let next = range.first;
  const keys = { gte: entryKey(range.first), lte: entryKey(range.last) };
  for await (const [key, value] of database.pairs(keys)) {
    const entry = decodeEntry(key, value);
    if (entry === undefined) throw damaged(sequenceOf(key));
    if (entry.sequence > next) await checkHole({ first: next, last: entry.sequence - 1n });
    yield entry;
    next = entry.sequence + 1n;
  }
  if (next <= range.last) await checkHole({ first: next, last: range.last });
}

/** The error for a stored entry that is not what was stored. */
export function damaged(sequence: bigint): JournalError {
  return new JournalError("corrupt", `Entry ${sequence} is damaged in LevelDB`, {
    sequences: { first: sequence, last: sequence },
  });
}
