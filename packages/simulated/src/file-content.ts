import { type CrashMode, PAGE_BYTES, survivors } from "./crash-mode.js";
import type { SeededRandom } from "./seeded-random.js";

type Change =
  | { readonly kind: "write"; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly length: number };

/** Bytes that grow as they are written to; gaps read as zeros. */
class GrowingBytes {
  #buffer = new Uint8Array(0);
  length = 0;

  apply(change: Change): void {
    if (change.kind === "truncate") {
      this.#reserve(change.length);
      if (change.length < this.length) this.#buffer.fill(0, change.length, this.length);
      this.length = change.length;
      return;
    }
    const end = change.position + change.bytes.length;
    this.#reserve(end);
    this.#buffer.set(change.bytes, change.position);
    this.length = Math.max(this.length, end);
  }

  view(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  #reserve(length: number): void {
    if (length <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(length, this.#buffer.length * 2, 1024));
    larger.set(this.view());
    this.#buffer = larger;
  }
}

/** The bytes of one simulated file: as programs see them, and as the disk would keep them. */
export class FileContent {
  readonly #current = new GrowingBytes();
  readonly #durable = new GrowingBytes();
  #unsynced: Change[] = [];

  /** Bytes as programs see them. */
  get length(): number {
    return this.#current.length;
  }

  /** Writes a copy of `bytes`, unsynced. */
  write(bytes: Uint8Array, position: number): void {
    this.#change({ kind: "write", position, bytes: bytes.slice() });
  }

  /** Sets the length, unsynced; what is new reads as zeros. */
  truncate(length: number): void {
    this.#change({ kind: "truncate", length });
  }

  /** The bytes as programs see them; not a copy. */
  view(): Uint8Array {
    return this.#current.view();
  }

  /** Makes everything durable. */
  sync(): void {
    for (const change of this.#unsynced) this.#durable.apply(change);
    this.#unsynced = [];
  }

  /** Makes the newest change durable, but none before it. */
  syncNewest(): void {
    const newest = this.#unsynced.pop();
    if (newest !== undefined) this.#durable.apply(newest);
  }

  /** The machine lost power: only what was synced is sure, of the rest what `mode` says. */
  crash(mode: CrashMode, random: SeededRandom): void {
    const changes = mode === "reorder" ? this.#unsynced.flatMap(pages) : this.#unsynced;
    const kept = survivors(changes, mode, random, (change) => prefixOf(change, random));
    for (const change of kept) this.#durable.apply(change);
    this.#unsynced = [];
    this.#current.apply({ kind: "truncate", length: 0 });
    this.#current.apply({ kind: "write", position: 0, bytes: this.#durable.view() });
  }

  /** Damages one bit, in what programs see and in what the disk keeps. */
  flipBit(offset: number, bit: number): void {
    if (offset >= this.#current.length) throw new RangeError(`no byte at ${offset}`);
    for (const bytes of [this.#current.view(), this.#durable.view()]) {
      const value = bytes[offset];
      if (value !== undefined) bytes[offset] = value ^ (1 << bit);
    }
    for (const change of this.#unsynced) {
      if (change.kind !== "write") continue;
      const value = change.bytes[offset - change.position];
      if (value !== undefined) change.bytes[offset - change.position] = value ^ (1 << bit);
    }
  }

  #change(change: Change): void {
    this.#current.apply(change);
    this.#unsynced.push(change);
  }
}

/** Cuts a write at page boundaries of the file. */
function pages(change: Change): Change[] {
  if (change.kind === "truncate") return [change];
  const chunks: Change[] = [];
  let position = change.position;
  const end = change.position + change.bytes.length;
  while (position < end) {
    const next = Math.min(end, (Math.floor(position / PAGE_BYTES) + 1) * PAGE_BYTES);
    const from = position - change.position;
    const bytes = change.bytes.subarray(from, from + next - position);
    chunks.push({ kind: "write", position, bytes });
    position = next;
  }
  return chunks;
}

function prefixOf(change: Change, random: SeededRandom): readonly Change[] {
  if (change.kind === "truncate") return [];
  const length = random.nextInt(0, change.bytes.length);
  return length === 0 ? [] : [{ ...change, bytes: change.bytes.subarray(0, length) }];
}

/** The parts of one write that reach the disk when it tears: any of its pages. */
export function tornPages(
  bytes: Uint8Array,
  position: number,
  random: SeededRandom,
): { readonly bytes: Uint8Array; readonly position: number }[] {
  return pages({ kind: "write", position, bytes })
    .filter(() => random.nextBoolean())
    .flatMap((change) => (change.kind === "write" ? [change] : []));
}
