import type { Verify } from "./checksum.js";
import { COMMIT_HEADER_BYTES, commitPrefix } from "./commit-header.js";
import { CommitIndex } from "./commit-index.js";
import { areEntriesValid, readCommitHead } from "./commit-reader.js";
import { END_RECORD_BYTES, isEndRecord } from "./end-record.js";
import { FileWindow, type ReadAt } from "./file-window.js";
import { corruption, type JournalError } from "./journal-error.js";
import { SCAN_WINDOW_BYTES } from "./limits.js";
import type { Segment } from "./segment.js";
import { startsFooter } from "./segment-footer.js";
import { SEGMENT_HEADER_BYTES } from "./segment-header.js";

/** What the newest segment of a journal holds. */
export interface ScannedSegment {
  /** Byte position behind its last valid commit. */
  readonly commitsEnd: number;
  /**
   * Bytes behind that which were torn. In a recycled segment what an earlier life left does not
   * count, unless nothing tells where it begins.
   */
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

/** The end of the file or an end record, less than a commit, or what is none. */
type Stop = "end" | "short" | "invalid";

/** Goes through a segment that may have a torn tail, verifying every byte. */
class Scan {
  readonly #segment: Segment;
  readonly #read: ReadAt;
  readonly #verify: Verify;
  readonly #end: number;
  #window: FileWindow;
  readonly index = new CommitIndex();
  position = SEGMENT_HEADER_BYTES;
  lastSequence: bigint;
  lastCommit: bigint;
  lastDataCommit = 0n;
  syncedMark = 0n;
  firstRetained: bigint;

  constructor(segment: Segment, read: ReadAt, verify: Verify) {
    this.#segment = segment;
    this.#read = read;
    this.#window = new FileWindow(read, SCAN_WINDOW_BYTES);
    this.#verify = verify;
    this.#end = segment.bytes;
    const { header } = segment;
    this.lastSequence = header.firstSequence - 1n;
    this.lastCommit = header.firstCommit - 1n;
    this.firstRetained = header.firstRetained;
  }

  /**
   * Goes to the end; answers what it is. Throws where what lies behind shows that more was once
   * stored safely.
   */
  async toEnd(): Promise<Stop> {
    for (;;) {
      let stop = await this.#step();
      while (stop === undefined) stop = await this.#step();
      if (this.position === this.#end) return stop;
      const damage = await this.#damage();
      if (damage === undefined) return stop;
      // A broker may have gone on since the position was read: then its commit is whole by now.
      this.#window = new FileWindow(this.#read, SCAN_WINDOW_BYTES);
      if ((await this.#step()) !== undefined) throw damage;
    }
  }

  /** Bytes behind the position that are not an earlier life's, as far as commit heads tell. */
  async tornBytes(): Promise<number> {
    const rest = this.#end - this.position;
    if (!this.#segment.header.isRecycled) return rest;
    const identity = this.#segment.header;
    let position = this.position;
    for (;;) {
      const at = { position, end: this.#end, identity };
      const found = await readCommitHead(this.#window, at, this.#verify);
      if (found.kind !== "head") break;
      position += found.head.bytes;
    }
    return position > this.position ? position - this.position : rest;
  }

  /** Takes the commit at the position; answers what stopped it, or undefined to go on. */
  async #step(): Promise<Stop | undefined> {
    if (this.position === this.#end) return "end";
    const at = { position: this.position, end: this.#end, identity: this.#segment.header };
    const found = await readCommitHead(this.#window, at, this.#verify);
    if (found.kind !== "head") return (await this.#isEndRecord()) ? "end" : found.kind;
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

  async #isEndRecord(): Promise<boolean> {
    const { header } = this.#segment;
    if (!header.isRecycled) return false;
    const bytes = await this.#window.view(this.position, END_RECORD_BYTES, this.#end);
    return bytes !== undefined && isEndRecord(bytes, header, this.lastCommit + 1n);
  }

  /** What lies behind the position and shows that more was once stored safely. */
  async #damage(): Promise<JournalError | undefined> {
    const { name, header } = this.#segment;
    const start = await this.#window.view(this.position, COMMIT_HEADER_BYTES, this.#end);
    if (start !== undefined && startsFooter(start, header)) {
      // A footer is written only after the next segment is durable.
      return corruption("The segment after a sealed one is missing", {
        segment: name,
        position: this.position,
      });
    }
    const later = await this.#laterCommit(commitPrefix(header));
    if (later === undefined) return undefined;
    return corruption("A commit that was synced is damaged", {
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
  const scan = new Scan(segment, read, verify);
  if (segment.header.isRewritten) {
    // Only sealed segments are rewritten.
    throw corruption("The segment after a sealed one is missing", {
      segment: segment.name,
      position: segment.bytes,
    });
  }
  const stop = await scan.toEnd();
  return {
    commitsEnd: scan.position,
    tornBytes: stop === "end" ? 0 : await scan.tornBytes(),
    unmarked: stop === "invalid",
    lastSequence: scan.lastSequence,
    lastCommit: scan.lastCommit,
    lastDataCommit: scan.lastDataCommit,
    syncedMark: scan.syncedMark,
    firstRetained: scan.firstRetained,
    index: scan.index,
  };
}
