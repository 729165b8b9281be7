import { verifyChecksum } from "./checksum.js";
import { COMMIT_HEADER_BYTES, type CommitHead, commitPrefix } from "./commit-header.js";
import { CommitIndex } from "./commit-index.js";
import { readCommitHead } from "./commit-reader.js";
import { END_RECORD_BYTES, isEndRecord } from "./end-record.js";
import { FileWindow, type ReadAt } from "./file-window.js";
import {
  type FaultPlace,
  fault,
  type JournalFault,
  type JournalFaultKind,
} from "./journal-fault.js";
import { SCAN_WINDOW_BYTES } from "./limits.js";
import {
  decodeFooter,
  FOOTER_TRAILER_BYTES,
  measureFooter,
  type SegmentFooter,
  startsFooter,
} from "./segment-footer.js";
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from "./segment-header.js";
import { follows, type PlacedHead } from "./segment-heads.js";

/** Something that is wrong. */
export interface AuditedFault {
  /** What this is. */
  readonly kind: "fault";
  /** The finding. */
  readonly fault: JournalFault;
}

/** An entry that is sound. */
export interface AuditedEntry {
  /** What this is. */
  readonly kind: "entry";
  /** Its sequence. */
  readonly sequence: bigint;
  /** Its bytes. */
  readonly payload: Uint8Array;
  /** CRC-32C of them. */
  readonly checksum: number;
}

/** What an audit comes upon. */
export type AuditItem = AuditedFault | AuditedEntry;

/** A segment to be audited. */
export interface SegmentToAudit {
  /** File name. */
  readonly name: string;
  /** Bytes of the file. */
  readonly bytes: number;
  /** Its header, or the best guess at it. */
  readonly header: SegmentHeader;
  /** Whether the header is a guess: then only the order of commits can be checked. */
  readonly isGuessed: boolean;
  /** The segment behind it, as far as that is known; undefined for the newest. */
  readonly next: { readonly firstSequence: bigint; readonly firstCommit: bigint } | undefined;
}

/** Goes through one segment to its end, whatever it finds on the way. */
export class SegmentAudit {
  readonly #segment: SegmentToAudit;
  readonly #window: FileWindow;
  readonly #index = new CommitIndex();
  #position = SEGMENT_HEADER_BYTES;
  /** Where commits end: before a sound footer, at an end record, or with the file. */
  #end: number;
  /** Where the segment's own bytes end. */
  #ownEnd: number;
  #before: bigint;
  #lastSequence: bigint;
  #firstRetained: bigint;
  #isSound = true;

  /** `read` reads the segment's file. */
  constructor(segment: SegmentToAudit, read: ReadAt) {
    this.#segment = segment;
    this.#window = new FileWindow(read, SCAN_WINDOW_BYTES);
    this.#end = segment.bytes;
    this.#ownEnd = segment.bytes;
    this.#before = segment.header.firstCommit - 1n;
    this.#lastSequence = segment.header.firstSequence - 1n;
    this.#firstRetained = segment.header.firstRetained;
  }

  /** Number of the last sound commit so far. */
  get lastCommit(): bigint {
    return this.#before;
  }

  /** Newest sequence assigned, as far as sound commits tell. */
  get lastSequence(): bigint {
    return this.#lastSequence;
  }

  /** First sequence of the oldest segment retained, as the last sound commit has it. */
  get firstRetained(): bigint {
    return this.#firstRetained;
  }

