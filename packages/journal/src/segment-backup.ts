import { join } from "node:path";
import { verifyChecksum } from "./checksum.js";
import { readCommitHead } from "./commit-reader.js";
import type { Disk, DiskFile } from "./disk.js";
import { type CopiedFile, copyFile, placeFile } from "./file-copy.js";
import { FileWindow } from "./file-window.js";
import { JournalError } from "./journal-error.js";
import { MARK_LOOKS_MAX, MARK_WAIT_MS, SCAN_WINDOW_BYTES } from "./limits.js";
import type { Segment } from "./segment.js";
import { checkChain, readSegments } from "./segment-folder.js";
import { SEGMENT_HEADER_BYTES } from "./segment-header.js";
import { segmentHeads } from "./segment-heads.js";
import { readFooter } from "./segment-readers.js";
import { type ScannedSegment, scanNewestSegment } from "./segment-scan.js";
import type { Timers } from "./timers.js";

/** What is copied, and up to where. */
export interface CopySegmentsOptions {
  /** The file system of both folders. */
  readonly disk: Disk;
  /** The journal's folder; a broker may be writing to it. */
  readonly from: string;
  /** The folder of the copy; it exists and has no segments. */
  readonly to: string;
  /** Waits for the writer's mark. */
  readonly timers: Timers;
  /** A commit that the copy must reach: `newestCommit`, asked before. */
  readonly commitMin: bigint;
  /** A sequence that the copy must reach: that of a checkpoint copied before. */
  readonly sequenceMin: bigint;
  /** Calls back with whether nobody writes, and keeps it so until it resolves. */
  readonly quietly: Quietly;
}

/** Runs something, told whether nobody writes to the folder and none begins to meanwhile. */
export type Quietly = <Result>(run: (isQuiet: boolean) => Promise<Result>) => Promise<Result>;

/** A copy of a journal. */
export interface CopiedJournal {
  /** The journal's 16 bytes. */
  readonly journalId: Uint8Array;
  /** First sequence of the oldest segment. */
  readonly firstSequence: bigint;
  /** Newest sequence. */
  readonly lastSequence: bigint;
  /** Its files by name. */
  readonly files: ReadonlyMap<string, CopiedFile>;
}

/** Where a copy of the newest segment ends: behind a commit that is known to be stored. */
interface SafeEnd {
  readonly position: number;
  readonly commit: bigint;
  readonly lastSequence: bigint;
  readonly firstRetained: bigint;
}

interface Newest {
  readonly segments: Segment[];
  readonly segment: Segment;
  readonly file: DiskFile;
  readonly scan: ScannedSegment;
}

/**
 * Number of the newest whole commit with entries in the newest segment, acknowledged or about to
 * be; 0 where that has none. A broker may be writing.
 */
export function newestCommit(disk: Disk, folder: string): Promise<bigint> {
  return withNewest(disk, folder, async ({ scan }) => scan.lastDataCommit);
}

/**
 * Copies the segments of a journal while it may be written: sealed ones, which nobody changes any
 * more, as second names where the file system can, and the newest up to the last commit that a
 * later one knows as synced, or to its valid end where nobody writes.
 *
 * Rejects with `unsupported` where there are no segments, `corrupt` where the journal is damaged or
 * its files changed in the wrong moment, `io_failed` where the writer does not mark its last commit
 * within 3 s, and with the disk's `ENOENT` where a segment went meanwhile: remove what was copied
 * and begin again. The names are not durable until the folder is synced.
 */
export async function copySegments(options: CopySegmentsOptions): Promise<CopiedJournal> {
  const { timers, quietly } = options;
  for (let looks = 0; looks < MARK_LOOKS_MAX; looks += 1) {
    const newest = await quietly((isQuiet) => copyNewest(options, isQuiet));
    // Sealed segments are many bytes: a broker that starts meanwhile must not find the folder taken.
    if (newest !== undefined) return await withSealed(options, newest);
    await new Promise<void>((resolve) => timers.setTimer(resolve, MARK_WAIT_MS));
  }
  throw new JournalError(
    "io_failed",
    `The last commit in ${options.from} is not marked as synced: the broker that uses it has failed or its disk stands still`,
  );
}

/** A copy of the newest segment, and what belongs before it. */
interface CopiedNewest extends CopiedJournal {
  readonly sealed: readonly Segment[];
}

async function withSealed(
  { disk, to }: CopySegmentsOptions,
  { sealed, ...copied }: CopiedNewest,
): Promise<CopiedJournal> {
  const files = new Map<string, CopiedFile>();
  for (const segment of sealed) {
    files.set(segment.name, await placeSealed(disk, segment, join(to, segment.name)));
  }
  return { ...copied, files: new Map([...files, ...copied.files]) };
}

