import type { FileWindow } from "./file-window.js";
import { LOOKUP_KEPT_BYTES_MAX, LOOKUP_PLACES_MAX } from "./limits.js";
import type { Segment } from "./segment.js";

/** Where a commit was found, and the bytes that were read around it. */
export interface LookupPlace {
  /** The segment. */
  readonly segment: Segment;
  /** Lowest sequence of the commit. */
  readonly sequence: bigint;
  /** Byte position of the commit. */
  readonly position: number;
  /** What was read: all of it was committed, and stays as it is. */
  readonly window: FileWindow;
}

/**
 * Where single entries were found last, the longest unused leaving first: whoever goes through a
 * backlog entry by entry goes on from there, instead of following up to 64 KiB of commits from the
 * nearest point of the segment's index to each of them.
 */
export class LookupPlaces {
  readonly #places = new Set<LookupPlace>();

  /**
   * Takes out the nearest place at or before a sequence, unless the index has a better one.
   *
   * @param from position that the index knows
   */
  take(segment: Segment, sequence: bigint, from: number): LookupPlace | undefined {
    let nearest: LookupPlace | undefined;
    for (const place of this.#places) {
      if (place.segment !== segment || place.sequence > sequence || place.position < from) continue;
      if (nearest === undefined || place.sequence > nearest.sequence) nearest = place;
    }
    if (nearest !== undefined) this.#places.delete(nearest);
    return nearest;
  }

  /** Keeps a place, unless too many bytes were read there. */
  keep(place: LookupPlace): void {
    if (place.segment.isDropped || place.window.bytes > LOOKUP_KEPT_BYTES_MAX) return;
    this.#places.add(place);
    if (this.#places.size <= LOOKUP_PLACES_MAX) return;
    for (const oldest of this.#places) {
      this.#places.delete(oldest);
      return;
    }
  }
}
