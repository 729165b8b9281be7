const INITIAL_BYTES = 16 * 1024;
const VARINT_BYTES_MAX = 5;
const UTF8_BYTES_PER_UNIT_MAX = 3;
/** Up to this length a loop over ASCII beats the call into native code. */
const SHORT_TEXT_UNITS_MAX = 42;
const ONE_BYTE_LENGTH_MAX = 127;

/**
 * A growing buffer that writes protobuf's wire format. Made to be used again: a fresh large buffer
 * costs five to ten times the copy into a warm one.
 */
export class ByteWriter {
  /** Bytes written so far. */
  position = 0;
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);

  /** Forgets what was written and keeps the memory. */
  reset(): void {
    this.position = 0;
  }

  /** What was written, in place; valid until the next write. */
  written(): Buffer {
    return this.#buffer.subarray(0, this.position);
  }

  /** A 32-bit varint. */
  varint(value: number): void {
    this.#reserve(VARINT_BYTES_MAX);
    this.#varintAt(value);
  }

  /** One byte, such as a tag below 16. */
  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.position++] = value;
  }

  /** A tag of one byte and a text with its length. */
  text(tag: number, value: string): void {
    const units = value.length;
    this.#reserve(1 + VARINT_BYTES_MAX + units * UTF8_BYTES_PER_UNIT_MAX);
    this.#buffer[this.position++] = tag;
    if (units <= SHORT_TEXT_UNITS_MAX) this.#shortText(value);
    else this.#longText(value);
  }

  /** A tag of one byte and bytes with their length. */
  bytes(tag: number, value: Uint8Array): void {
    this.#reserve(1 + VARINT_BYTES_MAX + value.length);
    this.#buffer[this.position++] = tag;
    this.#varintAt(value.length);
    this.#buffer.set(value, this.position);
    this.position += value.length;
  }

  /** A tag of one byte and a signed 64-bit value in eight bytes. */
  sfixed64(tag: number, value: bigint): void {
    this.#reserve(9);
    this.#buffer[this.position++] = tag;
    this.position = this.#buffer.writeBigInt64LE(value, this.position);
  }

  /** Begins a nested message: one byte is kept for its length. Give the result to {@link close}. */
  open(tag: number): number {
    this.#reserve(2);
    this.#buffer[this.position++] = tag;
    return this.position++;
  }

  /** Ends a nested message, making room where its length needs more than one byte. */
  close(lengthAt: number): void {
    const bytes = this.position - lengthAt - 1;
    const extra = varintBytes(bytes) - 1;
    if (extra > 0) {
      this.#reserve(extra);
      this.#buffer.copyWithin(lengthAt + 1 + extra, lengthAt + 1, this.position);
    }
    this.position = lengthAt;
    this.#varintAt(bytes);
    this.position += bytes;
  }

  #shortText(value: string): void {
    const start = this.position + 1;
    const buffer = this.#buffer;
    const units = value.length;
    for (let i = 0; i < units; i += 1) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) {
        const bytes = buffer.write(value, start);
        this.#shortLength(start, bytes);
        return;
      }
      buffer[start + i] = unit;
    }
    this.#shortLength(start, units);
  }

  /** 42 units are at most 126 bytes: their length is one byte. */
  #shortLength(start: number, bytes: number): void {
    this.#buffer[start - 1] = bytes;
    this.position = start + bytes;
  }

  #longText(value: string): void {
    this.#varintAt(Buffer.byteLength(value));
    this.position += this.#buffer.write(value, this.position);
  }

  #varintAt(value: number): void {
    let rest = value;
    while (rest > ONE_BYTE_LENGTH_MAX) {
      this.#buffer[this.position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.position++] = rest;
  }

  #reserve(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.position);
    this.#buffer = larger;
  }
}

/** Bytes that a 32-bit varint takes. */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}
