import { AppendQueue, type PendingAppend } from "./append-queue.js";
import type { Verify } from "./checksum.js";
import type { Disk } from "./disk.js";
import type { ForgottenEntries } from "./forgotten-entries.js";
import type {
  AppendedRange,
  AppendOptions,
  Journal,
  JournalEntry,
  JournalFigures,
  ReadRange,
  StoredEntry,
} from "./journal.js";
import { JournalError } from "./journal-error.js";
import { checkLimit, IDLE_CHECK_MS, type JournalLimits } from "./limits.js";
import type { Segment } from "./segment.js";
import { SegmentEntries } from "./segment-entries.js";
import type { SegmentReaders } from "./segment-readers.js";
import type { SegmentRewriter } from "./segment-rewriter.js";
import type { SegmentWriter } from "./segment-writer.js";
import type { SequenceRange } from "./sequence-range.js";
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
  /** What is forgotten. */
  readonly forgotten: ForgottenEntries;
  /** Frees the space of what is forgotten. */
  readonly rewriter: SegmentRewriter;
  /** Newest sequence assigned. */
  readonly lastSequence: bigint;
}

/** What runs between two commits. */
interface Task {
  readonly run: () => Promise<void>;
  /** Told when the journal fails before the task is run. */
  readonly reject?: (error: JournalError) => void;
}

/** A journal of segment files with group commit. Made by `openSegmentJournal`. */
export class SegmentJournal implements Journal {
  readonly #parts: SegmentJournalParts;
  readonly #queue: AppendQueue;
  readonly #cache: TailCache;
  readonly #entries: SegmentEntries;
  readonly #tasks: Task[] = [];
  #lastSequence: bigint;
  #running: Promise<void> | undefined;
  #ended: JournalError | undefined;
  #closing: Promise<void> | undefined;
  #markTimer: unknown;
  #markSeenCommit = 0n;

