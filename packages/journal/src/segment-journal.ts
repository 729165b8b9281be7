import type { PendingAppend } from "./append-queue.js";
import type { Verify } from "./checksum.js";
import type { Disk } from "./disk.js";
import { checkForgotten, type ForgottenEntries } from "./forgotten-entries.js";
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
import { isFull, JournalError } from "./journal-error.js";
import { IDLE_CHECK_MS, type JournalLimits } from "./limits.js";
import type { Segment } from "./segment.js";
import { SegmentEntries } from "./segment-entries.js";
import type { SegmentReaders } from "./segment-readers.js";
import type { SegmentRewriter } from "./segment-rewriter.js";
import type { SegmentWriter } from "./segment-writer.js";
import type { SequenceRange } from "./sequence-range.js";
import type { SpareSegments } from "./spare-segments.js";
import { TailCache } from "./tail-cache.js";
import type { Timers } from "./timers.js";

/** What a {@link SegmentJournal} is made of; `openSegmentJournal` puts it together. */
export interface SegmentJournalParts {
  /** The journal's 16 bytes. */
  readonly id: Uint8Array;
  /** The file system. */
  readonly disk: Disk;
  /** The journal's folder. */
  readonly folder: string;
  /** Timers for the idle mark. */
  readonly timers: Timers;
  /** Bounds. */
  readonly limits: JournalLimits;
  /** Is told once when the journal fails for good. */
  readonly onFailure: (error: JournalError) => void;
  /** Is told what the background could not do; the journal goes on. */
  readonly onRewriteError: (error: JournalError) => void;
  /** Checks what is read. */
  readonly verify: Verify;
  /** All segments, ascending, at least one. */
  readonly segments: Segment[];
  /** The open segments. */
  readonly readers: SegmentReaders;
  /** Writes commits. */
  readonly writer: SegmentWriter;
  /** Dropped files that are kept to be written over. */
  readonly spares: SpareSegments;
  /** What is forgotten. */
  readonly forgotten: ForgottenEntries;
  /** Frees the space of what is forgotten. */
  readonly rewriter: SegmentRewriter;
  /** Newest sequence assigned. */
  readonly lastSequence: bigint;
}

/** A journal of segment files with group commit. Made by `openSegmentJournal`. */
export class SegmentJournal implements Journal {
  readonly #parts: SegmentJournalParts;
  readonly #loop: GroupCommit;
  readonly #cache: TailCache;
  readonly #entries: SegmentEntries;
  #closing: Promise<void> | undefined;
  #removing: Promise<unknown> = Promise.resolve();
  #markTimer: unknown;
  #markSeenCommit = 0n;

