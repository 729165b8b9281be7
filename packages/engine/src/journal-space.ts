import type { IndexStore } from "@opendxa/pubsub-index-store";
import type { Journal } from "@opendxa/pubsub-journal";

/** Lets the journal drop what neither a stored batch nor a kept checkpoint needs. */
export class JournalSpace {
  readonly #journal: Journal;
  readonly #index: IndexStore;

  /** Frees parts of the journal by what its index still holds. */
  constructor(journal: Journal, index: IndexStore) {
    this.#journal = journal;
    this.#index = index;
  }

  /**
   * Sequence of the oldest entry that holds a batch, as the index says at the time of the call. Ask
   * before the checkpoint at `sequence` is written: what expires while it is written must not count,
   * or replay from it would miss the payload of what it takes out of the index.
   */
  async oldestPayload(sequence: bigint): Promise<bigint> {
    const [oldest] = await this.#index.scan({ gte: "s/", lt: "s0", limit: 1 });
    return oldest === undefined ? sequence + 1n : BigInt(`0x${oldest.key.slice(2, 18)}`);
  }

  /** Drops what lies before the oldest batch and the oldest base; nothing while there is one base. */
  async free(oldestPayload: bigint, oldestBase: bigint | undefined): Promise<void> {
    if (oldestBase === undefined) return;
    const needed = oldestBase + 1n < oldestPayload ? oldestBase + 1n : oldestPayload;
    if (needed > this.#journal.firstSequence) await this.#journal.truncateBefore(needed);
  }
}
