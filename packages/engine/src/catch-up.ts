import { batchRefOf, type SubscriptionDelivery, stateKeys } from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import { type SequenceRef, SequenceRef_Batch } from "@opendxa/pubsub-protocol";
import type { ExpiryGate } from "./expiry-gate.js";
import type { IndexWriter } from "./index-writer.js";
import { scanPageMax } from "./limits.js";
import type { RecentEntries } from "./recent-entries.js";

/** Where a subscription that lags finds its batches. */
export interface CatchUpParts {
  /** Newest entries. */
  readonly recent: RecentEntries;
  /** The index, for the backlog. */
  readonly index: IndexStore;
  /** How far the index is. */
  readonly writer: IndexWriter;
  /** Keeps scans and expiry apart. */
  readonly gate: ExpiryGate;
}

function sequenceOfKey(key: string): bigint {
  return BigInt(`0x${key.slice(2, 18)}`);
}

/** Offers a delivery the batches that it has not examined, from the index and then from memory. */
export class CatchUp {
  readonly #parts: CatchUpParts;
  readonly #delivery: SubscriptionDelivery;
  readonly #matches: (topicId: number) => boolean;

  readonly #onLive: () => void;

  /** @param subscription `onLive` is told at the very moment at which nothing is left */
  constructor(
    parts: CatchUpParts,
    subscription: {
      readonly delivery: SubscriptionDelivery;
      readonly matches: (topicId: number) => boolean;
      readonly onLive: () => void;
    },
  ) {
    this.#parts = parts;
    this.#delivery = subscription.delivery;
    this.#matches = subscription.matches;
    this.#onLive = subscription.onLive;
  }

  /** Goes on until the delivery has enough or nothing is left. */
  async run(): Promise<void> {
    let isLive = false;
    while (!isLive && this.#delivery.wantsMore()) {
      isLive = await this.#parts.gate.shared(() => this.#step());
    }
  }

  /** Answers whether nothing is left. */
  async #step(): Promise<boolean> {
    const { recent } = this.#parts;
    const from = this.#delivery.frontier();
    if (from > recent.lastSequence) {
      this.#onLive();
      return true;
    }
    if (from >= recent.firstSequence) this.#offerRecent(from);
    else await this.#offerIndexed(from, recent.firstSequence - 1n);
    return false;
  }

  #offerRecent(from: bigint): void {
    const { recent } = this.#parts;
    for (let at = from; at <= recent.lastSequence; at++) {
      const ref = recent.refOf(at);
      if (ref !== undefined) this.#offer(at, ref.batches);
      this.#delivery.examinedThrough(at);
      if (!this.#delivery.wantsMore()) return;
    }
  }

  async #offerIndexed(from: bigint, to: bigint): Promise<void> {
    await this.#parts.writer.reached(to);
    const page = await this.#parts.index.scan({
      gte: stateKeys.sequence(from, 0).name,
      lt: stateKeys.sequence(to + 1n, 0).name,
      limit: scanPageMax,
    });
    const isLast = page.length < scanPageMax;
    for (const [i, { key, value }] of page.entries()) {
      const sequence = sequenceOfKey(key);
      const next = page[i + 1]?.key;
      this.#offer(sequence, [SequenceRef_Batch.decode(value)]);
      // The last entry of a full page may hold further batches: it is looked at again.
      const isWhole = next === undefined ? isLast : sequenceOfKey(next) !== sequence;
      if (!isWhole) continue;
      this.#delivery.examinedThrough(sequence);
      if (!this.#delivery.wantsMore()) return;
    }
    if (isLast) this.#delivery.examinedThrough(to);
  }

  #offer(sequence: bigint, batches: SequenceRef["batches"]): void {
    for (const batch of batches) {
      if (this.#matches(batch.topicId)) this.#delivery.offer(batchRefOf(sequence, batch));
    }
  }
}
