/** Bytes before each message on a gRPC stream: a flag and the length. */
export const MESSAGE_PREFIX_BYTES = 5;

/** Writes a message as it lies on a gRPC stream. */
export function withPrefix(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(MESSAGE_PREFIX_BYTES + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, MESSAGE_PREFIX_BYTES);
  return bytes;
}

/** Counts the messages of a gRPC stream by their lengths, without keeping their bytes. */
export class MessageLengths {
  readonly #prefix = Buffer.alloc(MESSAGE_PREFIX_BYTES);
  #prefixBytes = 0;
  #missing = 0;

  /** Answers how many messages end in these bytes. */
  push(chunk: Buffer): number {
    let ended = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#prefixBytes < MESSAGE_PREFIX_BYTES) {
        this.#prefix[this.#prefixBytes] = chunk[at] ?? 0;
        this.#prefixBytes += 1;
        at += 1;
        if (this.#prefixBytes < MESSAGE_PREFIX_BYTES) continue;
        this.#missing = this.#prefix.readUInt32BE(1);
      } else {
        const taken = Math.min(this.#missing, chunk.length - at);
        this.#missing -= taken;
        at += taken;
      }
      if (this.#missing > 0) continue;
      this.#prefixBytes = 0;
      ended += 1;
    }
    return ended;
  }
}
