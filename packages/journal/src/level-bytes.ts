/** Reads what LevelDB's encodings are made of, one after the other. */
export class LevelBytes {
  readonly #bytes: Buffer;
  #at = 0;

  /** Reads from the start of `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Position of the next byte. */
  get at(): number {
    return this.#at;
  }

  /** Whether all bytes are read. */
  get isDone(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A varint of at most 53 bits. Throws `RangeError` where there is none. */
  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.#bytes.readUInt8(this.#at);
      this.#at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new RangeError("A varint is too long");
  }

  /** The next bytes. Throws `RangeError` where there are fewer. */
  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("The bytes end early");
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  /** Bytes with their length as a varint before them. Throws `RangeError`. */
  slice(): Buffer {
    return this.take(this.varint());
  }
}
