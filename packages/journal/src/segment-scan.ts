import type { Verify } from "./checksum.js";
import { COMMIT_HEADER_BYTES, commitPrefix } from "./commit-header.js";
import { CommitIndex } from "./commit-index.js";
import { areEntriesValid, readCommitHead } from "./commit-reader.js";
import { FileWindow, type ReadAt } from "./file-window.js";
import { corruption } from "./journal-error.js";
import { SCAN_WINDOW_BYTES } from "./limits.js";
import type { Segment } from "./segment.js";
import { startsFooter } from "./segment-footer.js";
import { SEGMENT_HEADER_BYTES } from "./segment-header.js";

/** What the newest segment of a journal holds. */
export interface ScannedSegment {
  /** Byte position behind its last valid commit. */
  readonly commitsEnd: number;
  /** Bytes of the file behind that: a torn tail. */
  readonly tornBytes: number;
  /** The torn tail may have been a whole commit, so perhaps an acknowledged one. */
  readonly unmarked: boolean;
  /** Newest sequence assigned. */
  readonly lastSequence: bigint;
  /** Number of the last valid commit. */
  readonly lastCommit: bigint;
  /** Number of the last valid commit that has entries; 0 if none here has. */
  readonly lastDataCommit: bigint;
  /** Newest commit that a later one says is synced. */
  readonly syncedMark: bigint;
  /** Oldest segment retained, by its first sequence. */
  readonly firstRetained: bigint;
  /** Where the commits lie. */
  readonly index: CommitIndex;
}

/** Goes through a segment that may have a torn tail, verifying every byte. */
class Scan {
  readonly #segment: Segment;
  readonly #window: FileWindow;
  readonly #verify: Verify;
  readonly #end: number;
  readonly index = new CommitIndex();
  position = SEGMENT_HEADER_BYTES;
  lastSequence: bigint;
  lastCommit: bigint;
  lastDataCommit = 0n;
  syncedMark = 0n;
  firstRetained: bigint;

  constructor(segment: Segment, window: FileWindow, verify: Verify) {
    this.#segment = segment;
    this.#window = window;
    this.#verify = verify;
    this.#end = segment.bytes;
    const { header } = segment;
    this.lastSequence = header.firstSequence - 1n;
    this.lastCommit = header.firstCommit - 1n;
    this.firstRetained = header.firstRetained;
  }

  /** Takes the commit at the position; answers what stopped it, or undefined to go on. */
  async step(): Promise<"end" | "short" | "invalid" | undefined> {
    if (this.position === this.#end) return "end";
    const at = { position: this.position, end: this.#end, identity: this.#segment.header };
    const found = await readCommitHead(this.#window, at, this.#verify);
    if (found.kind !== "head") return found.kind;
    const { head } = found;
    if (head.number !== this.lastCommit + 1n || head.lastSequence < this.lastSequence) {
      return "invalid";
    }
    if (!(await areEntriesValid(this.#window, { ...at, head }, this.#verify))) return "invalid";
    if (head.entryCount > 0) {
      this.index.note(head.sequence(0), this.position);
      this.lastDataCommit = head.number;
    }
    this.position += head.bytes;
    this.lastSequence = head.lastSequence;
    this.lastCommit = head.number;
    this.syncedMark = head.syncedMark;
    this.firstRetained = head.firstRetained;
    return undefined;
  }

  /** Throws where what lies behind the position shows that it was once stored safely. */
  async refuseCorruption(): Promise<void> {
    const { name, header } = this.#segment;
    const start = await this.#window.view(this.position, COMMIT_HEADER_BYTES, this.#end);
    if (start !== undefined && startsFooter(start, header)) {
      // A footer is written only after the next segment is durable.
      throw corruption("The segment after a sealed one is missing", {
        segment: name,
        position: this.position,
      });
    }
    const later = await this.#laterCommit(commitPrefix(header));
    if (later === undefined) return;
    throw corruption("A commit that was synced is damaged", {
      segment: name,
      position: this.position,
      sequences: {
        first: this.lastSequence + 1n,
        last: later > this.lastSequence ? later : this.lastSequence + 1n,
      },
    });
  }

  /**
   * Looks for a valid later commit that knows the damaged one as synced; answers the last sequence
   * that was in between. Later ones that do not are part of the same unsynced tail (`os`).
   */
  async #laterCommit(prefix: Uint8Array): Promise<bigint | undefined> {
    const damaged = this.lastCommit + 1n;
    let from = this.position + 1;
    while (from + COMMIT_HEADER_BYTES <= this.#end) {
      const length = Math.min(SCAN_WINDOW_BYTES, this.#end - from);
      const bytes = await this.#window.view(from, length, this.#end);
      const hit =
        bytes === undefined
          ? -1
          : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(prefix);
      if (hit < 0) {
        from += length - prefix.length + 1;
        continue;
      }
      const at = { position: from + hit, end: this.#end, identity: this.#segment.header };
      const found = await readCommitHead(this.#window, at, this.#verify);
      if (found.kind === "head" && found.head.syncedMark >= damaged) {
        const { head } = found;
        return head.entryCount > 0 ? head.sequence(0) - 1n : head.lastSequence;
      }
      from += hit + 1;
    }
    return undefined;
  }
}

/**
 * Verifies the newest segment and finds where its valid commits end. Rejects with `corrupt` where
 * a commit is damaged that a later one knows as synced.
 */
export async function scanNewestSegment(
  segment: Segment,
  read: ReadAt,
  verify: Verify,
): Promise<ScannedSegment> {
  const scan = new Scan(segment, new FileWindow(read, SCAN_WINDOW_BYTES), verify);
  if (segment.header.isRewritten) {
    // Only sealed segments are rewritten.
    throw corruption("The segment after a sealed one is missing", {
      segment: segment.name,
      position: segment.bytes,
    });
  }
  let stop = await scan.step();
  while (stop === undefined) stop = await scan.step();
  if (stop !== "end") await scan.refuseCorruption();
  return {
    commitsEnd: scan.position,
    tornBytes: segment.bytes - scan.position,
    unmarked: stop === "invalid",
    lastSequence: scan.lastSequence,
    lastCommit: scan.lastCommit,
    lastDataCommit: scan.lastDataCommit,
    syncedMark: scan.syncedMark,
    firstRetained: scan.firstRetained,
    index: scan.index,
  };
}
