/**
 * Deterministic random numbers: the same seed gives the same run on every machine. Not for
 * secrets. The generator is sfc32 (Chris Doty-Humphrey, PractRand), seeded through splitmix32.
 */
export class SeededRandom {
  /** The seed, to be printed when a test fails. */
  readonly seed: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed`: any whole number; only its low 32 bits count. */
  constructor(seed: number) {
    this.seed = seed >>> 0;
    let state = this.seed;
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    // The first outputs of sfc32 still show the seed; its author discards twelve.
    for (let round = 0; round < 12; round += 1) this.nextUint32();
  }

  /** The next number from 0 to 2^32 - 1. */
  nextUint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** The next number in [0, 1), with 32 bits of resolution. */
  nextFloat(): number {
    return this.nextUint32() / 0x1_0000_0000;
  }

  /** The next whole number from `min` to `max`, both included; at most 2^32 values. */
  nextInt(min: number, max: number): number {
    if (!Number.isInteger(min) || !Number.isInteger(max) || max < min) {
      throw new RangeError(`no whole number from ${min} to ${max}`);
    }
    return min + Math.floor(this.nextFloat() * (max - min + 1));
  }

  /** True with the given probability (0 to 1). */
  nextBoolean(probability = 0.5): boolean {
    return this.nextFloat() < probability;
  }

  /** `length` random bytes in a new array. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index += 4) {
      const word = this.nextUint32();
      for (let byte = 0; byte < 4 && index + byte < length; byte += 1) {
        bytes[index + byte] = word >>> (8 * byte);
      }
    }
    return bytes;
  }

  /** An independent generator: drawing from one does not change what the other gives. */
  fork(): SeededRandom {
    return new SeededRandom(this.nextUint32());
  }
}
