import type { Verify } from "./checksum.js";
import type { CommitHead } from "./commit-header.js";
import { readCommitHead } from "./commit-reader.js";
import { FileWindow } from "./file-window.js";
import type { StoredEntry } from "./journal.js";
import { corruption } from "./journal-error.js";
import type { LookupPlace, LookupPlaces } from "./lookup-places.js";
import type { Segment } from "./segment.js";
import { SEGMENT_HEADER_BYTES } from "./segment-header.js";
import type { SegmentReaders } from "./segment-readers.js";
import type { SequenceRange } from "./sequence-range.js";

/** How to go through a segment. */
export interface WalkOptions {
  /** The open segments. */
  readonly readers: SegmentReaders;
  /** Checks what is read. */
  readonly verify: Verify;
  /** Bytes read at once. */
  readonly windowBytes: number;
  /** Where single entries were found: for those that are looked up one by one. */
  readonly places?: LookupPlaces;
}

/** Goes through one segment's entries. */
class Walk {
  readonly #segment: Segment;
  readonly #options: WalkOptions;
  #window: FileWindow;
  #found: LookupPlace | undefined;

  constructor(segment: Segment, options: WalkOptions) {
    this.#segment = segment;
    this.#options = options;
    this.#window = new FileWindow(
      (buffer, position) => options.readers.read(segment, buffer, position),
      options.windowBytes,
    );
  }

  async *entries(range: SequenceRange): AsyncGenerator<StoredEntry> {
    const { commitsEnd, index } = await this.#options.readers.get(this.#segment);
    let position = this.#begin(range, index.positionFor(range.first) ?? SEGMENT_HEADER_BYTES);
    try {
      while (position < commitsEnd) {
        const head = await this.#head(position, commitsEnd, range);
        if (head.entryCount > 0 && head.sequence(0) > range.last) return;
        if (head.lastSequence >= range.first) yield* this.#entriesOf(head, position, range);
        position += head.bytes;
      }
    } finally {
      if (this.#found !== undefined) this.#options.places?.keep(this.#found);
    }
  }

  #begin(range: SequenceRange, indexed: number): number {
    const place = this.#options.places?.take(this.#segment, range.first, indexed);
    if (place === undefined) return indexed;
    this.#window = place.window;
    return place.position;
  }

  #placeOf(head: CommitHead, position: number): LookupPlace {
    return {
      segment: this.#segment,
      sequence: head.sequence(0),
      position,
      window: this.#window,
    };
  }

  async #head(position: number, end: number, range: SequenceRange): Promise<CommitHead> {
    const at = { position, end, identity: this.#segment.header };
    const found = await readCommitHead(this.#window, at, this.#options.verify);
    if (found.kind === "head") return found.head;
    throw corruption("A commit's header is damaged", {
      segment: this.#segment.name,
      position,
      sequences: range,
    });
  }

  async *#entriesOf(
    head: CommitHead,
    position: number,
    range: SequenceRange,
  ): AsyncGenerator<StoredEntry> {
    const end = position + head.bytes;
    let at = position + head.headBytes;
    for (let row = 0; row < head.entryCount; row += 1) {
      const sequence = head.sequence(row);
      const length = head.length(row);
      if (sequence > range.last) return;
      if (sequence >= range.first) {
        const payload = this.#window.peek(at, length) ?? (await this.#window.view(at, length, end));
        if (payload === undefined || !this.#options.verify([payload], head.checksum(row))) {
          throw corruption("An entry is damaged", {
            segment: this.#segment.name,
            position: at,
            sequences: { first: sequence, last: sequence },
          });
        }
        if (this.#options.places !== undefined) this.#found = this.#placeOf(head, position);
        yield { sequence, payload };
      }
      at += length;
    }
  }
}

/** The entries of one segment within a range, ascending, each verified. */
export function walkEntries(
  segment: Segment,
  range: SequenceRange,
  options: WalkOptions,
): AsyncGenerator<StoredEntry> {
  return new Walk(segment, options).entries(range);
}
