import { join } from "node:path";
import type { Disk, DiskFile } from "./disk.js";
import { encodeEndRecord } from "./end-record.js";
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from "./segment-header.js";

const SUFFIX = ".seg";
const NAME_DIGITS = 16;
const NAME = /^\d{16}\.seg$/;
const DRAFT_SUFFIX = ".new";
const DRAFT_NAME = /^\d{16}\.seg\.new$/;
const SPARE_SUFFIX = ".spare";
const SPARE_NAME = /^\d{16}\.spare$/;

/** One segment file of a journal, open or not. */
export interface Segment {
  /** File name within the folder. */
  readonly name: string;
  /** Path of the file. */
  readonly path: string;
  /** What its header says. */
  readonly header: SegmentHeader;
  /** Bytes of the file. */
  bytes: number;
  /** Set when retention has let it go, or a rewritten file has taken its place. */
  isDropped: boolean;
  /** Number of its last commit; undefined while it is the newest segment. */
  lastCommit: bigint | undefined;
}

/** The file name of the segment that begins with a sequence. */
export function segmentName(firstSequence: bigint): string {
  return `${firstSequence.toString().padStart(NAME_DIGITS, "0")}${SUFFIX}`;
}

/** Whether a file name claims to be a segment's. */
export function isSegmentName(name: string): boolean {
  return NAME.test(name);
}

/** Whether a file is a rewritten segment that never took its segment's place. */
export function isDraftName(name: string): boolean {
  return DRAFT_NAME.test(name);
}

/** Whether a file was kept to be written over. */
export function isSpareName(name: string): boolean {
  return SPARE_NAME.test(name);
}

/** The path at which a dropped segment's file is kept to be written over. */
export function sparePath({ path }: Segment): string {
  return `${path.slice(0, -SUFFIX.length)}${SPARE_SUFFIX}`;
}

/** The path at which a segment is rewritten before it takes the segment's place. */
export function draftPath(segment: Segment): string {
  return `${segment.path}${DRAFT_SUFFIX}`;
}

/** The segment that a sequence lies in, or would; undefined below the first. By binary search. */
export function segmentOf(segments: readonly Segment[], sequence: bigint): Segment | undefined {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const segment = segments[middle];
    if (segment !== undefined && segment.header.firstSequence <= sequence) low = middle + 1;
    else high = middle;
  }
  return segments[low - 1];
}

/** The segment behind another; undefined behind the newest. */
export function segmentAfter(
  segments: readonly Segment[],
  { header }: Segment,
): Segment | undefined {
  return segments.find(({ header: { firstSequence } }) => firstSequence > header.firstSequence);
}

/** The last entry that a segment may hold, given the one after it. */
export function sequenceBefore(next: Segment): bigint {
  return next.header.firstSequence - 1n;
}

/** A segment whose file is open for writing. */
export interface MadeSegment {
  /** The segment. */
  readonly segment: Segment;
  /** Its file. */
  readonly file: DiskFile;
}

/** Makes a segment file, durable with its name before this resolves. */
export async function createSegment(
  disk: Disk,
  folder: string,
  header: SegmentHeader,
): Promise<MadeSegment> {
  const segment = newSegment(folder, header);
  const file = await disk.open(segment.path, "create");
  try {
    await file.writev([encodeSegmentHeader(header)], 0);
    await file.sync();
    await disk.syncDirectory(folder);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { segment, file };
}

/**
 * Makes a segment of a spare file. A file with an old header must never have a segment's name, so
 * the new one is durable before the rename.
 */
export async function recycleSegment(
  disk: Disk,
  place: { readonly folder: string; readonly spare: string },
  from: SegmentHeader,
): Promise<MadeSegment> {
  const { folder, spare } = place;
  const header = { ...from, isRecycled: true };
  const segment = newSegment(folder, header);
  const file = await disk.open(spare, "write");
  try {
    const end = encodeEndRecord(header, header.firstCommit);
    await file.writev([encodeSegmentHeader(header), end], 0);
    await file.sync();
    await disk.rename(spare, segment.path);
    await disk.syncDirectory(folder);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { segment, file };
}

function newSegment(folder: string, header: SegmentHeader): Segment {
  const name = segmentName(header.firstSequence);
  return {
    name,
    path: join(folder, name),
    header,
    bytes: SEGMENT_HEADER_BYTES,
    isDropped: false,
    lastCommit: undefined,
  };
}