  /** Use `openSegmentJournal`. */
  constructor(parts: SegmentJournalParts) {
    this.#parts = parts;
    this.#queue = new AppendQueue(parts.limits, parts.lastSequence);
    this.#cache = new TailCache(parts.limits.tailCacheBytesMax, parts.lastSequence + 1n);
    this.#entries = new SegmentEntries({
      ...parts,
      cache: this.#cache,
      checkOpen: () => this.#checkOpen(),
    });
    this.#lastSequence = parts.lastSequence;
    this.#armMark();
  }

  get id(): Uint8Array {
    return this.#parts.id;
  }

  get firstSequence(): bigint {
    return this.#parts.segments[0]?.header.firstSequence ?? 1n;
  }

  get lastSequence(): bigint {
    return this.#lastSequence;
  }

  get bytes(): number {
    return this.#parts.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  get figures(): JournalFigures {
    return this.#parts.rewriter.figures;
  }

  append(entries: readonly JournalEntry[], options: AppendOptions = {}): Promise<AppendedRange> {
    return new Promise((resolve, reject) => {
      // What is thrown here rejects the promise.
      if (this.#ended !== undefined) throw this.#ended;
      this.#queue.add(entries, options, { resolve, reject });
      this.#start();
    });
  }

  read(range: ReadRange): AsyncIterable<StoredEntry> {
    return this.#entries.read(range, this.#lastSequence);
  }

  async readOne(sequence: bigint): Promise<StoredEntry | undefined> {
    this.#checkOpen();
    if (sequence < this.firstSequence || sequence > this.#lastSequence) return undefined;
    return await this.#entries.readOne(sequence);
  }

  truncateBefore(sequence: bigint): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended;
      this.#tasks.push({ run: () => this.#truncate(sequence, resolve, reject), reject });
      this.#start();
    });
  }

  async forget(ranges: readonly SequenceRange[]): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    checkLimit(this.#parts.limits, "forgetRangesMax", ranges.length);
    for (const { first, last } of ranges) {
      if (first <= last && last <= this.#lastSequence) continue;
      throw new RangeError(`${first} to ${last} is no range of what is stored`);
    }
    const { forgotten, rewriter } = this.#parts;
    for (const segment of await forgotten.forget(ranges)) rewriter.consider(segment);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #checkOpen(): void {
    if (this.#ended?.reason === "closed") throw this.#ended;
  }

  /** Begins to work through what waits, in a microtask so that appends of one turn share a commit. */
  #start(): void {
    this.#running ??= Promise.resolve().then(() => this.#run());
  }

  async #run(): Promise<void> {
    try {
      while (this.#tasks.length > 0 || !this.#queue.isEmpty) {
        await this.#tasks.shift()?.run();
        await this.#commit(this.#queue.take());
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#running = undefined;
  }

  async #commit(batch: readonly PendingAppend[]): Promise<void> {
    const last = batch.at(-1);
    if (last === undefined) return;
    const { segments, rewriter } = this.#parts;
    const newest = segments.at(-1);
    try {
      await this.#parts.writer.commit(batch);
    } catch (error) {
      const failure = failed(error);
      for (const append of batch) append.reject(failure);
      throw failure;
    }
    this.#lastSequence = last.last;
    this.#queue.release(batch);
    this.#armMark();
    if (newest !== undefined && newest !== segments.at(-1)) rewriter.consider(newest);
    for (const append of batch) {
      for (const entry of append.entries) this.#cache.add(entry);
      append.resolve({ first: append.first, last: append.last });
    }
  }

  /** Ends the journal for good: after a failed write or sync nobody knows what the disk holds. */
  #fail(cause: unknown): void {
    const failure = failed(cause);
    this.#ended = failure;
    void this.#parts.rewriter.close();
    for (let batch = this.#queue.take(); batch.length > 0; batch = this.#queue.take()) {
      for (const append of batch) append.reject(failure);
    }
    for (const task of this.#tasks.splice(0)) task.reject?.(failure);
    this.#parts.onFailure(failure);
  }

  /** An idle writer marks its last commit as synced, at most 100 ms after it. */
  #armMark(): void {
    const { timers, writer } = this.#parts;
    const isIdle = this.#markTimer === undefined && writer.needsMark;
    if (!isIdle || this.#ended !== undefined) return;
    this.#markSeenCommit = writer.lastCommit;
    this.#markTimer = timers.setTimer(() => {
      this.#markTimer = undefined;
      if (this.#ended !== undefined || !writer.needsMark) return;
      const isBusy = this.#running !== undefined || writer.lastCommit !== this.#markSeenCommit;
      if (isBusy) {
        this.#armMark();
        return;
      }
      this.#tasks.push({ run: () => writer.mark() });
      this.#start();
    }, IDLE_CHECK_MS);
  }

  async #truncate(
    sequence: bigint,
    resolve: () => void,
    reject: (error: JournalError) => void,
  ): Promise<void> {
    const { segments, writer, readers, forgotten, rewriter, disk, folder } = this.#parts;
    const kept = segments.findLastIndex(({ header }) => header.firstSequence <= sequence);
    const oldest = segments[kept];
    if (kept <= 0 || oldest === undefined) {
      resolve();
      return;
    }
    try {
      await writer.retainFrom(oldest.header.firstSequence);
    } catch (error) {
      const failure = failed(error);
      reject(failure);
      throw failure;
    }
    const dropped = segments.splice(0, kept);
    for (const segment of dropped) segment.isDropped = true;
    try {
      await rewriter.settled();
      for (const segment of dropped) {
        await readers.drop(segment);
        await disk.unlink(segment.path);
        await forgotten.drop(segment);
      }
      await disk.syncDirectory(folder);
      resolve();
    } catch (error) {
      // The journal no longer counts them; the next start removes what is left.
      reject(JournalError.from(error, "removal of segments"));
    }
  }

  async #close(): Promise<void> {
    const { timers, writer, readers, forgotten, rewriter, onRewriteError } = this.#parts;
    const isSound = this.#ended === undefined;
    this.#ended ??= new JournalError("closed", "The journal is closed");
    if (this.#markTimer !== undefined) timers.clearTimer(this.#markTimer);
    await this.#running;
    await rewriter.close();
    await forgotten.close().catch(onRewriteError);
    try {
      if (isSound && this.#ended.reason === "closed" && writer.needsMark) await writer.mark();
    } catch (error) {
      this.#fail(error);
      throw failed(error);
    } finally {
      this.#ended = new JournalError("closed", "The journal is closed");
      await readers.close();
    }
  }
}

function failed(cause: unknown): JournalError {
  if (cause instanceof JournalError && cause.reason === "failed") return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  return new JournalError("failed", `The journal failed and takes nothing more: ${text}`, {
    cause,
  });
}
