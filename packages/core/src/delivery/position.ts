/** A position: an event of an entry. */
export interface Position {
  /** Sequence of the entry. */
  readonly sequence: bigint;
  /** Index within the entry. */
  readonly index: number;
}

/** The least of sequences; at least one. */
export function leastOf(sequences: readonly bigint[]): bigint {
  let [least = 0n] = sequences;
  for (const sequence of sequences) if (sequence < least) least = sequence;
  return least;
}

/** Whether `a` lies before `b`. */
export function isBefore(a: Position, b: Position): boolean {
  return a.sequence < b.sequence || (a.sequence === b.sequence && a.index < b.index);
}

/** The lower of positions; throws where there is none: a fault of the program. */
export function lowestOf<P extends Position>(positions: readonly P[]): P {
  return positions.reduce((lowest, each) => (isBefore(each, lowest) ? each : lowest));
}
