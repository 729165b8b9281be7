import { stateKeys } from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import type { Journal } from "@opendxa/pubsub-journal";
import type { Entry } from "@opendxa/pubsub-protocol";
import { type EntryRange, ForgettableEntries } from "./forgettable-entries.js";
import { forgottenPerCheckpointMax, forgottenRangesPerCallMax } from "./limits.js";

/** What a checkpoint allows to let go. */
export interface ReleasedByCheckpoint {
  /** Sequence of the checkpoint; the index is durable up to it. */
  readonly sequence: bigint;
  /** Oldest entry that held a batch when the checkpoint began. */
  readonly oldestPayload: bigint;
  /** Sequence of the oldest base that is kept; `undefined`: nothing may go yet. */
  readonly oldestBase: bigint | undefined;
}

/** Lets the journal drop what neither a stored batch nor a kept checkpoint needs. */
export class JournalSpace {
  readonly #journal: Journal;
  readonly #index: IndexStore;
  readonly #entries = new ForgettableEntries();

  /** Frees parts of the journal by what its index still holds. */
  constructor(journal: Journal, index: IndexStore) {
    this.#journal = journal;
    this.#index = index;
  }

  /** Takes an entry that was applied, in order. */
  follow(sequence: bigint, entry: Entry): void {
    this.#entries.follow(sequence, entry);
  }

  /**
   * Sequence of the oldest entry that holds a batch, listed or scheduled, as the index says at the time of the call. Ask
   * before the checkpoint at `sequence` is written: what expires while it is written must not count,
   * or replay from it would miss the payload of what it takes out of the index.
   */
  async oldestPayload(sequence: bigint): Promise<bigint> {
    const [listed] = await this.#index.scan({ gte: "s/", lt: "s0", limit: 1 });
    const [scheduled] = await this.#index.scan({ gte: "p/", lt: "p0", limit: 1 });
    let oldest = sequence + 1n;
    for (const found of [listed, scheduled]) {
      const at = found === undefined ? oldest : BigInt(`0x${found.key.slice(2, 18)}`);
      if (at < oldest) oldest = at;
    }
    return oldest;
  }

  /** Drops what is not needed; nothing while there is but one base. */
  async free(released: ReleasedByCheckpoint): Promise<void> {
    const { sequence, oldestPayload, oldestBase } = released;
    if (oldestBase === undefined) return;
    const needed = oldestBase + 1n < oldestPayload ? oldestBase + 1n : oldestPayload;
    if (needed > this.#journal.firstSequence) await this.#journal.truncateBefore(needed);
    this.#entries.truncated(this.#journal.firstSequence);
    const control = this.#entries.takeControl(oldestBase);
    const expired = await this.#withoutBatches(
      this.#entries.takeExpired(oldestBase, sequence, forgottenPerCheckpointMax),
    );
    const ranges = [...control, ...expired];
    for (let at = 0; at < ranges.length; at += forgottenRangesPerCallMax) {
      await this.#journal.forget(ranges.slice(at, at + forgottenRangesPerCallMax));
    }
  }

  /** An entry with several batches stays until the last of them expired. */
  async #withoutBatches(sequences: readonly bigint[]): Promise<EntryRange[]> {
    const ranges: EntryRange[] = [];
    for (const sequence of sequences) {
      if (await this.#holdsBatch(sequence)) continue;
      const last = ranges.at(-1);
      if (last?.last === sequence - 1n) ranges[ranges.length - 1] = { ...last, last: sequence };
      else ranges.push({ first: sequence, last: sequence });
    }
    return ranges;
  }

  async #holdsBatch(sequence: bigint): Promise<boolean> {
    for (const keyOf of [stateKeys.sequence, stateKeys.payload]) {
      const scope = { gte: keyOf(sequence, 0).name, lt: keyOf(sequence + 1n, 0).name, limit: 1 };
      if ((await this.#index.scan(scope)).length > 0) return true;
    }
    return false;
  }
}
