import type { Verify } from "./checksum.js";
import {
  COMMIT_HEADER_BYTES,
  encodeCommitHead,
  TABLE_ROW_BYTES,
  type TableRow,
} from "./commit-header.js";
import { CommitIndex } from "./commit-index.js";
import type { DiskFile } from "./disk.js";
import { FileWindow, type ReadAt } from "./file-window.js";
import { corruption } from "./journal-error.js";
import {
  LOOKUP_WINDOW_BYTES,
  REWRITE_COMMIT_BYTES,
  REWRITE_SYNC_BYTES,
  SCAN_WINDOW_BYTES,
} from "./limits.js";
import type { Segment } from "./segment.js";
import { encodeFooter } from "./segment-footer.js";
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from "./segment-header.js";
import { type PlacedHead, segmentHeads } from "./segment-heads.js";

/** A sealed segment whose live entries are wanted. */
export interface CopySource {
  /** The segment. */
  readonly segment: Segment;
  /** Reads its file. */
  readonly read: ReadAt;
  /** Checks what is read. */
  readonly verify: Verify;
  /** Says whether an entry is still needed. */
  readonly isLive: (sequence: bigint) => boolean;
}

/** Where a copy goes. */
export interface CopyTarget {
  /** A new, empty file. */
  readonly file: DiskFile;
  /** The salt of the rewritten segment. */
  readonly salt: Uint8Array;
  /** Entries of one commit at most. */
  readonly commitEntriesMax: number;
  /** Is told what was written; answers whether to go on. */
  readonly onWritten: (bytes: number) => boolean;
}

/** What a copy became. */
export interface CopiedSegment {
  /** Its header. */
  readonly header: SegmentHeader;
  /** Bytes of the file. */
  readonly bytes: number;
}

/** Bytes that the live entries of a segment take with their table rows; reads tables only. */
export async function measureLive({ segment, read, verify, isLive }: CopySource): Promise<number> {
  let bytes = SEGMENT_HEADER_BYTES + COMMIT_HEADER_BYTES;
  const window = new FileWindow(read, LOOKUP_WINDOW_BYTES);
  for await (const { head } of segmentHeads(segment, window, verify)) {
    for (let row = 0; row < head.entryCount; row += 1) {
      if (isLive(head.sequence(row))) bytes += head.length(row) + TABLE_ROW_BYTES;
    }
  }
  return bytes;
}

/**
 * Writes a segment's live entries into a new file under the same sequences, small commits merged,
 * and syncs it. Throws `corrupt` on damage to a head or a live entry: it is never copied. Answers
 * undefined where it was told to stop.
 */
export async function copyLive(
  source: CopySource,
  target: CopyTarget,
): Promise<CopiedSegment | undefined> {
  return await new Copy(source, target).run();
}

class Copy {
  readonly #source: CopySource;
  readonly #target: CopyTarget;
  readonly #header: SegmentHeader;
  readonly #index = new CommitIndex();
  #rows: TableRow[] = [];
  #payloads: Uint8Array[] = [];
  #payloadBytes = 0;
  #position = 0;
  #unsyncedBytes = 0;
  #before: bigint;
  #newest: PlacedHead["head"] | undefined;

  constructor(source: CopySource, target: CopyTarget) {
    this.#source = source;
    this.#target = target;
    this.#header = {
      ...source.segment.header,
      salt: target.salt,
      isRewritten: true,
      isRecycled: false,
    };
    this.#before = this.#header.firstCommit - 1n;
  }

  async run(): Promise<CopiedSegment | undefined> {
    const { segment, read, verify } = this.#source;
    const { file } = this.#target;
    let mayGoOn = await this.#write([encodeSegmentHeader(this.#header)]);
    const window = new FileWindow(read, SCAN_WINDOW_BYTES);
    for await (const placed of segmentHeads(segment, window, verify)) {
      if (!this.#hasRoom(placed)) mayGoOn = await this.#commit();
      if (!mayGoOn) return undefined;
      await this.#gather(placed, window);
      this.#newest = placed.head;
    }
    // The last commit has the number that the next segment expects, with entries or without.
    await this.#commit();
    const lastSequence = this.#newest?.lastSequence ?? this.#header.firstSequence - 1n;
    const footer = encodeFooter(this.#header, {
      commitsEnd: this.#position,
      lastSequence,
      lastCommit: this.#before,
      index: this.#index,
    });
    await this.#write([footer]);
    await file.sync();
    return { header: this.#header, bytes: this.#position };
  }

  /** Whether the live entries of one more commit may join those that are gathered. */
  #hasRoom({ head }: PlacedHead): boolean {
    if (this.#rows.length === 0) return true;
    return (
      this.#payloadBytes + head.bytes - head.headBytes <= REWRITE_COMMIT_BYTES &&
      this.#rows.length + head.entryCount <= this.#target.commitEntriesMax
    );
  }

  async #gather({ head, position }: PlacedHead, window: FileWindow): Promise<void> {
    const { segment, verify, isLive } = this.#source;
    const end = position + head.bytes;
    let at = position + head.headBytes;
    for (let row = 0; row < head.entryCount; row += 1) {
      const sequence = head.sequence(row);
      const length = head.length(row);
      if (isLive(sequence)) {
        const payload = window.peek(at, length) ?? (await window.view(at, length, end));
        const checksum = head.checksum(row);
        if (payload === undefined || !verify([payload], checksum)) {
          throw corruption("An entry that is still needed is damaged; its segment stays as it is", {
            segment: segment.name,
            position: at,
            sequences: { first: sequence, last: sequence },
          });
        }
        this.#rows.push({ sequence, length, checksum });
        // A view would keep the whole window in memory for one small entry.
        this.#payloads.push(Uint8Array.from(payload));
        this.#payloadBytes += length;
      }
      at += length;
    }
  }

  async #commit(): Promise<boolean> {
    const newest = this.#newest;
    if (newest === undefined) return true;
    const head = encodeCommitHead(
      this.#header,
      {
        number: newest.number,
        syncedMark: this.#before,
        lastSequence: newest.lastSequence,
        firstRetained: newest.firstRetained,
      },
      this.#rows,
    );
    const [firstRow] = this.#rows;
    if (firstRow !== undefined) this.#index.note(firstRow.sequence, this.#position);
    const parts = [head, ...this.#payloads];
    this.#before = newest.number;
    this.#rows = [];
    this.#payloads = [];
    this.#payloadBytes = 0;
    return await this.#write(parts);
  }

  async #write(parts: readonly Uint8Array[]): Promise<boolean> {
    const { file, onWritten } = this.#target;
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    await file.writev(parts, this.#position);
    this.#position += bytes;
    this.#unsyncedBytes += bytes;
    if (this.#unsyncedBytes > REWRITE_SYNC_BYTES) {
      await file.datasync();
      this.#unsyncedBytes = 0;
    }
    return onWritten(bytes);
  }
}
