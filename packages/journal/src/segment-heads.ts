import type { Verify } from "./checksum.js";
import type { CommitHead } from "./commit-header.js";
import { readCommitHead } from "./commit-reader.js";
import type { FileWindow } from "./file-window.js";
import { corruption } from "./journal-error.js";
import type { Segment } from "./segment.js";
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from "./segment-header.js";

/** A commit's head and where it lies. */
export interface PlacedHead {
  /** The head. */
  readonly head: CommitHead;
  /** Byte position of the commit. */
  readonly position: number;
}

/**
 * Whether a commit may come right behind the one of a number. In a rewritten segment numbers may
 * skip, but each commit names the one before it, so that a missing one is noticed all the same.
 */
export function follows(header: SegmentHeader, head: CommitHead, before: bigint): boolean {
  if (!header.isRewritten) return head.number === before + 1n;
  return head.number > before && head.syncedMark === before;
}

/**
 * The heads of a sealed segment up to its last commit, from one to the next. Throws `corrupt` where
 * one is damaged or missing.
 */
export async function* segmentHeads(
  segment: Segment,
  window: FileWindow,
  verify: Verify,
): AsyncGenerator<PlacedHead> {
  const { header, bytes, name } = segment;
  const lastCommit = segment.lastCommit ?? 0n;
  let position = SEGMENT_HEADER_BYTES;
  let before = header.firstCommit - 1n;
  while (before < lastCommit) {
    const found = await readCommitHead(window, { position, end: bytes, identity: header }, verify);
    if (found.kind !== "head" || !follows(header, found.head, before)) {
      throw corruption(`The commit behind number ${before} of a sealed segment is damaged`, {
        segment: name,
        position,
      });
    }
    yield { head: found.head, position };
    position += found.head.bytes;
    before = found.head.number;
  }
}
