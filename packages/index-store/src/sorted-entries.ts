import { type CheckedScope, scopeAfter } from "./index-key.js";
import type { IndexEntry, IndexWrite } from "./index-store.js";

/** Entries of one chunk at most; one that grows beyond is split. */
const CHUNK_MAX = 512;

type Chunk = readonly IndexEntry[];

/**
 * An immutable ordered map: sorted chunks, of which a batch replaces only those that it touches.
 * Holding on to one is a snapshot.
 */
export class SortedEntries {
  /** The map without entries. */
  static readonly empty = new SortedEntries([]);
  readonly #chunks: readonly Chunk[];

  private constructor(chunks: readonly Chunk[]) {
    this.#chunks = chunks;
  }

  /** The value of a key. */
  get(key: string): Uint8Array | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)];
    if (chunk === undefined) return undefined;
    const entry = chunk[lowerBound(chunk, key)];
    return entry?.key === key ? entry.value : undefined;
  }

  /** The map with a batch applied, later writes of a key winning. */
  with(batch: readonly IndexWrite[]): SortedEntries {
    const writes = new Map(batch.map(({ key, value }) => [key, value]));
    const keys = [...writes.keys()].sort(compareKeys);
    const chunks: Chunk[] = [];
    let next = 0;
    for (let i = 0; i < Math.max(1, this.#chunks.length); i += 1) {
      const chunk = this.#chunks[i] ?? [];
      const following = this.#chunks[i + 1]?.[0]?.key;
      const first = next;
      while (next < keys.length && isBefore(keys[next], following)) next += 1;
      if (next === first) chunks.push(chunk);
      else chunks.push(...split(merge(chunk, keys.slice(first, next), writes)));
    }
    return new SortedEntries(chunks.filter((chunk) => chunk.length > 0));
  }

  /** At most `count` entries of a scope in its direction. */
  page(scope: CheckedScope, count: number): IndexEntry[] {
    return scope.reverse ? this.#backward(scope, count) : this.#forward(scope, count);
  }

  /** All entries in order. */
  *[Symbol.iterator](): Iterator<IndexEntry> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  #forward(scope: CheckedScope, count: number): IndexEntry[] {
    const page: IndexEntry[] = [];
    const start = scope.gte ?? scope.gt;
    const from = start === undefined ? 0 : Math.max(0, this.#chunkOf(start));
    for (const chunk of this.#chunks.slice(from)) {
      for (const entry of chunk) {
        if (isBelow(entry.key, scope)) continue;
        if (isAbove(entry.key, scope) || page.length === count) return page;
        page.push(entry);
      }
    }
    return page;
  }

  #backward(scope: CheckedScope, count: number): IndexEntry[] {
    const page: IndexEntry[] = [];
    const start = scope.lte ?? scope.lt;
    const from = start === undefined ? this.#chunks.length - 1 : this.#chunkOf(start);
    for (let i = from; i >= 0; i -= 1) {
      for (const entry of (this.#chunks[i] ?? []).toReversed()) {
        if (isAbove(entry.key, scope)) continue;
        if (isBelow(entry.key, scope) || page.length === count) return page;
        page.push(entry);
      }
    }
    return page;
  }

  /** The last chunk that begins at or before the key; -1 where all begin after it. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#chunks[middle]?.[0]?.key;
      if (first !== undefined && first <= key) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** A position in a map, which stays where it is while newer maps are made. */
export class SortedCursor {
  readonly #entries: SortedEntries;
  #scope: CheckedScope;

  constructor(entries: SortedEntries, scope: CheckedScope) {
    this.#entries = entries;
    this.#scope = scope;
  }

  /** At most `count` further entries. */
  next(count: number): IndexEntry[] {
    const page = this.#entries.page(this.#scope, count);
    const last = page.at(-1);
    if (last !== undefined) this.#scope = scopeAfter(this.#scope, last.key);
    return page;
  }
}

/** Orders ASCII keys bytewise. */
function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isBefore(key: string | undefined, following: string | undefined): boolean {
  return key !== undefined && (following === undefined || key < following);
}

function isBelow(key: string, { gte, gt }: CheckedScope): boolean {
  return (gte !== undefined && key < gte) || (gt !== undefined && key <= gt);
}

function isAbove(key: string, { lt, lte }: CheckedScope): boolean {
  return (lt !== undefined && key >= lt) || (lte !== undefined && key > lte);
}

function lowerBound(chunk: Chunk, key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = chunk[middle];
    if (entry !== undefined && entry.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merge(
  chunk: Chunk,
  keys: readonly string[],
  writes: ReadonlyMap<string, Uint8Array | undefined>,
): IndexEntry[] {
  const kept = chunk.filter(({ key }) => !writes.has(key));
  const merged: IndexEntry[] = [];
  let i = 0;
  for (const key of keys) {
    const value = writes.get(key);
    if (value === undefined) continue;
    for (let old = kept[i]; old !== undefined && old.key < key; old = kept[i]) {
      merged.push(old);
      i += 1;
    }
    merged.push({ key, value });
  }
  return merged.concat(kept.slice(i));
}

function split(entries: IndexEntry[]): Chunk[] {
  if (entries.length <= CHUNK_MAX) return [entries];
  const chunks: Chunk[] = [];
  const size = CHUNK_MAX / 2;
  for (let i = 0; i < entries.length; i += size) chunks.push(entries.slice(i, i + size));
  return chunks;
}
