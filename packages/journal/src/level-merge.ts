import { comparePairs, type LevelPair } from "./level-pair.js";

/** A range of keys, both included. */
export interface KeyRange {
  /** Lowest key. */
  readonly first: Uint8Array;
  /** Highest key. */
  readonly last: Uint8Array;
}

/** Pairs in the order of tables, in pieces. */
export interface PairSource {
  /** No key is below this one. */
  readonly smallest: Uint8Array;
  /** No key is above this one. */
  readonly largest: Uint8Array;
  /** The pairs whose keys may lie in a range, and perhaps others. */
  open(range: KeyRange): AsyncGenerator<readonly LevelPair[]>;
}

/** Newest values of the keys in a range, ascending; a source is read when its first key is due. */
export async function* mergedPairs(
  sources: readonly PairSource[],
  range: KeyRange,
): AsyncGenerator<Required<LevelPair>> {
  const merge = new Merge(sources, range);
  let lastKey: Uint8Array | undefined;
  try {
    for (let pair = await merge.next(); pair !== undefined; pair = await merge.next()) {
      const { key, order, value } = pair;
      const isNewest = lastKey === undefined || Buffer.compare(key, lastKey) !== 0;
      lastKey = key;
      if (isNewest && value !== undefined) yield { key, order, value };
    }
  } finally {
    await merge.close();
  }
}

/** All pairs of several sources in order. */
class Merge {
  readonly #range: KeyRange;
  readonly #waiting: PairSource[];
  #active: Cursor[] = [];
  /** The cursor whose pair was given last. */
  #given: Cursor | undefined;

  constructor(sources: readonly PairSource[], range: KeyRange) {
    this.#range = range;
    this.#waiting = sources
      .filter(
        ({ smallest, largest }) => isUpTo(smallest, range.last) && isUpTo(range.first, largest),
      )
      .sort((one, other) => Buffer.compare(one.smallest, other.smallest));
  }

  async next(): Promise<LevelPair | undefined> {
    const given = this.#given;
    if (given !== undefined && !(given.step() || (await given.advance()))) {
      this.#active = this.#active.filter((cursor) => cursor !== given);
    }
    let least = leastOf(this.#active);
    while (this.#isNextDue(least)) {
      await this.#activate();
      least = leastOf(this.#active);
    }
    this.#given = least;
    return least?.pair;
  }

  async close(): Promise<void> {
    for (const cursor of this.#active) await cursor.close();
  }

  #isNextDue(least: Cursor | undefined): boolean {
    const [next] = this.#waiting;
    return next !== undefined && (least === undefined || isUpTo(next.smallest, least.pair.key));
  }

  async #activate(): Promise<void> {
    const source = this.#waiting.shift();
    if (source === undefined) return;
    const cursor = new Cursor(source.open(this.#range), this.#range);
    if (await cursor.advance()) this.#active.push(cursor);
  }
}

/** Where the merge stands in one source. */
class Cursor {
  readonly #pieces: AsyncGenerator<readonly LevelPair[]>;
  readonly #range: KeyRange;
  #piece: readonly LevelPair[] = [];
  #at = 0;

  constructor(pieces: AsyncGenerator<readonly LevelPair[]>, range: KeyRange) {
    this.#pieces = pieces;
    this.#range = range;
  }

  get pair(): LevelPair {
    const pair = this.#piece[this.#at];
    if (pair === undefined) throw new Error("A cursor at its end was read");
    return pair;
  }

  /** Goes on within what is at hand; answers whether there was more. */
  step(): boolean {
    this.#at += 1;
    return this.#settle();
  }

  /** Goes on with the next piece; answers whether there was more. */
  async advance(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#pieces.next();
      if (done === true) return false;
      this.#piece = value;
      this.#at = 0;
      if (this.#settle()) return true;
    }
  }

  async close(): Promise<void> {
    await this.#pieces.return(undefined);
  }

  /** Passes over what is out of range; answers whether something is left. */
  #settle(): boolean {
    const { first, last } = this.#range;
    for (; this.#at < this.#piece.length; this.#at += 1) {
      const { key } = this.pair;
      if (isUpTo(first, key) && isUpTo(key, last)) return true;
    }
    return false;
  }
}

function leastOf(cursors: readonly Cursor[]): Cursor | undefined {
  let least: Cursor | undefined;
  for (const cursor of cursors) {
    if (least === undefined || comparePairs(cursor.pair, least.pair) < 0) least = cursor;
  }
  return least;
}

/** Whether a key is below another or the same. */
function isUpTo(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) <= 0;
}
