import type { SequenceRange } from "./sequence-range.js";

const INITIAL_BYTES = 64;

function bitsOf(byte: number): number {
  let bits = 0;
  for (let rest = byte; rest > 0; rest &= rest - 1) bits += 1;
  return bits;
}

/** A set of sequences from one on, a bit each, so that any pattern of acks costs the same. */
export class SequenceBitmap {
  readonly #first: bigint;
  #bits: Uint8Array;
  #count = 0;

  /** `first`: the lowest sequence it can hold. `bits`: what it holds, taken over. */
  constructor(first: bigint, bits: Uint8Array = new Uint8Array(0)) {
    this.#first = first;
    this.#bits = bits;
    for (const byte of bits) this.#count += bitsOf(byte);
  }

  /** Sequences in it. */
  get count(): number {
    return this.#count;
  }

  /** The bits, lowest sequence in the lowest bit of the first byte; not a copy. */
  get bits(): Uint8Array {
    return this.#bits;
  }

  /** Whether a sequence is in it. */
  has(sequence: bigint): boolean {
    const bit = Number(sequence - this.#first);
    return (this.#byte(bit >>> 3) & (1 << (bit & 7))) !== 0;
  }

  /** Adds all sequences of a range, none of which may be below the first. */
  add(range: SequenceRange): void {
    const from = Number(range.first - this.#first);
    const to = Number(range.last - this.#first);
    this.#reserve((to >>> 3) + 1);
    for (let at = from >>> 3; at <= to >>> 3; at += 1) {
      const low = at === from >>> 3 ? 0xff << (from & 7) : 0xff;
      const high = at === to >>> 3 ? 0xff >>> (7 - (to & 7)) : 0xff;
      const before = this.#byte(at);
      const after = before | (low & high & 0xff);
      this.#bits[at] = after;
      if (after !== before) this.#count += bitsOf(after ^ before);
    }
  }

  /** A copy that later additions do not touch. */
  clone(): SequenceBitmap {
    return new SequenceBitmap(this.#first, this.#bits.slice());
  }

  #byte(at: number): number {
    return this.#bits[at] ?? 0;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bits.length) return;
    const larger = new Uint8Array(Math.max(bytes, this.#bits.length * 2, INITIAL_BYTES));
    larger.set(this.#bits);
    this.#bits = larger;
  }
}
