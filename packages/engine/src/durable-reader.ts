import type { Operation, StateKey } from "@opendxa/pubsub-core";
import type { CommandLoop } from "./command-loop.js";
import type { StateCache } from "./state-cache.js";

const nothing: Operation<undefined, void> = {
  name: "barrier",
  reads: () => [],
  decide: () => ({ entries: [], reply: undefined }),
};

/**
 * Reads state for answers. State in memory runs ahead of the disk, so an answer waits until
 * everything that was decided before it is durable: nobody sees what a power cut could take back.
 */
export class DurableReader {
  readonly #loop: CommandLoop;
  readonly #cache: StateCache;

  constructor(loop: CommandLoop, cache: StateCache) {
    this.#loop = loop;
    this.#cache = cache;
  }

  /** Values in the order of the keys. Rejects with STORAGE_FAILED after a failure. */
  async read<T>(keys: readonly StateKey<T>[]): Promise<(T | undefined)[]> {
    const values = await this.#cache.read(keys);
    await this.#loop.runInternal(nothing, undefined);
    return values;
  }
}
