import { bitmapOf, type DedupState, hasBit, type ScannedHeads } from "@opendxa/pubsub-protocol";
import type { AnyStateKey, Loaded } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";

/** Events of a batch that were stored before. */
export interface FoundDuplicates {
  /** Their bitmap. */
  readonly bits: Uint8Array;
  /** Offsets of the originals, in the order of the bits. */
  readonly offsets: bigint[];
  /** Offsets that the new events get, by the names of their keys. */
  readonly fresh: ReadonlyMap<string, bigint>;
}

const nothingFresh: ReadonlyMap<string, bigint> = new Map();

/** What is found in a topic that does not deduplicate: nothing, and nothing is remembered. */
export function noDuplicates(): FoundDuplicates {
  return { bits: bitmapOf(0, []), offsets: [], fresh: nothingFresh };
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
    const fresh = new Map<string, bigint>();
    for (let index = 0; index < heads.count; index++) {
      if (hasBit(placed.refused, index)) continue;
      const key = stateKeys.dedup(topicId, heads.source(index), heads.id(index));
      const offset = this.#seen.get(key.name) ?? fresh.get(key.name) ?? this.#original(key);
      if (offset === undefined) {
        fresh.set(key.name, placed.baseOffset + BigInt(index));
        continue;
      }
      indexes.push(index);
      offsets.push(offset);
    }
    return { bits: bitmapOf(heads.count, indexes), offsets, fresh };
  }

  /** Remembers the new events of a batch, once it is stored, for the rest of the decision. */
  remember({ fresh }: FoundDuplicates): void {
    for (const [name, offset] of fresh) this.#seen.set(name, offset);
  }

  #original(key: { name: string } & ReturnType<typeof stateKeys.dedup>): bigint | undefined {
    const state: DedupState | undefined = this.#loaded.has(key) ? this.#loaded.get(key) : undefined;
    return state !== undefined && state.expireTimeUnixMs > BigInt(this.#nowMs)
      ? state.offset
      : undefined;
  }
}
