import type { StateWrite } from "@opendxa/pubsub-core";
import { MessageWriter } from "@opendxa/pubsub-protocol";

/** One memory for all encodings: each copies its bytes out before the next begins. */
const writer = new MessageWriter();

/**
 * A durable change of state on its way into the index and the next checkpoint. It is encoded when
 * the first of them stores it, so that a value which is replaced before is never encoded; from then
 * on only its bytes are held, which take a tenth of the decoded value's memory.
 */
export class StateChange {
  /** Name of the key. */
  readonly key: string;
  #write: StateWrite | undefined;
  #value: Uint8Array | undefined;

  constructor(write: StateWrite) {
    this.key = write.key.name;
    this.#write = write;
  }

  /** The new value as bytes; `undefined` removes the key. */
  get value(): Uint8Array | undefined {
    const write = this.#write;
    if (write === undefined) return this.#value;
    this.#write = undefined;
    if (write.value !== undefined) {
      this.#value = write.key.codec.encode(write.value, writer).finish();
    }
    return this.#value;
  }
}
