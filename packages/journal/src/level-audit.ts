import { castagnoli } from "./checksum.js";
import type { Disk } from "./disk.js";
import { fault, type JournalFault, type JournalFaultKind } from "./journal-fault.js";
import { LEVEL_FOLDER } from "./journal-kind.js";
import { LevelFiles } from "./level-files.js";
import { mergedPairs, type PairSource } from "./level-merge.js";
import {
  decodeEntry,
  decodeForgottenRange,
  decodeHead,
  entryKey,
  forgottenKey,
  HEAD_KEY,
  type LevelHead,
  sequenceOf,
} from "./level-records.js";
import { SEQUENCE_MAX } from "./limits.js";
import type { AuditItem } from "./segment-audit.js";
import type { SequenceRange } from "./sequence-range.js";

/** What an audit of a journal in LevelDB is told. */
export interface LevelAuditOptions {
  /** The file system. */
  readonly disk: Disk;
  /** The database's folder; no broker may be using it. */
  readonly folder: string;
  /** The journal's id, where the folder or somebody says it. */
  readonly journalId?: Uint8Array | undefined;
}

const LOWEST = 0n;

/** Goes through a journal in LevelDB, read-only, whatever it finds. */
export class LevelAudit {
  readonly #files: LevelFiles;
  readonly #sources: readonly PairSource[];
  readonly #faults: JournalFault[];
  /** End of the journal as its head says it; 0 where none is sound. */
  readonly #headLast: bigint;
  #lastSequence = 0n;

  /** The journal's id; undefined where nothing tells it. */
  readonly journalId: Uint8Array | undefined;
  /** Oldest sequence retained; 1 where nothing tells it. */
  readonly firstSequence: bigint;

  private constructor(
    opened: { files: LevelFiles; sources: readonly PairSource[] },
    found: {
      readonly journalId: Uint8Array | undefined;
      readonly head: LevelHead | undefined;
      readonly first: bigint;
      readonly faults: JournalFault[];
    },
  ) {
    this.#files = opened.files;
    this.#sources = opened.sources;
    this.#faults = found.faults;
    this.#headLast = found.head?.last ?? 0n;
    this.journalId = found.journalId;
    this.firstSequence = found.first;
  }

  /** Reads manifest, logs and head. Rejects with the disk's errors. */
  static async open({ disk, folder, journalId: knownId }: LevelAuditOptions): Promise<LevelAudit> {
    const opened = await LevelFiles.open(disk, folder);
    const { sources } = opened;
    const faults: JournalFault[] = [];
    const stored = await firstOf(mergedPairs(sources, { first: HEAD_KEY, last: HEAD_KEY }));
    const head = stored && decodeHead(stored.value);
    if (head === undefined) {
      const what = stored === undefined ? "missing" : "damaged";
      faults.push(logical("head_damaged", `The journal's head is ${what}`));
    } else if (knownId !== undefined && Buffer.compare(head.id, knownId) !== 0) {
      faults.push(logical("head_damaged", "The database is another journal's"));
    }
    const first = head?.first ?? (await oldest(sources));
    return new LevelAudit(opened, { journalId: knownId ?? head?.id, head, first, faults });
  }

  /** Newest sequence that was assigned, as far as the items so far tell. */
  get lastSequence(): bigint {
    return this.#lastSequence;
  }

