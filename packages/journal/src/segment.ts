import { join } from "node:path";
import type { Disk, DiskFile } from "./disk.js";
import { encodeSegmentHeader, type SegmentHeader } from "./segment-header.js";

const SUFFIX = ".seg";
const NAME_DIGITS = 16;
const NAME = /^\d{16}\.seg$/;
const DRAFT_SUFFIX = ".new";
const DRAFT_NAME = /^\d{16}\.seg\.new$/;

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

/** Makes a segment file, durable with its name before this resolves. */
export async function createSegment(
  disk: Disk,
  folder: string,
  header: SegmentHeader,
): Promise<{ segment: Segment; file: DiskFile }> {
  const name = segmentName(header.firstSequence);
  const path = join(folder, name);
  const bytes = encodeSegmentHeader(header);
  const file = await disk.open(path, "create");
  try {
    await file.writev([bytes], 0);
    await file.sync();
    await disk.syncDirectory(folder);
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    segment: {
      name,
      path,
      header,
      bytes: bytes.length,
      isDropped: false,
      lastCommit: undefined,
    },
    file,
  };
}
