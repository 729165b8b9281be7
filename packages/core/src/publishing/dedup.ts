import { bitmapOf, type DedupState, hasBit, type ScannedHeads } from "@opendxa/pubsub-protocol";
import type { AnyStateKey, Loaded } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";

/** Events of a batch that were stored before. */
export interface FoundDuplicates {
  /** Their bitmap. */
  readonly bits: Uint8Array;
  /** Offsets of the originals, in the order of the bits. */
  readonly offsets: bigint[];
}

/** Deduplication by (topic, source, id) (S-P3), seeing what the same decision stored before. */
export class Dedup {
  readonly #loaded: Loaded;
  readonly #nowMs: number;
  readonly #seen = new Map<string, bigint>();

  /** Starts from the loaded ids. */
  constructor(loaded: Loaded, nowMs: number) {
    this.#loaded = loaded;
    this.#nowMs = nowMs;
  }

  /** Keys that the heads of a batch ask for. */
  static keys(topicId: number, heads: ScannedHeads): AnyStateKey[] {
    return Array.from({ length: heads.count }, (_, i) =>
      stateKeys.dedup(topicId, heads.source(i), heads.id(i)),
    );
  }

  /** The events of a batch that repeat a stored one or an earlier one of the batch. */
  find(
    topicId: number,
    heads: ScannedHeads,
    placed: { baseOffset: bigint; refused: Uint8Array },
  ): FoundDuplicates {
    const indexes: number[] = [];
    const offsets: bigint[] = [];
    const inBatch = new Map<string, bigint>();
    for (let index = 0; index < heads.count; index++) {
      if (hasBit(placed.refused, index)) continue;
      const key = stateKeys.dedup(topicId, heads.source(index), heads.id(index));
      const offset = this.#seen.get(key.name) ?? inBatch.get(key.name) ?? this.#original(key);
      if (offset === undefined) {
        inBatch.set(key.name, placed.baseOffset + BigInt(index));
        continue;
      }
      indexes.push(index);
      offsets.push(offset);
    }
    return { bits: bitmapOf(heads.count, indexes), offsets };
  }

  /** Remembers the stored events of a batch for the rest of the decision. */
  remember(
    topicId: number,
    heads: ScannedHeads,
    stored: { baseOffset: bigint; skip: readonly Uint8Array[] },
  ): void {
    for (let index = 0; index < heads.count; index++) {
      if (stored.skip.some((bits) => hasBit(bits, index))) continue;
      const { name } = stateKeys.dedup(topicId, heads.source(index), heads.id(index));
      this.#seen.set(name, stored.baseOffset + BigInt(index));
    }
  }

  #original(key: { name: string } & ReturnType<typeof stateKeys.dedup>): bigint | undefined {
    const state: DedupState | undefined = this.#loaded.has(key) ? this.#loaded.get(key) : undefined;
    return state !== undefined && state.expireTimeUnixMs > BigInt(this.#nowMs)
      ? state.offset
      : undefined;
  }
}
