/** Reads at a position of some file; see `DiskFile.read`. */
export type ReadAt = (buffer: Uint8Array, position: number) => Promise<number>;

/**
 * A view that moves over a file. Each move reads into a fresh buffer, so that what was handed out
 * stays as it is and nothing is copied after the read itself.
 */
export class FileWindow {
  readonly #read: ReadAt;
  readonly #windowBytes: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #position = 0;

  /** `windowBytes`: how much is read at once unless more is asked for. */
  constructor(read: ReadAt, windowBytes: number) {
    this.#read = read;
    this.#windowBytes = windowBytes;
  }

  /** Bytes in memory. */
  get bytes(): number {
    return this.#bytes.length;
  }

  /** The bytes if they are in memory already. */
  peek(position: number, length: number): Uint8Array | undefined {
    const offset = position - this.#position;
    if (offset < 0 || offset + length > this.#bytes.length) return undefined;
    return this.#bytes.subarray(offset, offset + length);
  }

  /** The bytes, or undefined where they would go beyond `end` or the file. */
  async view(position: number, length: number, end: number): Promise<Uint8Array | undefined> {
    if (position + length > end) return undefined;
    const present = this.peek(position, length);
    if (present !== undefined) return present;
    const wanted = Math.max(length, Math.min(this.#windowBytes, end - position));
    const buffer = Buffer.allocUnsafeSlow(wanted);
    let filled = 0;
    while (filled < wanted) {
      const read = await this.#read(buffer.subarray(filled), position + filled);
      if (read === 0) break;
      filled += read;
    }
    this.#bytes = buffer.subarray(0, filled);
    this.#position = position;
    return this.peek(position, length);
  }
}
