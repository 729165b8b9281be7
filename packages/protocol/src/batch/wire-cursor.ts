const LENGTH = 2;

/** The bytes are not what they should be. `scan` turns it into BATCH_MALFORMED. */
export class FramingFault extends Error {}

/** Reads protobuf's wire format strictly and without making objects. */
export class WireCursor {
  /** Next byte. */
  position: number;
  /** First byte that is not to be read. */
  end: number;
  readonly #bytes: Uint8Array;

  /** Reads `bytes` from their beginning. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.position = 0;
    this.end = bytes.length;
  }

  /** A varint of at most 32 bits. */
  varint(): number {
    const bytes = this.#bytes;
    let position = this.position;
    const first = bytes[position];
    if (first !== undefined && first < 0x80 && position < this.end) {
      this.position = position + 1;
      return first;
    }
    let value = 0;
    for (let scale = 1; scale <= 0x10000000; scale *= 128) {
      if (position >= this.end) throw new FramingFault("a number ends too early");
      const byte = bytes[position++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > 0xffffffff) break;
        this.position = position;
        return value;
      }
    }
    throw new FramingFault("a number is above 32 bits");
  }

  /** Passes over bytes. */
  skipBytes(count: number): void {
    if (count > this.end - this.position) throw new FramingFault("a length runs over the end");
    this.position += count;
  }

  /** Passes over a field's value. */
  skipValue(wireType: number): void {
    if (wireType === LENGTH) this.skipBytes(this.varint());
    else if (wireType === 1) this.skipBytes(8);
    else if (wireType === 5) this.skipBytes(4);
    else if (wireType === 0) this.#skipVarint();
    else throw new FramingFault(`wire type ${wireType}`);
  }

  #skipVarint(): void {
    for (let i = 0; i < 10; i += 1) {
      if (this.position >= this.end) throw new FramingFault("a number ends too early");
      if ((this.#bytes[this.position++] ?? 0) < 0x80) return;
    }
    throw new FramingFault("a number has more than ten bytes");
  }
}
