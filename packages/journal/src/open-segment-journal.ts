import { type Verify, verifyChecksum } from "./checksum.js";
import { CommitIndex } from "./commit-index.js";
import type { Disk } from "./disk.js";
import { ensureFolder } from "./ensure-folder.js";
import { ForgottenEntries } from "./forgotten-entries.js";
import type { Journal } from "./journal.js";
import { JournalError } from "./journal-error.js";
import { type JournalLimits, journalLimits } from "./limits.js";
import type { Random } from "./random.js";
import { ReadableSegment } from "./readable-segment.js";
import { createSegment, type Segment } from "./segment.js";
import { finishRetention, listSegments, tidyFolder } from "./segment-folder.js";
import { SegmentJournal } from "./segment-journal.js";
import { SegmentReaders } from "./segment-readers.js";
import { SegmentRewriter } from "./segment-rewriter.js";
import { scanNewestSegment } from "./segment-scan.js";
import { SegmentWriter, type WriterState } from "./segment-writer.js";
import { SpareSegments } from "./spare-segments.js";
import type { Timers } from "./timers.js";

/** How a segment journal is opened. */
export interface OpenSegmentJournalOptions {
  /** The file system. */
  readonly disk: Disk;
  /** The journal's own folder; made if it is not there. Guard it with a `FolderLock`. */
  readonly folder: string;
  /** Timers for the idle mark. */
  readonly timers: Timers;
  /** Source of the journal's id and of salts. */
  readonly random: Random;
  /** Is told once when a write or sync failed and the journal takes nothing more. */
  readonly onFailure?: (error: JournalError) => void;
  /**
   * Is told where freeing the space of forgotten entries failed: `corrupt` for damage that was
   * found on the way, else `io_failed`. The journal goes on; the segment stays as it is.
   */
  readonly onRewriteError?: (error: JournalError) => void;
  /** Bounds that differ from `JOURNAL_LIMITS`. */
  readonly limits?: Partial<JournalLimits>;
}

/** What opening found. */
export interface JournalRecovery {
  /**
   * Bytes of torn commits behind the last valid one that were cut; 0 after a clean end. In a
   * recycled segment they end with the file where no head of theirs is whole.
   */
  readonly tornBytes: number;
  /** File name of the newest segment. */
  readonly segment: string;
  /** Byte position in it behind the last valid commit. */
  readonly position: number;
  /** Newest entry found. */
  readonly lastSequence: bigint;
  /**
   * What was cut may have been a whole commit, even an acknowledged one: damage inside the very
   * last commit, before its mark was written, cannot be told from a torn write. Report it loudly.
   */
  readonly unmarked: boolean;
}

/** An open journal and what opening found. */
export interface OpenedJournal {
  /** The journal. */
  readonly journal: Journal;
  /** What opening found. */
  readonly recovery: JournalRecovery;
}

/**
 * Opens the journal of a folder, or makes one: verifies the newest segment, cuts a torn tail, makes
 * what is there durable. Rejects with `corrupt` (naming segment, position, sequences) where
 * something that was stored safely is damaged or missing, `unsupported` for another format,
 * `io_failed` where the disk refuses.
 */
export function openSegmentJournal(options: OpenSegmentJournalOptions): Promise<OpenedJournal> {
  return openVerified(options, verifyChecksum);
}

/** As `openSegmentJournal`; tests put a checksum that accepts everything in as negative control. */
export async function openVerified(
  options: OpenSegmentJournalOptions,
  verify: Verify,
): Promise<OpenedJournal> {
  const limits = journalLimits(options.limits);
  try {
    await ensureFolder(options.disk, options.folder);
    const segments = await listSegments(options.disk, options.folder);
    const newest = segments.at(-1);
    const readers = new SegmentReaders(options.disk, limits.openSegmentsMax, verify);
    const { state, recovery } =
      newest === undefined
        ? await create(options, segments)
        : await recover(options, segments, newest, verify);
    const spares = new SpareSegments({ ...options, limits });
    const writer = new SegmentWriter({ ...options, limits, readers, spares }, state);
    const onRewriteError = options.onRewriteError ?? ((): void => undefined);
    const noted = await tidyFolder(options.disk, options.folder, segments);
    const forgotten = new ForgottenEntries(
      { ...options, segments, bytesMax: limits.forgottenBytesMax, onError: onRewriteError },
      noted,
    );
    const rewriter = new SegmentRewriter({
      ...options,
      limits,
      verify,
      segments,
      readers,
      forgotten,
      onError: onRewriteError,
    });
    for (const segment of noted) rewriter.consider(segment);
    const journal = new SegmentJournal({
      ...options,
      id: state.active.segment.header.journalId,
      limits,
      onFailure: options.onFailure ?? ((): void => undefined),
      onRewriteError,
      verify,
      segments,
      readers,
      writer,
      spares,
      forgotten,
      rewriter,
      lastSequence: state.lastSequence,
    });
    return { journal, recovery };
  } catch (error) {
    throw JournalError.from(error, `opening of ${options.folder}`);
  }
}

interface Opening {
  readonly state: WriterState;
  readonly recovery: JournalRecovery;
}

async function create(options: OpenSegmentJournalOptions, segments: Segment[]): Promise<Opening> {
  const { segment, file } = await createSegment(options.disk, options.folder, {
    journalId: Uint8Array.from(options.random.bytes(16)),
    salt: options.random.bytes(8),
    firstSequence: 1n,
    firstCommit: 1n,
    previousFirstSequence: 0n,
    firstRetained: 1n,
    isRewritten: false,
    isRecycled: false,
  });
  segments.push(segment);
  const active = new ReadableSegment(segment, file, {
    commitsEnd: segment.bytes,
    index: new CommitIndex(),
  });
  return {
    state: {
      active,
      segments,
      lastSequence: 0n,
      lastCommit: 0n,
      unmarkedCommit: 0n,
      firstRetained: 1n,
    },
    recovery: {
      tornBytes: 0,
      segment: segment.name,
      position: segment.bytes,
      lastSequence: 0n,
      unmarked: false,
    },
  };
}

async function recover(
  options: OpenSegmentJournalOptions,
  segments: Segment[],
  newest: Segment,
  verify: Verify,
): Promise<Opening> {
  const { disk, folder } = options;
  const file = await disk.open(newest.path, "write");
  try {
    const scanned = await scanNewestSegment(newest, (buffer, at) => file.read(buffer, at), verify);
    await finishRetention(disk, folder, segments, scanned.firstRetained);
    if (newest.bytes > scanned.commitsEnd) await file.truncate(scanned.commitsEnd);
    newest.bytes = scanned.commitsEnd;
    // What was read may only be in the system's cache, written by a process that was killed before
    // its own sync: it must be durable before it is built upon.
    await file.sync();
    await disk.syncDirectory(folder);
    const { lastSequence, lastCommit, lastDataCommit, syncedMark, firstRetained } = scanned;
    return {
      state: {
        active: new ReadableSegment(newest, file, scanned),
        segments,
        lastSequence,
        lastCommit,
        unmarkedCommit: lastDataCommit > syncedMark ? lastDataCommit : 0n,
        firstRetained,
      },
      recovery: {
        tornBytes: scanned.tornBytes,
        segment: newest.name,
        position: scanned.commitsEnd,
        lastSequence,
        unmarked: scanned.unmarked,
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}
