import { join } from "node:path";
import type { CommitContent } from "./append-queue.js";
import {
  COMMIT_HEADER_BYTES,
  type CommitFacts,
  encodeCommitHead,
  TABLE_ROW_BYTES,
  type TableRow,
} from "./commit-header.js";
import { CommitIndex } from "./commit-index.js";
import { type Disk, type DiskFile, saysFull } from "./disk.js";
import { full, isFull } from "./journal-error.js";
import { type JournalLimits, SYNCED_PARTS_MAX } from "./limits.js";
import type { Random } from "./random.js";
import { ReadableSegment } from "./readable-segment.js";
import { RecycledFile } from "./recycled-file.js";
import { createSegment, type MadeSegment, type Segment, segmentName } from "./segment.js";
import { encodeFooter } from "./segment-footer.js";
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from "./segment-header.js";
import type { SegmentReaders } from "./segment-readers.js";
import type { SpareSegments } from "./spare-segments.js";

/** Where and how to write. */
export interface WriterOptions {
  /** The file system. */
  readonly disk: Disk;
  /** The journal's folder. */
  readonly folder: string;
  /** Source of salts. */
  readonly random: Random;
  /** Bounds. */
  readonly limits: JournalLimits;
  /** Is told of each new active segment. */
  readonly readers: SegmentReaders;
  /** Files to be written over; absent where none are kept. */
  readonly spares?: SpareSegments;
}

/** Where writing goes on. */
export interface WriterState {
  /** The newest segment, open for writing, everything in it synced. */
  readonly active: ReadableSegment;
  /** All segments, ascending; the writer adds to it. */
  readonly segments: Segment[];
  /** Newest sequence assigned. */
  readonly lastSequence: bigint;
  /** Number of the newest commit. */
  readonly lastCommit: bigint;
  /** Number of the newest commit with entries that no later commit marks as synced; 0 for none. */
  readonly unmarkedCommit: bigint;
  /** First sequence of the oldest segment retained. */
  readonly firstRetained: bigint;
}

/** Writes commits, one at a time, into segments. After any error it must not be used again. */
export class SegmentWriter {
  readonly #options: WriterOptions;
  readonly #segments: Segment[];
  #active: ReadableSegment;
  #lastSequence: bigint;
  #lastCommit: bigint;
  #syncedCommit: bigint;
  #unmarkedCommit: bigint;
  #firstRetained: bigint;
  #unsyncedBytes = 0;
  /** The active file once more, for commits that are written and synced in one step. */
  #synced: DiskFile | undefined;
  #recycled = new RecycledFile(0);

  /** Goes on where `state` says. */
  constructor(options: WriterOptions, state: WriterState) {
    this.#options = options;
    this.#segments = state.segments;
    this.#active = state.active;
    this.#lastSequence = state.lastSequence;
    this.#lastCommit = state.lastCommit;
    this.#syncedCommit = state.lastCommit;
    this.#unmarkedCommit = state.unmarkedCommit;
    this.#firstRetained = state.firstRetained;
    options.readers.setActive(state.active);
  }

  /** Number of the newest commit. */
  get lastCommit(): bigint {
    return this.#lastCommit;
  }

  /** Bytes that the active segment's file takes beyond its end. */
  get oldBytes(): number {
    return this.#recycled.bytesBehind(this.#active.commitsEnd);
  }

  /** Whether the newest commit with entries still lacks its mark. */
  get needsMark(): boolean {
    return this.#unmarkedCommit > 0n;
  }

