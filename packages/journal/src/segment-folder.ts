import { join } from "node:path";
import type { Disk } from "./disk.js";
import { FileWindow } from "./file-window.js";
import { forgottenName, isForgottenName } from "./forgotten-file.js";
import { corruption, JournalError } from "./journal-error.js";
import { HEADERS_IN_FLIGHT } from "./limits.js";
import {
  isDraftName,
  isSegmentName,
  isSpareName,
  type Segment,
  segmentName,
  sequenceBefore,
} from "./segment.js";
import { decodeSegmentHeader, FORMAT_VERSION, SEGMENT_HEADER_BYTES } from "./segment-header.js";
import type { SequenceRange } from "./sequence-range.js";

/** A segment file that was being made when the process ended: it never held a commit. */
interface UnfinishedSegment {
  readonly name: string;
  readonly path: string;
}

/** Lists the segments of a folder by their headers, removing a newest one that was never finished. */
export async function listSegments(disk: Disk, folder: string): Promise<Segment[]> {
  const { segments, unfinished } = await readSegments(disk, folder);
  if (unfinished !== undefined) await remove(disk, folder, unfinished.path);
  return segments;
}

/** The segments of a folder by their headers, and a newest one that was never finished. */
export async function readSegments(
  disk: Disk,
  folder: string,
): Promise<{ segments: Segment[]; unfinished: UnfinishedSegment | undefined }> {
  const names = (await disk.readdir(folder)).filter(isSegmentName).sort();
  const segments: Segment[] = [];
  let unfinished: UnfinishedSegment | undefined;
  for (let from = 0; from < names.length; from += HEADERS_IN_FLIGHT) {
    const group = names.slice(from, from + HEADERS_IN_FLIGHT);
    const found = await Promise.all(group.map((name) => inspect(disk, folder, name)));
    for (const segment of found) {
      if ("header" in segment) segments.push(segment);
      else if (segment.name === names.at(-1)) unfinished = segment;
      else throw damagedHeader(segment.name);
    }
  }
  return { segments, unfinished };
}

/** Removes segments that retention had let go when the process ended, and checks the others. */
export async function finishRetention(
  disk: Disk,
  folder: string,
  segments: Segment[],
  firstRetained: bigint,
): Promise<void> {
  const kept = segments.findIndex(({ header }) => header.firstSequence >= firstRetained);
  for (const segment of segments.splice(0, Math.max(0, kept)))
    await remove(disk, folder, segment.path);
  checkChain(segments, firstRetained);
}

/**
 * Removes what is left beside the segments: rewritten ones that never took their place, spare
 * files, and notes of forgotten entries that belong to no sealed segment. Answers the segments that
 * have notes.
 */
export async function tidyFolder(
  disk: Disk,
  folder: string,
  segments: readonly Segment[],
): Promise<Segment[]> {
  const sealed = segments.slice(0, -1);
  const notes = new Map(sealed.map((segment) => [forgottenName(segment), segment]));
  const noted: Segment[] = [];
  for (const name of await disk.readdir(folder)) {
    const segment = notes.get(name);
    if (segment !== undefined) noted.push(segment);
    else if (isLeftoverName(name)) await disk.unlink(join(folder, name));
  }
  return noted;
}

/** Whether a file that belongs to no segment is one that a start removes. */
export function isLeftoverName(name: string): boolean {
  return isDraftName(name) || isForgottenName(name) || isSpareName(name);
}

/** Throws `corrupt` where segments do not follow each other from the oldest that is retained. */
export function checkChain(segments: readonly Segment[], firstRetained: bigint): void {
  const [oldest] = segments;
  if (oldest !== undefined && oldest.header.firstSequence !== firstRetained) {
    throw missing(firstRetained, { first: firstRetained, last: sequenceBefore(oldest) });
  }
  for (const [at, segment] of segments.entries()) {
    const before = segments[at - 1];
    if (before !== undefined) link(before, segment);
  }
}

function link(before: Segment, segment: Segment): void {
  const { header, name } = segment;
  if (Buffer.compare(before.header.journalId, header.journalId) !== 0) {
    throw corruption("A segment is of another journal", { segment: name, position: 0 });
  }
  const { previousFirstSequence } = header;
  if (previousFirstSequence !== before.header.firstSequence) {
    const last = sequenceBefore(segment);
    throw missing(previousFirstSequence, { first: previousFirstSequence, last });
  }
  before.lastCommit = header.firstCommit - 1n;
}

function missing(firstSequence: bigint, sequences: SequenceRange): JournalError {
  const segment = segmentName(firstSequence);
  return corruption("A segment is missing", { segment, position: 0, sequences });
}

async function inspect(
  disk: Disk,
  folder: string,
  name: string,
): Promise<Segment | UnfinishedSegment> {
  const path = join(folder, name);
  const file = await disk.open(path, "read");
  try {
    const bytes = await file.size();
    const window = new FileWindow((buffer, at) => file.read(buffer, at), SEGMENT_HEADER_BYTES);
    const start = await window.view(0, SEGMENT_HEADER_BYTES, bytes);
    const decoded = start === undefined ? undefined : decodeSegmentHeader(start);
    if (decoded?.kind === "unsupported") throw unsupported(name, decoded);
    if (decoded?.kind === "valid" && segmentName(decoded.header.firstSequence) === name) {
      const { header } = decoded;
      return { name, path, header, bytes, isDropped: false, lastCommit: undefined };
    }
    // Commits are written only after the header is durable: behind a bad one there can be none.
    if (decoded?.kind !== "valid" && bytes <= SEGMENT_HEADER_BYTES) return { name, path };
    throw damagedHeader(name);
  } finally {
    await file.close();
  }
}

async function remove(disk: Disk, folder: string, path: string): Promise<void> {
  await disk.unlink(path);
  await disk.syncDirectory(folder);
}

function damagedHeader(segment: string): JournalError {
  return corruption("A segment's header is damaged", { segment, position: 0 });
}

function unsupported(
  segment: string,
  { version, flags }: { readonly version: number; readonly flags: number },
): JournalError {
  const found = `format ${version} with flags ${flags}`;
  const message = `Segment ${segment} has ${found}; this version reads ${FORMAT_VERSION}`;
  const details = { version, flags, supported: FORMAT_VERSION };
  return new JournalError("unsupported", message, { segment, position: 8, details });
}
