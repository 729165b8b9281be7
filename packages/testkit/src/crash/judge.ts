import type { AckedEvent } from "./acked-file.js";

/** An event as it was read back. */
export interface ReadEvent {
  /** Its source. */
  readonly source: string;
  /** Its id: `<source>-<number>`. */
  readonly id: string;
  /** Its offset. */
  readonly offset: bigint;
}

/** What the judge found. Every list but the numbers must be empty. */
export interface Verdict {
  /** Events that were read. */
  readonly read: number;
  /** Events that were acknowledged. */
  readonly acked: number;
  /** Acknowledged events that are not stored. */
  readonly missing: readonly string[];
  /** Acknowledged events that are stored at another offset. */
  readonly moved: readonly string[];
  /** Events that are stored more than once. */
  readonly doubled: readonly string[];
  /** Events of a source that are not in the order in which it published them. */
  readonly disordered: readonly string[];
  /** Offsets that do not rise. */
  readonly falling: readonly string[];
}

/** Compares what was acknowledged with what is stored, by ids and offsets alone. Pure. */
export function judge(stored: Iterable<ReadEvent>, acked: Iterable<AckedEvent>): Verdict {
  const offsetOfId = new Map<string, bigint>();
  const lastNumber = new Map<string, number>();
  const doubled: string[] = [];
  const disordered: string[] = [];
  const falling: string[] = [];
  let read = 0;
  let before = -1n;
  for (const { source, id, offset } of stored) {
    read += 1;
    if (offset <= before) falling.push(`${offset} after ${before}`);
    before = offset;
    if (offsetOfId.has(id)) doubled.push(`${id} at ${offsetOfId.get(id)} and ${offset}`);
    else offsetOfId.set(id, offset);
    const number = Number(id.slice(id.lastIndexOf("-") + 1));
    const last = lastNumber.get(source) ?? 0;
    if (number <= last) disordered.push(`${id} after ${last}`);
    lastNumber.set(source, number);
  }
  const missing: string[] = [];
  const moved: string[] = [];
  let count = 0;
  for (const { id, offset } of acked) {
    count += 1;
    const found = offsetOfId.get(id);
    if (found === undefined) missing.push(id);
    else if (found !== offset) moved.push(`${id} acked at ${offset}, stored at ${found}`);
  }
  return { read, acked: count, missing, moved, doubled, disordered, falling };
}
