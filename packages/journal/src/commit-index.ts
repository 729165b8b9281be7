import { INDEX_SPACING_BYTES } from "./limits.js";

/** One place in a segment from which commits can be followed. */
export interface IndexPoint {
  /** Lowest sequence that this commit or a later one of the segment holds. */
  readonly sequence: bigint;
  /** Byte position of the commit. */
  readonly position: number;
}

/**
 * Where commits lie in a segment, sparsely: one point at most every 64 KiB, so that the index of a
 * segment stays at some KiB however small its commits are.
 */
export class CommitIndex {
  readonly #points: IndexPoint[];

  /** Begins with points in ascending order. */
  constructor(points: readonly IndexPoint[] = []) {
    this.#points = [...points];
  }

  /** The points, ascending. */
  get points(): readonly IndexPoint[] {
    return this.#points;
  }

  /** Notes a commit that has entries, at the end. Points too near to the newest are left out. */
  note(sequence: bigint, position: number): void {
    const newest = this.#points.at(-1);
    if (newest !== undefined && position - newest.position < INDEX_SPACING_BYTES) return;
    this.#points.push({ sequence, position });
  }

  /** Where to begin to look for a sequence; undefined where the index has no point before it. */
  positionFor(sequence: bigint): number | undefined {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const point = this.#points[middle];
      if (point !== undefined && point.sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return this.#points[low - 1]?.position;
  }
}
