/** A position: an event of an entry. */
export interface Position {
  /** Sequence of the entry. */
  readonly sequence: bigint;
  /** Index within the entry. */
  readonly index: number;
}

/** Whether `a` lies before `b`. */
export function isBefore(a: Position, b: Position): boolean {
  return a.sequence < b.sequence || (a.sequence === b.sequence && a.index < b.index);
}