  /** Use `openSegmentJournal`. */
  constructor(parts: SegmentJournalParts) {
    this.#parts = parts;
    this.#cache = new TailCache(parts.limits.tailCacheBytesMax, parts.lastSequence + 1n);
    this.#loop = new GroupCommit({
      limits: parts.limits,
      lastSequence: parts.lastSequence,
      commit: (batch) => this.#commit(batch),
      onCommitted: (batch) => {
        for (const { entries } of batch) for (const entry of entries) this.#cache.add(entry);
        this.#armMark();
      },
      onFailure: (error) => {
        void parts.rewriter.close();
        parts.onFailure(error);
      },
    });
    this.#entries = new SegmentEntries({
      ...parts,
      cache: this.#cache,
      checkOpen: () => this.#loop.checkReadable(),
    });
    this.#armMark();
  }

  get id(): Uint8Array {
    return this.#parts.id;
  }

  get firstSequence(): bigint {
    return this.#parts.segments[0]?.header.firstSequence ?? 1n;
  }

  get lastSequence(): bigint {
    return this.#loop.lastSequence;
  }

  get bytes(): number {
    const { segments, spares, writer } = this.#parts;
    const idle = spares.bytes + writer.oldBytes;
    return segments.reduce((sum, segment) => sum + segment.bytes, idle);
  }

  get figures(): JournalFigures {
    return this.#parts.rewriter.figures;
  }

  append(entries: readonly JournalEntry[], options: AppendOptions = {}): Promise<AppendedRange> {
    return this.#loop.append(entries, options);
  }

  read(range: ReadRange): AsyncIterable<StoredEntry> {
    return this.#entries.read(range, this.lastSequence);
  }

  async readOne(sequence: bigint): Promise<StoredEntry | undefined> {
    this.#loop.checkReadable();
    if (sequence < this.firstSequence || sequence > this.lastSequence) return undefined;
    return await this.#entries.readOne(sequence);
  }

  async truncateBefore(sequence: bigint): Promise<void> {
    let dropped: readonly Segment[] = [];
    await this.#loop.between(async () => {
      dropped = await this.#retainFrom(sequence);
    });
    if (dropped.length === 0) return;
    // Commits do not wait for the file system to give back what a dozen files took.
    const removal = this.#removing.then(() => this.#remove(dropped));
    this.#removing = removal;
    const error = await removal;
    if (error !== undefined) throw error;
  }

  async forget(ranges: readonly SequenceRange[]): Promise<void> {
    if (this.#loop.ended !== undefined) throw this.#loop.ended;
    checkForgotten(ranges, this.#parts.limits, this.lastSequence);
    const { forgotten, rewriter } = this.#parts;
    for (const segment of await forgotten.forget(ranges)) rewriter.consider(segment);
  }

  noteSpace(isLow: boolean): void {
    this.#parts.spares.noteSpace(isLow);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #commit(batch: readonly PendingAppend[]): Promise<void> {
    const { segments, writer, rewriter } = this.#parts;
    const newest = segments.at(-1);
    await writer.commit(batch);
    if (newest !== undefined && newest !== segments.at(-1)) rewriter.consider(newest);
  }

  /** An idle writer marks its last commit as synced at most 100 ms after it; a busy one syncs. */
  #armMark(): void {
    const { timers, writer } = this.#parts;
    const isIdle = this.#markTimer === undefined && writer.needsMark;
    if (!isIdle || this.#loop.ended !== undefined) return;
    this.#markSeenCommit = writer.lastCommit;
    this.#markTimer = timers.setTimer(() => {
      this.#markTimer = undefined;
      if (this.#loop.ended !== undefined || !writer.needsMark) return;
      const isIdle = !this.#loop.isBusy && writer.lastCommit === this.#markSeenCommit;
      // Of a failure `onFailure` is told; a mark that found no space is tried again.
      if (isIdle) this.#loop.between(() => writer.mark()).catch(() => this.#armMark());
      else this.#syncAndArm();
    }, IDLE_CHECK_MS);
  }

  /** A busy writer is not marked, but what was written with `os` must not stay unsynced for that. */
  #syncAndArm(): void {
    this.#loop.between(() => this.#parts.writer.sync()).catch(() => undefined);
    this.#armMark();
  }

  /** Records what is retained, which must not fail; answers what is no part of the journal any more. */
  async #retainFrom(sequence: bigint): Promise<readonly Segment[]> {
    const { segments, writer } = this.#parts;
    const kept = segments.findLastIndex(({ header }) => header.firstSequence <= sequence);
    const oldest = segments[kept];
    if (kept <= 0 || oldest === undefined) return [];
    await writer.retainFrom(oldest.header.firstSequence);
    const dropped = segments.splice(0, kept);
    for (const segment of dropped) segment.isDropped = true;
    return dropped;
  }

  /** Removes the files of dropped segments; answers why it could not. */
  async #remove(dropped: readonly Segment[]): Promise<JournalError | undefined> {
    const { readers, spares, forgotten, rewriter, disk, folder } = this.#parts;
    try {
      await rewriter.settled();
      for (const segment of dropped) {
        await readers.drop(segment);
        await spares.keepOrRemove(segment);
        await forgotten.drop(segment);
      }
      await disk.syncDirectory(folder);
      spares.settle();
      return undefined;
    } catch (error) {
      // The journal no longer counts them; the next start removes what is left.
      return JournalError.from(error, "removal of segments");
    }
  }

  async #close(): Promise<void> {
    const { timers, writer, readers, spares, forgotten, rewriter, onRewriteError } = this.#parts;
    if (this.#markTimer !== undefined) timers.clearTimer(this.#markTimer);
    try {
      await this.#loop.close(async () => {
        if (writer.needsMark) await writer.mark().catch(unlessFull);
      });
    } finally {
      await this.#removing;
      await writer.close();
      await rewriter.close();
      await forgotten.close().catch(onRewriteError);
      await readers.close();
      await spares.close();
    }
  }
}

/** A mark that does not fit is left out at close: the next start finds the end without it. */
function unlessFull(error: unknown): void {
  if (!isFull(error)) throw error;
}
