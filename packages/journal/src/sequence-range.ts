/** Sequences from `first` to `last`, both included. */
export interface SequenceRange {
  /** Lowest sequence. */
  readonly first: bigint;
  /** Highest sequence. */
  readonly last: bigint;
}

/** What two ranges share; its `last` is below its `first` where that is nothing. */
export function overlap(one: SequenceRange, other: SequenceRange): SequenceRange {
  const later = one.first > other.first ? one : other;
  const earlier = one.last < other.last ? one : other;
  return { first: later.first, last: earlier.last };
}