/** Undefined: what must be in the copy is not known to be synced yet. */
async function copyNewest(
  options: CopySegmentsOptions,
  isQuiet: boolean,
): Promise<CopiedNewest | undefined> {
  const { disk, from, to, commitMin, sequenceMin } = options;
  return await withNewest(disk, from, async ({ segments, segment, file, scan }) => {
    const end = isQuiet
      ? { ...scan, position: scan.commitsEnd, commit: scan.lastCommit }
      : await syncedEnd(segment, file, scan);
    if (end.commit < commitMin || end.lastSequence < sequenceMin) {
      if (isQuiet) throw endsEarly(from, sequenceMin, end.lastSequence);
      return undefined;
    }
    const isRetained = ({ header }: Segment) => header.firstSequence >= end.firstRetained;
    const retained = segments.filter(isRetained);
    checkChain(retained, end.firstRetained);
    const active = join(to, segment.name);
    const facts = await copyFile(disk, segment.path, active, end.position);
    await checkPresent(disk, segment);
    return {
      journalId: segment.header.journalId,
      firstSequence: end.firstRetained,
      lastSequence: end.lastSequence,
      files: new Map([[segment.name, facts]]),
      sealed: retained.slice(0, -1),
    };
  });
}

/** A sealed segment is whole once it has its footer; before, that may still be written. */
async function placeSealed(disk: Disk, segment: Segment, to: string): Promise<CopiedFile> {
  const file = await disk.open(segment.path, "read");
  try {
    if ((await readFooter(segment, file)) !== undefined) {
      return await placeFile(disk, segment.path, to, () => checkPresent(disk, segment));
    }
    const window = new FileWindow((buffer, at) => file.read(buffer, at), SCAN_WINDOW_BYTES);
    let end = SEGMENT_HEADER_BYTES;
    for await (const { head, position } of segmentHeads(segment, window, verifyChecksum)) {
      end = position + head.bytes;
    }
    const copied = await copyFile(disk, segment.path, to, end);
    await checkPresent(disk, segment);
    return copied;
  } finally {
    await file.close();
  }
}

/**
 * Rejects with `ENOENT` where a segment has been dropped: only a file that has lost its name is
 * written over, so that what was read while it had it is what it held, and a second name that was
 * given before keeps it from that.
 */
async function checkPresent(disk: Disk, segment: Segment): Promise<void> {
  const file = await disk.open(segment.path, "read");
  await file.close();
}

async function withNewest<Result>(
  disk: Disk,
  folder: string,
  use: (newest: Newest) => Promise<Result>,
): Promise<Result> {
  const { segments } = await readSegments(disk, folder);
  const segment = segments.at(-1);
  if (segment === undefined) {
    throw new JournalError("unsupported", `There is no segment in ${folder}`);
  }
  const file = await disk.open(segment.path, "read");
  try {
    const read = (buffer: Uint8Array, position: number) => file.read(buffer, position);
    const scan = await scanNewestSegment(segment, read, verifyChecksum);
    return await use({ segments, segment, file, scan });
  } finally {
    await file.close();
  }
}

/**
 * The end of the commit that the newest mark names, and of marks behind it: without entries, they
 * promise nothing, and one may tell what retention has just removed. The scan has verified them.
 */
async function syncedEnd(
  { header }: Segment,
  file: DiskFile,
  scan: ScannedSegment,
): Promise<SafeEnd> {
  const window = new FileWindow((buffer, at) => file.read(buffer, at), SCAN_WINDOW_BYTES);
  let end: SafeEnd = {
    position: SEGMENT_HEADER_BYTES,
    // A new segment is made only when all commits before it are synced.
    commit: header.firstCommit - 1n,
    lastSequence: header.firstSequence - 1n,
    firstRetained: header.firstRetained,
  };
  while (end.position < scan.commitsEnd) {
    const { position } = end;
    const at = { position, end: scan.commitsEnd, identity: header };
    const found = await readCommitHead(window, at, verifyChecksum);
    if (found.kind !== "head") break;
    const { bytes, number, lastSequence, firstRetained, entryCount } = found.head;
    if (number > scan.syncedMark && entryCount > 0) break;
    end = { position: position + bytes, commit: number, lastSequence, firstRetained };
  }
  return end;
}

function endsEarly(folder: string, wanted: bigint, last: bigint): JournalError {
  const message = `The journal in ${folder} ends at sequence ${last}, but a checkpoint knows ${wanted}: segments are missing`;
  return new JournalError("corrupt", message, { sequences: { first: last + 1n, last: wanted } });
}
