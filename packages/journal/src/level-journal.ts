import type { PendingAppend } from "./append-queue.js";
import { checkForgotten } from "./forgotten-entries.js";
import { GroupCommit } from "./group-commit.js";
import type {
  AppendedRange,
  AppendOptions,
  Journal,
  JournalEntry,
  JournalFigures,
  ReadRange,
  StoredEntry,
} from "./journal.js";
import type { JournalError } from "./journal-error.js";
import type { LevelChange, LevelDatabase } from "./level-database.js";
import { LevelForgotten } from "./level-forgotten.js";
import { encodeEntry, encodeHead, entryKey, HEAD_KEY, type LevelHead } from "./level-records.js";
import { levelEntries } from "./level-walk.js";
import { type JournalLimits, LEVEL_REMOVALS_MAX } from "./limits.js";
import { overlap, type SequenceRange } from "./sequence-range.js";
import { TailCache } from "./tail-cache.js";
import { withinBytes } from "./within-bytes.js";

/** What a {@link LevelJournal} is made of; `openLevelJournal` puts it together. */
export interface LevelJournalParts {
  /** The open database. */
  readonly database: LevelDatabase;
  /** Its head, which was checked. */
  readonly head: LevelHead;
  /** Bounds. */
  readonly limits: JournalLimits;
  /** Bytes of the database's files when it was opened. */
  readonly bytes: number;
  /** Is told once when the journal fails for good. */
  readonly onFailure: (error: JournalError) => void;
}

const NO_FIGURES: JournalFigures = { rewrittenSegments: 0, rewrittenBytes: 0 };

/**
 * A journal inside LevelDB, for those who want a single store: every commit is one batch, synced,
 * also for durability `os`. LevelDB writes each payload several times. Made by `openLevelJournal`.
 */
