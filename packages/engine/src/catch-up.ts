import {
  type AbsentBatch,
  type BatchRef,
  batchRefOf,
  type Lane,
  type SubscriptionDelivery,
  stateKeys,
} from "@opendxa/pubsub-core";
import { type IndexStore, prefixScope } from "@opendxa/pubsub-index-store";
import { SequenceRef_Batch } from "@opendxa/pubsub-protocol";
import { traitsOf } from "./batch-heads.js";
import type { EntryReader } from "./delivery-builder.js";
import { entryGone } from "./entry-gone.js";
import type { ExpiryGate } from "./expiry-gate.js";
import type { IndexWriter } from "./index-writer.js";
import { scanLane } from "./lane-scan.js";
import type { RecentEntries } from "./recent-entries.js";

/** Where a subscription that lags finds its batches. */
export interface CatchUpParts {
  /** Newest entries. */
  readonly recent: RecentEntries;
  /** Entries by sequence. */
  readonly reader: EntryReader;
  /** The index, for the backlog. */
  readonly index: IndexStore;
  /** How far the index is. */
  readonly writer: IndexWriter;
  /** Keeps scans and expiry apart. */
  readonly gate: ExpiryGate;
}

/** Which batches are offered to whom. */
export interface CatchUpOf {
  /** Who takes them. */
  readonly delivery: SubscriptionDelivery;
  /** Whether a topic is one of its. */
  readonly matches: (topicId: number) => boolean;
}

/**
 * Offers a delivery the batches that it has not examined: a lane that lags finds them in the index
 * and then in memory, one that is live gets them as they become durable. Lanes do not wait for one
 * another.
 */
export class CatchUp {
  readonly #parts: CatchUpParts;
  readonly #delivery: SubscriptionDelivery;
  readonly #matches: (topicId: number) => boolean;
  readonly #live = new Set<Lane>();

  constructor(parts: CatchUpParts, { delivery, matches }: CatchUpOf) {
    this.#parts = parts;
    this.#delivery = delivery;
    this.#matches = matches;
  }

  /** A lane lags. */
  get isBehind(): boolean {
    return this.#live.size < this.#delivery.lanes.length;
  }