  /** Entries that are sound, in order, and what is wrong in between. */
  async *items(): AsyncGenerator<AuditItem> {
    const footer = await this.#footer();
    this.#end = footer?.commitsEnd ?? this.#segment.bytes;
    while (this.#position < this.#end) {
      const head = await this.#headAt(this.#position);
      if (head !== undefined) yield* this.#entries(head);
      else if (await this.#isEndRecord()) this.#ownEnd = this.#end = this.#position;
      else if (footer === undefined && (await this.#isFooterDue())) break;
      else yield* this.#skip();
    }
    yield* this.#finish(footer);
  }

  /** A sound footer that ends the file. */
  async #footer(): Promise<SegmentFooter | undefined> {
    const { bytes, header } = this.#segment;
    const trailerAt = Math.max(0, bytes - FOOTER_TRAILER_BYTES);
    const trailer = await this.#window.view(trailerAt, FOOTER_TRAILER_BYTES, bytes);
    const length = trailer === undefined ? undefined : measureFooter(trailer);
    if (length === undefined || length > bytes) return undefined;
    const view = await this.#window.view(bytes - length, length, bytes);
    const footer = view === undefined ? undefined : decodeFooter(view, header);
    return footer?.commitsEnd === bytes - length ? footer : undefined;
  }

  /** Whether what is left are the remains of a footer. */
  async #isFooterDue(): Promise<boolean> {
    const { header, next } = this.#segment;
    if (next !== undefined && this.#before === next.firstCommit - 1n) return true;
    const start = await this.#window.view(this.#position, COMMIT_HEADER_BYTES, this.#end);
    return start !== undefined && startsFooter(start, header);
  }

  /** Whether what is left are bytes of an earlier life: nothing in them was synced after this. */
  async #isEndRecord(): Promise<boolean> {
    const { header, next } = this.#segment;
    if (next !== undefined || !header.isRecycled) return false;
    const bytes = await this.#window.view(this.#position, END_RECORD_BYTES, this.#end);
    const missing = this.#before + 1n;
    return (
      bytes !== undefined &&
      isEndRecord(bytes, header, missing) &&
      (await this.#laterHead(({ syncedMark }) => syncedMark >= missing)) === undefined
    );
  }

  /** A sound head at a position that may come behind the commits so far. */
  async #headAt(position: number): Promise<CommitHead | undefined> {
    const at = { position, end: this.#end, identity: this.#segment.header };
    const found = await readCommitHead(this.#window, at, verifyChecksum);
    if (found.kind !== "head" || found.head.number <= this.#before) return undefined;
    const { head } = found;
    const isOrdered =
      head.lastSequence >= this.#lastSequence &&
      (head.entryCount === 0 || head.sequence(0) > this.#lastSequence);
    return isOrdered ? head : undefined;
  }

  async *#entries(head: CommitHead): AsyncGenerator<AuditItem> {
    const { header, isGuessed } = this.#segment;
    if (!isGuessed && !follows(header, head, this.#before)) yield this.#gap(head, 0);
    const end = this.#position + head.bytes;
    let at = this.#position + head.headBytes;
    if (head.entryCount > 0) this.#index.note(head.sequence(0), this.#position);
    for (let row = 0; row < head.entryCount; row += 1) {
      const sequence = head.sequence(row);
      const length = head.length(row);
      const checksum = head.checksum(row);
      const payload = this.#window.peek(at, length) ?? (await this.#window.view(at, length, end));
      if (payload !== undefined && verifyChecksum([payload], checksum)) {
        yield { kind: "entry", sequence, payload, checksum };
      } else {
        const place = {
          position: at,
          bytes: length,
          sequences: { first: sequence, last: sequence },
        };
        yield this.#fault("entry_damaged", `Entry ${sequence} is damaged`, place);
      }
      at += length;
    }
    this.#position = end;
    this.#before = head.number;
    this.#lastSequence = head.lastSequence;
    this.#firstRetained = head.firstRetained;
  }

  /** Goes on at the next sound commit, or ends with the commits, saying what is in between. */
  async *#skip(): AsyncGenerator<AuditItem> {
    const { next } = this.#segment;
    const later = await this.#laterHead(() => true);
    const damaged = this.#before + 1n;
    const isSynced =
      next !== undefined ||
      (await this.#laterHead(({ syncedMark }) => syncedMark >= damaged)) !== undefined;
    if (later !== undefined && isSynced) {
      yield this.#gap(later.head, later.position - this.#position);
      this.#position = later.position;
      this.#before = this.#segment.header.isRewritten
        ? later.head.syncedMark
        : later.head.number - 1n;
      return;
    }
    const place = { position: this.#position, bytes: this.#end - this.#position };
    this.#position = this.#end;
    if (next === undefined) {
      const message = "Behind the last sound commit lies what was never known to be synced";
      yield this.#fault("torn_tail", message, place);
      return;
    }
    const sequences = { first: this.#lastSequence + 1n, last: next.firstSequence - 1n };
    yield this.#fault("commit_damaged", "Commits are damaged", { ...place, sequences });
    this.#before = next.firstCommit - 1n;
  }

  /** The next sound head of this segment somewhere behind the position. */
  async #laterHead(isWanted: (head: CommitHead) => boolean): Promise<PlacedHead | undefined> {
    const prefix = commitPrefix(this.#segment.header);
    let from = this.#position + 1;
    while (from + COMMIT_HEADER_BYTES <= this.#end) {
      const length = Math.min(SCAN_WINDOW_BYTES, this.#end - from);
      const view = Buffer.from((await this.#window.view(from, length, this.#end)) ?? []);
      const hit = view.indexOf(prefix);
      if (hit < 0) {
        from += length - prefix.length + 1;
        continue;
      }
      const position = from + hit;
      const head = await this.#headAt(position);
      if (head !== undefined && isWanted(head)) return { head, position };
      from = position + 1;
    }
    return undefined;
  }

  /** The commits that are missing or damaged before a sound one. */
  #gap(head: CommitHead, bytes: number): AuditItem {
    const last = head.entryCount > 0 ? head.sequence(0) - 1n : head.lastSequence;
    const sequences = { first: this.#lastSequence + 1n, last };
    const message = `Commits between number ${this.#before} and ${head.number} are damaged or missing`;
    return this.#fault("commit_damaged", message, { position: this.#position, bytes, sequences });
  }

  async *#finish(footer: SegmentFooter | undefined): AsyncGenerator<AuditItem> {
    const { header, next } = this.#segment;
    const place = { position: this.#position, bytes: this.#ownEnd - this.#position };
    if (next === undefined) {
      if (place.bytes === 0 && !header.isRewritten) return;
      yield this.#fault("segment_missing", "The segment behind a sealed one is missing", place);
      return;
    }
    if (next.firstCommit > 0n && this.#before !== next.firstCommit - 1n) {
      const sequences = { first: this.#lastSequence + 1n, last: next.firstSequence - 1n };
      const message = `Commits behind number ${this.#before} are missing`;
      yield this.#fault("commit_damaged", message, { ...place, bytes: 0, sequences });
    }
    if (place.bytes === 0) {
      yield this.#fault("footer_missing", "The segment was sealed without its footer", place);
    } else if (footer === undefined || !this.#agrees(footer)) {
      yield this.#fault("footer_damaged", "The segment's footer is damaged", place);
    }
  }

  /** Whether a footer says of the commits what they say themselves, as far as they are sound. */
  #agrees(footer: SegmentFooter): boolean {
    if (!this.#isSound) return true;
    const { points } = this.#index;
    return (
      footer.lastCommit === this.#before &&
      footer.lastSequence === this.#lastSequence &&
      footer.index.points.length === points.length &&
      footer.index.points.every(
        ({ sequence, position }, at) =>
          sequence === points[at]?.sequence && position === points[at]?.position,
      )
    );
  }

  #fault(kind: JournalFaultKind, message: string, place: Omit<FaultPlace, "segment">): AuditItem {
    this.#isSound = false;
    const segment = this.#segment.name;
    return { kind: "fault", fault: fault(kind, message, { segment, ...place }) };
  }
}