  /** Writes appends as one commit, synced if one of them asks for it or too much is unsynced. */
  async commit(batch: readonly CommitContent[]): Promise<void> {
    const [first] = batch;
    const last = batch.at(-1);
    if (first === undefined || last === undefined) return;
    const rows = batch.flatMap((append) => append.rows);
    let payloadBytes = 0;
    for (const append of batch) payloadBytes += append.bytes;
    const bytes = COMMIT_HEADER_BYTES + rows.length * TABLE_ROW_BYTES + payloadBytes;
    if (this.#mustRoll(bytes)) await this.#roll(first.first);
    const parts: Uint8Array[] = [];
    for (const append of batch) for (const entry of append.entries) parts.push(...entry.parts);
    const mustSync =
      batch.some((append) => append.mustSync) ||
      this.#unsyncedBytes + bytes > this.#options.limits.unsyncedBytesMax;
    await this.#write({ rows, parts, bytes, lastSequence: last.last }, mustSync);
    this.#unmarkedCommit = this.#lastCommit;
  }

  /** Ends what it has opened itself. */
  async close(): Promise<void> {
    const synced = this.#synced;
    this.#synced = undefined;
    await synced?.close();
  }

  /** Syncs what is not. */
  async sync(): Promise<void> {
    if (this.#syncedCommit === this.#lastCommit) return;
    await this.#active.file.datasync();
    this.#syncedCommit = this.#lastCommit;
    this.#unsyncedBytes = 0;
  }

  /** Syncs what is not, and writes an empty, synced commit that marks it so. */
  async mark(): Promise<void> {
    await this.sync();
    const bytes = COMMIT_HEADER_BYTES;
    await this.#write({ rows: [], parts: [], bytes, lastSequence: this.#lastSequence }, true);
    this.#unmarkedCommit = 0n;
  }

  /** Records durably that segments below a sequence are no longer part of the journal. */
  async retainFrom(firstRetained: bigint): Promise<void> {
    this.#firstRetained = firstRetained;
    await this.mark();
  }

  #mustRoll(bytes: number): boolean {
    const { commitsEnd } = this.#active;
    return (
      commitsEnd > SEGMENT_HEADER_BYTES && commitsEnd + bytes > this.#options.limits.segmentBytes
    );
  }

  async #write(
    commit: { rows: TableRow[]; parts: Uint8Array[]; bytes: number; lastSequence: bigint },
    mustSync: boolean,
  ): Promise<void> {
    const active = this.#active;
    const facts: CommitFacts = {
      number: this.#lastCommit + 1n,
      syncedMark: this.#syncedCommit,
      lastSequence: commit.lastSequence,
      firstRetained: this.#firstRetained,
    };
    const head = encodeCommitHead(active.segment.header, facts, commit.rows);
    const position = active.commitsEnd;
    const parts = [head, ...commit.parts];
    const { header } = active.segment;
    if (header.isRecycled) {
      parts.push(this.#recycled.endRecord(header, facts.number + 1n, position + commit.bytes));
    }
    // One step syncs what it writes only, so nothing may be unsynced before it.
    const isAllSynced = this.#syncedCommit === this.#lastCommit;
    if (mustSync && isAllSynced && parts.length <= SYNCED_PARTS_MAX) {
      await this.#writeOrCut(parts, position, this.#synced ?? (await this.#openSynced()));
    } else {
      await this.#writeOrCut(parts, position, active.file);
      if (mustSync) await active.file.datasync();
    }
    const [firstRow] = commit.rows;
    if (firstRow !== undefined) active.index.note(firstRow.sequence, position);
    active.commitsEnd = position + commit.bytes;
    active.segment.bytes = active.commitsEnd;
    this.#lastSequence = commit.lastSequence;
    this.#lastCommit = facts.number;
    this.#unsyncedBytes = mustSync ? 0 : this.#unsyncedBytes + commit.bytes;
    if (mustSync) this.#syncedCommit = facts.number;
  }

  /**
   * Writes, or throws `full` with everything as it was: a write that found no space promised
   * nothing yet, so what it left can be cut, and the sync of that proves that the rest holds.
   */
  async #writeOrCut(
    parts: readonly Uint8Array[],
    position: number,
    writing: DiskFile,
  ): Promise<void> {
    try {
      await writing.writev(parts, position);
    } catch (error) {
      if (!saysFull(error)) throw error;
      const { file } = this.#active;
      await file.truncate(position);
      await file.datasync();
      this.#recycled.cut();
      this.#syncedCommit = this.#lastCommit;
      this.#unsyncedBytes = 0;
      this.#options.spares?.giveUp();
      throw full(error);
    }
  }

  async #openSynced(): Promise<DiskFile> {
    this.#synced = await this.#options.disk.open(this.#active.segment.path, "synced");
    return this.#synced;
  }

  /**
   * Ends the active file with its last commit, so that only the newest segment ever has bytes of an
   * earlier life in it.
   */
  async #cut(): Promise<void> {
    if (!this.#active.segment.header.isRecycled) return;
    const { file, commitsEnd } = this.#active;
    await file.truncate(commitsEnd);
    await file.datasync();
    this.#recycled.cut();
  }

  /** Makes the next segment, then seals this one: a footer shows that a next one must exist. */
  async #roll(firstSequence: bigint): Promise<void> {
    await this.sync();
    await this.#cut();
    const { random, readers } = this.#options;
    const sealed = this.#active;
    const { header } = sealed.segment;
    const { segment, file, fileBytes } = await this.#makeSegment({
      journalId: header.journalId,
      salt: random.bytes(8),
      firstSequence,
      firstCommit: this.#lastCommit + 1n,
      previousFirstSequence: header.firstSequence,
      firstRetained: this.#firstRetained,
      isRewritten: false,
      isRecycled: false,
    });
    const footer = encodeFooter(header, {
      commitsEnd: sealed.commitsEnd,
      lastSequence: this.#lastSequence,
      lastCommit: this.#lastCommit,
      index: sealed.index,
    });
    try {
      await this.#writeOrCut([footer], sealed.commitsEnd, sealed.file);
      await sealed.file.datasync();
      sealed.segment.bytes += footer.length;
    } catch (error) {
      // It is a convenience: without it commits are followed one by one.
      if (!isFull(error)) throw error;
    }
    await this.close();
    sealed.segment.lastCommit = this.#lastCommit;
    this.#segments.push(segment);
    this.#active = new ReadableSegment(segment, file, {
      commitsEnd: segment.bytes,
      index: new CommitIndex(),
    });
    this.#recycled = new RecycledFile(fileBytes);
    readers.setActive(this.#active);
  }

  async #makeSegment(header: SegmentHeader): Promise<MadeSegment & { readonly fileBytes: number }> {
    const { disk, folder, spares } = this.#options;
    const recycled = await spares?.take(header);
    if (recycled !== undefined) return recycled;
    return { ...(await createOrRemove(disk, folder, header)), fileBytes: 0 };
  }
}

/** Makes a segment, or throws `full` with no trace of it left, so that the one before goes on. */
async function createOrRemove(
  disk: Disk,
  folder: string,
  header: SegmentHeader,
): Promise<MadeSegment> {
  try {
    return await createSegment(disk, folder, header);
  } catch (error) {
    if (!saysFull(error)) throw error;
    const path = join(folder, segmentName(header.firstSequence));
    if (await disk.exists(path)) await disk.unlink(path);
    // Durable before anything more is written into the segment before it.
    await disk.syncDirectory(folder);
    throw full(error);
  }
}
