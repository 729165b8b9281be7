import type { Verify } from "./checksum.js";
import type { ReadRange, StoredEntry } from "./journal.js";
import { LOOKUP_WINDOW_BYTES, SCAN_WINDOW_BYTES } from "./limits.js";
import { LookupPlaces } from "./lookup-places.js";
import { type Segment, segmentAfter, segmentOf } from "./segment.js";
import type { SegmentReaders } from "./segment-readers.js";
import { type WalkOptions, walkEntries } from "./segment-walk.js";
import { overlap, type SequenceRange } from "./sequence-range.js";
import type { TailCache } from "./tail-cache.js";
import { withinBytes } from "./within-bytes.js";

/** What {@link SegmentEntries} are read from. */
export interface SegmentEntriesParts {
  /** All segments, ascending; others change it meanwhile. */
  readonly segments: readonly Segment[];
  /** The open segments. */
  readonly readers: SegmentReaders;
  /** Checks what is read. */
  readonly verify: Verify;
  /** The newest entries. */
  readonly cache: TailCache;
  /** Throws where the journal is closed. */
  readonly checkOpen: () => void;
}

/** The entries of a segment journal, from memory or its files. */
export class SegmentEntries {
  readonly #parts: SegmentEntriesParts;
  readonly #places = new LookupPlaces();

  /** Reads on while segments come, go and are replaced. */
  constructor(parts: SegmentEntriesParts) {
    this.#parts = parts;
  }

  /** Entries of a range up to the newest, whose sequence is `last`. */
  read(range: ReadRange, last: bigint): AsyncIterable<StoredEntry> {
    const to = range.to === undefined || range.to > last ? last : range.to;
    const entries = this.#entries(range.from, to);
    return range.bytesMax === undefined ? entries : withinBytes(entries, range.bytesMax);
  }

  /** One entry. */
  async readOne(sequence: bigint): Promise<StoredEntry | undefined> {
    const cached = this.#parts.cache.get(sequence);
    if (cached !== undefined) return cached;
    const range = { first: sequence, last: sequence };
    const how = { windowBytes: LOOKUP_WINDOW_BYTES, places: this.#places };
    for await (const entry of this.#walk(range, how)) return entry;
    return undefined;
  }

  async *#entries(from: bigint, to: bigint): AsyncGenerator<StoredEntry> {
    const { segments, cache, checkOpen } = this.#parts;
    let next = from;
    while (next <= to) {
      checkOpen();
      const firstSequence = segments[0]?.header.firstSequence ?? next;
      if (next < firstSequence) next = firstSequence;
      const cached = cache.get(next);
      if (cached !== undefined) {
        yield cached;
        next += 1n;
        continue;
      }
      const beforeCache = cache.first - 1n;
      const range = overlap({ first: next, last: to }, { first: next, last: beforeCache });
      for await (const entry of this.#walk(range, { windowBytes: SCAN_WINDOW_BYTES })) {
        yield entry;
        checkOpen();
      }
      next = range.last + 1n;
    }
  }

  /** Entries from the files; what retention or rewriting takes away meanwhile is skipped. */
  async *#walk(
    range: SequenceRange,
    how: Pick<WalkOptions, "windowBytes" | "places">,
  ): AsyncGenerator<StoredEntry> {
    const { readers, verify, segments } = this.#parts;
    let next = range.first;
    let segment = this.#from(next);
    while (segment !== undefined && segment.header.firstSequence <= range.last) {
      const walked: Segment = segment;
      const rest = { first: next, last: range.last };
      try {
        for await (const entry of walkEntries(walked, rest, { readers, verify, ...how })) {
          next = entry.sequence + 1n;
          yield entry;
        }
        segment = segmentAfter(segments, walked);
      } catch (error) {
        if (!walked.isDropped) throw error;
        segment = this.#from(next);
      }
    }
  }

  /** The segment that a sequence lies in, or else the oldest. */
  #from(sequence: bigint): Segment | undefined {
    return segmentOf(this.#parts.segments, sequence) ?? this.#parts.segments[0];
  }
}