  /** One bounded step of every lane that lags and has room; answers whether another one is needed. */
  async step(): Promise<boolean> {
    for (const lane of this.#lagging()) await this.#parts.gate.shared(() => this.#step(lane));
    return this.#lagging().length > 0;
  }

  /** Steps of every lane that lags, until all is looked at, as much as may be resident, or `until`. */
  async all(until: () => boolean = () => false): Promise<void> {
    while (this.isBehind && !until() && (await this.step()));
  }

  /** Offers a batch that became durable just now, unless its lane lags. */
  offerLive(ref: BatchRef): void {
    const lane = this.#delivery.laneOf(ref);
    if (!this.#live.has(lane)) return;
    if (this.#needsTraits(ref)) {
      const { sequence, firstIndex } = ref.payload;
      const batch = this.#parts.reader.recentBatch(sequence, firstIndex)?.batch;
      if (batch === undefined) {
        this.#lag(lane, ref);
        return;
      }
      this.#delivery.offer(ref, traitsOf(batch, ref.firstIndex));
    } else {
      this.#delivery.offer(ref);
    }
    if (!this.#delivery.wantsMore(lane)) this.#lag(lane, ref);
  }

  /** Says of live lanes that all that is durable was examined. */
  examinedLive(): void {
    const { lastSequence } = this.#parts.recent;
    for (const lane of this.#live) this.#delivery.examinedThrough(lastSequence, lane);
  }

  /**
   * Calls `use` with the batches of entries that match, as the log has them; they do not expire
   * before it returns.
   */
  find(sequences: readonly bigint[], use: (found: AbsentBatch[]) => void): Promise<void> {
    const { gate, recent, writer } = this.#parts;
    return gate.shared(async () => {
      const stored = sequences.filter((sequence) => sequence <= recent.lastSequence);
      await writer.reached(recent.lastSequence);
      const found: AbsentBatch[] = [];
      for (const sequence of stored) {
        for (const ref of await this.#refsOf(sequence)) {
          if (!this.#matches(ref.topicId)) continue;
          const isKeyed = this.#delivery.isKeyed;
          found.push(isKeyed ? { ref, traits: await this.#traits(ref) } : { ref });
        }
      }
      use(found);
    });
  }

  #lagging(): Lane[] {
    return this.#delivery.lanes.filter(
      (lane) => !this.#live.has(lane) && this.#delivery.wantsMore(lane),
    );
  }

  /**
   * The entry may hold further batches of the lane: catching up begins with it again, and what was
   * offered before is ignored.
   */
  #lag(lane: Lane, { sequence }: BatchRef): void {
    this.#delivery.examinedThrough(sequence - 1n, lane);
    this.#live.delete(lane);
  }

  async #step(lane: Lane): Promise<void> {
    const { recent } = this.#parts;
    const from = this.#delivery.frontier(lane);
    if (from > recent.lastSequence) this.#live.add(lane);
    else if (from >= recent.firstSequence) await this.#offerRecent(lane, from);
    else await this.#offerIndexed(lane, from, recent.firstSequence - 1n);
  }

  async #offerRecent(lane: Lane, from: bigint): Promise<void> {
    const { recent } = this.#parts;
    for (let at = from; at <= recent.lastSequence; at++) {
      // Reading a batch takes a while: it may have left memory meanwhile.
      if (at < recent.firstSequence) return;
      for (const line of recent.refOf(at)?.batches ?? []) {
        const offered = this.#offer(lane, at, line);
        if (offered !== undefined) await offered;
      }
      this.#delivery.examinedThrough(at, lane);
      if (!this.#delivery.wantsMore(lane)) return;
    }
    this.#live.add(lane);
  }

  async #offerIndexed(lane: Lane, from: bigint, to: bigint): Promise<void> {
    await this.#parts.writer.reached(to);
    const { lines, isLast } = await scanLane(this.#parts.index, lane, { from, to });
    for (const [i, { sequence, line }] of lines.entries()) {
      const offered = this.#offer(lane, sequence, line);
      if (offered !== undefined) await offered;
      const next = lines[i + 1]?.sequence;
      // The last entry of a full page may hold further batches: it is looked at again.
      const isWhole = next === undefined ? isLast : next !== sequence;
      if (!isWhole) continue;
      this.#delivery.examinedThrough(sequence, lane);
      if (!this.#delivery.wantsMore(lane)) return;
    }
    if (isLast) this.#delivery.examinedThrough(to, lane);
  }

  /** Offers a batch of the lane; answers a promise only where its heads are to be read first. */
  #offer(lane: Lane, sequence: bigint, line: SequenceRef_Batch): Promise<void> | undefined {
    if (!this.#matches(line.topicId)) return undefined;
    const ref = batchRefOf(sequence, line);
    if (this.#delivery.laneOf(ref) !== lane) return undefined;
    if (this.#needsTraits(ref)) return this.#offerRead(ref);
    this.#delivery.offer(ref);
    return undefined;
  }

  async #offerRead(ref: BatchRef): Promise<void> {
    this.#delivery.offer(ref, await this.#traits(ref));
  }

  #needsTraits({ expires }: BatchRef): boolean {
    return expires || this.#delivery.isKeyed;
  }

  async #traits({ payload, firstIndex }: BatchRef) {
    const { sequence } = payload;
    const stored = await this.#parts.reader.readBatch(sequence, payload.firstIndex);
    if (stored?.batch !== undefined) return traitsOf(stored.batch, firstIndex);
    throw entryGone(sequence);
  }

  async #refsOf(sequence: bigint): Promise<BatchRef[]> {
    const { recent, index } = this.#parts;
    if (sequence >= recent.firstSequence) {
      return (recent.refOf(sequence)?.batches ?? []).map((line) => batchRefOf(sequence, line));
    }
    const found: BatchRef[] = [];
    const prefix = stateKeys.sequence(sequence, 0).name.slice(0, -8);
    for await (const { value } of index.iterate(prefixScope(prefix))) {
      found.push(batchRefOf(sequence, SequenceRef_Batch.decode(value)));
    }
    return found;
  }
}