  /** All sound entries, ascending, and all faults. */
  async *items(): AsyncGenerator<AuditItem> {
    for (const found of this.#faults) yield { kind: "fault", fault: found };
    yield* this.#fileFaults();
    const forgotten = new ForgottenRanges(this.#sources);
    try {
      yield* this.#entries(forgotten);
      yield* forgotten.finish();
      yield* this.#fileFaults();
    } finally {
      await forgotten.close();
    }
  }

  async *#entries(forgotten: ForgottenRanges): AsyncGenerator<AuditItem> {
    const all = { first: entryKey(LOWEST), last: entryKey(SEQUENCE_MAX) };
    let next = this.firstSequence;
    for await (const { key, value } of mergedPairs(this.#sources, all)) {
      yield* this.#fileFaults();
      const sequence = sequenceOf(key);
      // Let go by retention and not yet removed: the next opening goes on with that.
      if (sequence < this.firstSequence && sequence > 0n) continue;
      if (sequence > next) yield* forgotten.missing({ first: next, last: sequence - 1n });
      yield auditedEntry(key, value);
      if (sequence < next) continue;
      next = sequence + 1n;
      this.#lastSequence = sequence;
    }
    yield* this.#fileFaults();
    yield* this.#end(next, forgotten);
  }

  /** Compares the end of the entries with that of the head. */
  async *#end(next: bigint, forgotten: ForgottenRanges): AsyncGenerator<AuditItem> {
    const last = this.#headLast;
    if (last >= next) {
      yield* forgotten.missing({ first: next, last });
      this.#lastSequence = last;
    } else if (last > 0n && last < next - 1n) {
      const message = `The head ends at sequence ${last}, before the newest entry`;
      yield { kind: "fault", fault: logical("head_damaged", message) };
    }
  }

  *#fileFaults(): Generator<AuditItem> {
    for (const found of this.#files.takeFaults()) yield { kind: "fault", fault: found };
  }
}

function auditedEntry(key: Uint8Array, value: Uint8Array): AuditItem {
  const entry = decodeEntry(key, value);
  if (entry !== undefined) {
    const { sequence, payload } = entry;
    return { kind: "entry", sequence, payload, checksum: castagnoli(payload) };
  }
  const sequence = sequenceOf(key);
  const range = sequence === 0n ? undefined : { first: sequence, last: sequence };
  return { kind: "fault", fault: logical("entry_damaged", `Entry ${sequence} is damaged`, range) };
}

/** Forgotten ranges, read along with the entries, so that memory does not grow with them. */
class ForgottenRanges {
  readonly #pairs: AsyncGenerator<{ key: Uint8Array; value: Uint8Array }>;
  readonly #faults: JournalFault[] = [];
  #range: SequenceRange | undefined;
  #isDone = false;

  constructor(sources: readonly PairSource[]) {
    const all = { first: forgottenKey(LOWEST), last: forgottenKey(SEQUENCE_MAX) };
    this.#pairs = mergedPairs(sources, all);
  }

  /** Says which entries of a hole were never forgotten. Holes must ascend. */
  async *missing(hole: SequenceRange): AsyncGenerator<AuditItem> {
    let next = hole.first;
    while (next <= hole.last) {
      while (!this.#isDone && (this.#range === undefined || this.#range.last < next)) {
        await this.#advance();
      }
      yield* this.#told();
      const range = this.#isDone ? undefined : this.#range;
      if (range !== undefined && range.first <= next) {
        next = range.last + 1n;
        continue;
      }
      const end = range === undefined || range.first > hole.last ? hole.last : range.first - 1n;
      const message = `Entries ${next} to ${end} are missing and were never forgotten`;
      const lost = { first: next, last: end };
      yield { kind: "fault", fault: logical("entry_missing", message, lost) };
      next = end + 1n;
    }
  }

  /** Reads the rest of them. */
  async *finish(): AsyncGenerator<AuditItem> {
    while (!this.#isDone) await this.#advance();
    yield* this.#told();
  }

  async close(): Promise<void> {
    await this.#pairs.return(undefined);
  }

  async #advance(): Promise<void> {
    const { done, value: pair } = await this.#pairs.next();
    if (done === true) {
      this.#isDone = true;
      this.#range = undefined;
      return;
    }
    const range = decodeForgottenRange(pair.key, pair.value);
    if (range !== undefined) this.#range = range;
    else {
      const message = `The record of forgotten entries from ${sequenceOf(pair.key)} on is damaged`;
      this.#faults.push(logical("forgotten_damaged", message));
    }
  }

  *#told(): Generator<AuditItem> {
    for (const found of this.#faults.splice(0)) yield { kind: "fault", fault: found };
  }
}

/** A fault of what keys and values mean: it lies in the database, wherever its bytes may be. */
function logical(kind: JournalFaultKind, message: string, sequences?: SequenceRange): JournalFault {
  const place = { segment: LEVEL_FOLDER, position: 0, bytes: 0 };
  return fault(kind, message, sequences === undefined ? place : { ...place, sequences });
}

/** The lowest sequence that an entry or a forgotten range names; 1 where there is none. */
async function oldest(sources: readonly PairSource[]): Promise<bigint> {
  const last = SEQUENCE_MAX;
  const entry = await firstOf(mergedPairs(sources, { first: entryKey(1n), last: entryKey(last) }));
  const range = await firstOf(
    mergedPairs(sources, { first: forgottenKey(1n), last: forgottenKey(last) }),
  );
  const one = entry && sequenceOf(entry.key);
  const other = range && sequenceOf(range.key);
  if (one === undefined || other === undefined) return one ?? other ?? 1n;
  if (other < one) return other;
  return one;
}

async function firstOf<Item>(items: AsyncGenerator<Item>): Promise<Item | undefined> {
  for await (const item of items) return item;
  return undefined;
}