export class LevelJournal implements Journal {
  readonly id: Uint8Array;
  /** LevelDB's own compaction frees space; it is not counted here. */
  readonly figures = NO_FIGURES;
  readonly #parts: LevelJournalParts;
  readonly #forgotten: LevelForgotten;
  readonly #loop: GroupCommit;
  readonly #cache: TailCache;
  #first: bigint;
  #bytes: number;
  #compacting: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** Use `openLevelJournal`. */
  constructor(parts: LevelJournalParts) {
    const { database, head, limits, onFailure } = parts;
    this.id = head.id;
    this.#parts = parts;
    this.#first = head.first;
    this.#bytes = parts.bytes;
    this.#forgotten = new LevelForgotten(database);
    this.#cache = new TailCache(limits.tailCacheBytesMax, head.last + 1n);
    this.#loop = new GroupCommit({
      limits,
      lastSequence: head.last,
      commit: (batch) => this.#commit(batch),
      onCommitted: (batch) => {
        for (const { entries } of batch) for (const entry of entries) this.#cache.add(entry);
      },
      onFailure,
    });
  }

  get firstSequence(): bigint {
    return this.#first;
  }

  get lastSequence(): bigint {
    return this.#loop.lastSequence;
  }

  /** Bytes of the files when it was opened and what was written since: LevelDB may have freed some. */
  get bytes(): number {
    return this.#bytes;
  }

  append(entries: readonly JournalEntry[], options: AppendOptions = {}): Promise<AppendedRange> {
    return this.#loop.append(entries, options);
  }

  read(range: ReadRange): AsyncIterable<StoredEntry> {
    const last = this.lastSequence;
    const to = range.to === undefined || range.to > last ? last : range.to;
    const entries = this.#entries({ first: range.from, last: to });
    return range.bytesMax === undefined ? entries : withinBytes(entries, range.bytesMax);
  }

  async readOne(sequence: bigint): Promise<StoredEntry | undefined> {
    this.#loop.checkReadable();
    if (sequence < this.#first || sequence > this.lastSequence) return undefined;
    for await (const entry of this.#entries({ first: sequence, last: sequence })) return entry;
    return undefined;
  }

  async truncateBefore(sequence: bigint): Promise<void> {
    if (this.#loop.ended !== undefined) throw this.#loop.ended;
    const end = this.lastSequence + 1n;
    const from = this.#first;
    const to = sequence > end ? end : sequence;
    if (to <= from) return;
    await this.#loop.between(async () => {
      if (to <= this.#first) return;
      const removed = await this.#forgotten.removingBelow(to);
      await this.#write([...removed, this.#headChange({ first: to, last: this.lastSequence })]);
      this.#first = to;
    });
    for (const part of parts({ first: from, last: to - 1n })) {
      await this.#loop.between(() => this.#write(removals(part)));
    }
    const { database } = this.#parts;
    this.#compacting = this.#compacting
      .then(() => database.compact(entryKey(from), entryKey(to)))
      // LevelDB comes to it by itself, later.
      .catch(() => undefined);
  }

  async forget(ranges: readonly SequenceRange[]): Promise<void> {
    if (this.#loop.ended !== undefined) throw this.#loop.ended;
    checkForgotten(ranges, this.#parts.limits, this.lastSequence);
    for (const { first, last } of ranges) {
      const wanted = overlap({ first, last }, { first: this.#first, last });
      for (const part of parts(wanted)) {
        await this.#loop.between(async () => {
          await this.#write([...(await this.#forgotten.adding(part)), ...removals(part)]);
        });
      }
    }
  }

  noteSpace(): void {
    // LevelDB keeps no space ready.
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async *#entries(range: SequenceRange): AsyncGenerator<StoredEntry> {
    let next = range.first;
    while (next <= range.last) {
      this.#loop.checkReadable();
      if (next < this.#first) next = this.#first;
      const cached = this.#cache.get(next);
      if (cached !== undefined) {
        yield cached;
        next += 1n;
        continue;
      }
      const beforeCache = this.#cache.first - 1n;
      const last = range.last < beforeCache ? range.last : beforeCache;
      yield* this.#stored({ first: next, last });
      next = last + 1n;
    }
  }

  async *#stored(range: SequenceRange): AsyncGenerator<StoredEntry> {
    const { database } = this.#parts;
    const checkHole = async (hole: SequenceRange): Promise<void> => {
      // What retention has taken meanwhile has no record any more.
      const retained = overlap(hole, { first: this.#first, last: hole.last });
      await this.#forgotten.checkHole(retained);
    };
    try {
      for await (const entry of levelEntries(database, range, checkHole)) {
        yield entry;
        this.#loop.checkReadable();
      }
    } catch (error) {
      // A closed database ends its iterations with an error of its own.
      this.#loop.checkReadable();
      throw error;
    }
  }

  async #commit(batch: readonly PendingAppend[]): Promise<void> {
    const changes: LevelChange[] = [];
    let last = this.lastSequence;
    for (const append of batch) {
      for (const [at, entry] of append.entries.entries()) {
        const row = append.rows[at];
        if (row === undefined) continue;
        const value = encodeEntry(row.sequence, entry, row.checksum);
        changes.push({ key: entryKey(row.sequence), value });
      }
      last = append.last;
    }
    await this.#write([...changes, this.#headChange({ first: this.#first, last })]);
  }

  #headChange(range: SequenceRange): LevelChange {
    return { key: HEAD_KEY, value: encodeHead({ id: this.id, ...range }) };
  }

  async #write(changes: readonly LevelChange[]): Promise<void> {
    await this.#parts.database.write(changes);
    for (const { key, value } of changes) this.#bytes += key.length + (value?.length ?? 0);
  }

  async #close(): Promise<void> {
    try {
      await this.#loop.close(async () => undefined);
    } finally {
      await this.#compacting;
      await this.#parts.database.close();
    }
  }
}

/** A range in parts that one batch may remove. */
function* parts({ first, last }: SequenceRange): Generator<SequenceRange> {
  for (let from = first; from <= last; from += LEVEL_REMOVALS_MAX) {
    const end = from + LEVEL_REMOVALS_MAX - 1n;
    yield { first: from, last: end < last ? end : last };
  }
}

function removals({ first, last }: SequenceRange): LevelChange[] {
  const changes: LevelChange[] = [];
  for (let sequence = first; sequence <= last; sequence += 1n) {
    changes.push({ key: entryKey(sequence) });
  }
  return changes;
}
