import type {
  AppendedRange,
  Journal,
  JournalEntry,
  ReadRange,
  StoredEntry,
} from "@opendxa/pubsub-journal";

const noFigures = { rewrittenSegments: 0, rewrittenBytes: 0 };

/** What a journal may have lost for good. */
export interface LostEntries {
  /** Everything before it. */
  readonly before: bigint;
  /** Single ones behind it. */
  readonly forgotten: ReadonlySet<bigint>;
}

/**
 * A journal in memory that ends where a test wants it to, goes on from there, and has lost all that it
 * may have lost: the strictest that the contract allows.
 */
class CutJournal implements Journal {
  readonly figures = noFigures;
  readonly bytes = 0;
  readonly id: Uint8Array;
  firstSequence: bigint;
  lastSequence: bigint;
  readonly #payloads: Map<bigint, Uint8Array>;

  constructor(id: Uint8Array, first: bigint, payloads: Map<bigint, Uint8Array>, last: bigint) {
    this.id = id;
    this.firstSequence = first;
    this.lastSequence = last;
    this.#payloads = payloads;
  }

  append(entries: readonly JournalEntry[]): Promise<AppendedRange> {
    const first = this.lastSequence + 1n;
    for (const { parts } of entries) {
      this.lastSequence += 1n;
      this.#payloads.set(this.lastSequence, Buffer.concat(parts));
    }
    return Promise.resolve({ first, last: this.lastSequence });
  }

  async *read({ from, to = this.lastSequence }: ReadRange): AsyncIterable<StoredEntry> {
    for (let sequence = from; sequence <= to; sequence += 1n) {
      const stored = await this.readOne(sequence);
      if (stored !== undefined) yield stored;
    }
  }

  readOne(sequence: bigint): Promise<StoredEntry | undefined> {
    const payload = this.#payloads.get(sequence);
    return Promise.resolve(payload && { sequence, payload });
  }

  truncateBefore(sequence: bigint): Promise<void> {
    this.firstSequence = sequence;
    return Promise.resolve();
  }

  forget(): Promise<void> {
    return Promise.resolve();
  }

  noteSpace(): void {
    // It takes no space.
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Everything that was ever appended to a journal, over all starts, and what it was let lose. */
export class RecordedJournal {
  readonly payloads = new Map<bigint, Uint8Array>();
  #id: Uint8Array = new Uint8Array();
  #watched: Journal | undefined;
  #last = 0n;
  #before = 1n;
  readonly #forgotten = new Set<bigint>();

  /** Records from now on. What a crash took from the journal never was. */
  readonly watch = (journal: Journal): Journal => {
    this.#id = journal.id;
    this.#watched = journal;
    for (let at = journal.lastSequence + 1n; this.payloads.delete(at); ) at += 1n;
    this.#last = journal.lastSequence;
    const watched: Partial<Journal> = {
      append: (entries, options) => {
        // A broker that a power cut ended may still say something to its own journal.
        for (const { parts } of this.#watched === journal ? entries : []) {
          this.#last += 1n;
          this.payloads.set(this.#last, Buffer.concat(parts));
        }
        return journal.append(entries, options);
      },
      truncateBefore: (sequence) => {
        if (sequence > this.#before) this.#before = sequence;
        return journal.truncateBefore(sequence);
      },
      forget: (ranges) => {
        for (const { first, last } of ranges) {
          for (let at = first; at <= last; at += 1n) this.#forgotten.add(at);
        }
        return journal.forget(ranges);
      },
    };
    return new Proxy(journal, {
      get: (target, name) => {
        if (name in watched) return Reflect.get(watched, name) as unknown;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };

  /** What may be lost by now. */
  lost(): LostEntries {
    return { before: this.#before, forgotten: new Set(this.#forgotten) };
  }

  /** The journal as it was when a sequence was its last, without what was lost. */
  cutAfter(last: bigint, { before, forgotten }: LostEntries): Journal {
    const kept = new Map<bigint, Uint8Array>();
    for (const [sequence, payload] of this.payloads) {
      const isKept = before <= sequence && sequence <= last && !forgotten.has(sequence);
      if (isKept) kept.set(sequence, payload);
    }
    return new CutJournal(this.#id, before, kept, last);
  }
}
