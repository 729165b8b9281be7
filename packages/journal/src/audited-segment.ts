import { join } from "node:path";
import { verifyChecksum } from "./checksum.js";
import { COMMIT_HEADER_BYTES, type CommitIdentity } from "./commit-header.js";
import { readCommitHead } from "./commit-reader.js";
import type { Disk, DiskFile } from "./disk.js";
import { FileWindow, type ReadAt } from "./file-window.js";
import { fault, type JournalFault } from "./journal-fault.js";
import { SCAN_WINDOW_BYTES } from "./limits.js";
import { pageReader } from "./page-reader.js";
import { segmentName } from "./segment.js";
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from "./segment-header.js";

/** A segment file as it is found, whatever its state. */
export interface FoundSegment {
  /** File name. */
  readonly name: string;
  /** Its bytes. */
  readonly bytes: number;
  /** What its header says; undefined where that is damaged. */
  readonly header: SegmentHeader | undefined;
}

const COMMIT_MAGIC = Buffer.from("CMT1");

/** Opens a file for a look, calls back and closes it. */
export async function withFile<Result>(
  place: { readonly disk: Disk; readonly folder: string; readonly name: string },
  use: (file: DiskFile) => Promise<Result>,
): Promise<Result> {
  const file = await place.disk.open(join(place.folder, place.name), "read");
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Reads a segment's header, adding what is wrong with it to the faults. */
export async function findSegment(
  place: { readonly disk: Disk; readonly folder: string; readonly name: string },
  faults: JournalFault[],
): Promise<FoundSegment> {
  const { name } = place;
  return await withFile(place, async (file) => {
    const bytes = await file.size();
    const read = pageReader(file, () => undefined);
    const start = await new FileWindow(read, SEGMENT_HEADER_BYTES).view(
      0,
      SEGMENT_HEADER_BYTES,
      bytes,
    );
    const decoded = start === undefined ? undefined : decodeSegmentHeader(start);
    if (decoded?.kind === "valid") {
      const { header } = decoded;
      const properName = segmentName(header.firstSequence);
      if (properName !== name) {
        const message = `Segment ${name} is ${properName} by its header: renamed, swapped or copied`;
        faults.push(fault("segment_misnamed", message, { segment: name, position: 40, bytes: 8 }));
      }
      return { name, bytes, header };
    }
    const header = { segment: name, position: 0, bytes: Math.min(bytes, SEGMENT_HEADER_BYTES) };
    if (decoded?.kind === "unsupported") {
      const { version, flags } = decoded;
      const message = `Segment ${name} has format ${version} with flags ${flags}`;
      faults.push(fault("header_unsupported", message, header));
    } else {
      faults.push(fault("header_damaged", `The header of segment ${name} is damaged`, header));
    }
    return { name, bytes, header: undefined };
  });
}

/**
 * A header for a segment whose own is damaged, as far as its commits tell: the first that is valid
 * and of this journal shows salt and number. Undefined where there is none.
 */
export async function guessHeader(
  { name, bytes }: FoundSegment,
  read: ReadAt,
  journalId: Uint8Array,
): Promise<SegmentHeader | undefined> {
  const window = new FileWindow(read, SCAN_WINDOW_BYTES);
  const firstSequence = BigInt(name.slice(0, name.indexOf(".")));
  let from = 0;
  while (from + COMMIT_HEADER_BYTES <= bytes) {
    const length = Math.min(SCAN_WINDOW_BYTES, bytes - from);
    const view = Buffer.from((await window.view(from, length, bytes)) ?? []);
    const hit = view.indexOf(COMMIT_MAGIC);
    if (hit < 0) {
      from += length - COMMIT_MAGIC.length + 1;
      continue;
    }
    const position = from + hit;
    const salt = await window.view(position + 4, 8, bytes);
    if (salt === undefined) return undefined;
    const identity: CommitIdentity = { salt: Uint8Array.from(salt), journalId };
    const found = await readCommitHead(window, { position, end: bytes, identity }, verifyChecksum);
    // What a recycled file holds of its earlier life has lower sequences.
    if (found.kind === "head" && found.head.lastSequence >= firstSequence - 1n) {
      const { firstRetained, syncedMark } = found.head;
      const isFirst = position === SEGMENT_HEADER_BYTES;
      return {
        journalId,
        salt: identity.salt,
        firstSequence,
        // The first commit of a segment, rewritten or not, names the one before the segment.
        firstCommit: isFirst ? syncedMark + 1n : 0n,
        previousFirstSequence: 0n,
        firstRetained,
        isRewritten: false,
        // Harmless where it is wrong: nothing else looks like an end record.
        isRecycled: true,
      };
    }
    from = position + 1;
  }
  return undefined;
}
