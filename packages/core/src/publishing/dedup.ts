import { bitmapOf, hasBit, type ScannedHeads } from "@opendxa/pubsub-protocol";
import type { AnyStateKey, Loaded } from "../state/state-key.js";
import { type EventIdentity, stateKeys } from "../state/state-keys.js";

/** Events of a batch that were stored before. */
export interface FoundDuplicates {
  /** Their bitmap. */
  readonly bits: Uint8Array;
  /** Offsets of the originals, in the order of the bits; 0 for one that waits for its release. */
  readonly offsets: bigint[];
  /** Offsets that the new events get, by the names of the keys that remember them. */
  readonly fresh: ReadonlyMap<string, bigint>;
}

/** A batch whose events are looked for. */
export interface SoughtBatch {
  /** Number of its topic. */
  readonly topicId: number;
  /** Offset that its event 0 gets; 0 when it is scheduled. */
  readonly baseOffset: bigint;
  /** Refused events, bitmap. */
  readonly refused: Uint8Array;
  /** Its topic deduplicates. */
  readonly isDeduplicated: boolean;
  /** It waits for its deliver time: an event of a name that waits already is a duplicate. */
  readonly isScheduled: boolean;
}

const nothingFresh: ReadonlyMap<string, bigint> = new Map();

/** What is found where nothing is remembered. */
export function noDuplicates(): FoundDuplicates {
  return { bits: bitmapOf(0, []), offsets: [], fresh: nothingFresh };
}

/**
 * Deduplication by (topic, source, id) (S-P3), seeing what the same decision stored before: in topics
 * that ask for it, and everywhere among the events that are scheduled.
 */
export class Dedup {
  readonly #loaded: Loaded;
  readonly #nowMs: number;
  readonly #seen = new Map<string, bigint>();

  /** Starts from the loaded ids. */
  constructor(loaded: Loaded, nowMs: number) {
    this.#loaded = loaded;
    this.#nowMs = nowMs;
  }

  /** Keys that the heads of a batch of a topic that deduplicates ask for. */
  static keys(topicId: number, heads: ScannedHeads): AnyStateKey[] {
    return Array.from({ length: heads.count }, (_, i) =>
      stateKeys.dedup(topicId, heads.source(i), heads.id(i)),
    );
  }

  /** Keys that the heads of a batch that may be scheduled ask for. */
  static waitingKeys(topicId: number, heads: ScannedHeads): AnyStateKey[] {
    return Array.from({ length: heads.count }, (_, i) =>
      stateKeys.scheduledEvent(topicId, { source: heads.source(i), id: heads.id(i) }),
    );
  }

  /** The events of a batch that repeat a stored one or an earlier one of the batch. */
  find(batch: SoughtBatch, heads: ScannedHeads): FoundDuplicates {
    const indexes: number[] = [];
    const offsets: bigint[] = [];
    const fresh = new Map<string, bigint>();
    for (let index = 0; index < heads.count; index++) {
      if (hasBit(batch.refused, index)) continue;
      const event = { source: heads.source(index), id: heads.id(index) };
      const keys = keysOf(batch, event);
      const offset = this.#earlier(keys, fresh) ?? this.#original(batch, event);
      if (offset !== undefined) {
        indexes.push(index);
        offsets.push(offset);
        continue;
      }
      const taken = batch.isScheduled ? 0n : batch.baseOffset + BigInt(index);
      for (const name of keys) fresh.set(name, taken);
    }
    return { bits: bitmapOf(heads.count, indexes), offsets, fresh };
  }

  /** Remembers the new events of a batch, once it is stored, for the rest of the decision. */
  remember({ fresh }: FoundDuplicates): void {
    for (const [name, offset] of fresh) this.#seen.set(name, offset);
  }

  /**
   * Where the events of a batch that was stored before lie: its duplicates with their originals, within
   * it or before it, or at 0 once their ids are forgotten.
   */
  originals(
    batch: {
      readonly topicId: number;
      readonly baseOffset: bigint;
      readonly refused: Uint8Array;
      readonly duplicates: Uint8Array;
    },
    heads: ScannedHeads,
  ): (index: number) => bigint {
    const { topicId, baseOffset, refused, duplicates } = batch;
    const own = new Map<string, bigint>();
    const nameOf = (index: number) =>
      stateKeys.dedup(topicId, heads.source(index), heads.id(index)).name;
    for (let index = 0; duplicates.length > 0 && index < heads.count; index++) {
      if (hasBit(refused, index) || hasBit(duplicates, index)) continue;
      own.set(nameOf(index), baseOffset + BigInt(index));
    }
    return (index) => {
      if (!hasBit(duplicates, index)) return baseOffset + BigInt(index);
      const event = { source: heads.source(index), id: heads.id(index) };
      const stored = own.get(nameOf(index)) ?? this.#stored(topicId, event) ?? 0n;
      // A later one: the id was forgotten and came again.
      return stored < baseOffset + BigInt(index) ? stored : 0n;
    };
  }

  #earlier(keys: readonly string[], fresh: ReadonlyMap<string, bigint>): bigint | undefined {
    for (const name of keys) {
      const offset = this.#seen.get(name) ?? fresh.get(name);
      if (offset !== undefined) return offset;
    }
    return undefined;
  }

  #stored(topicId: number, event: EventIdentity): bigint | undefined {
    const key = stateKeys.dedup(topicId, event.source, event.id);
    const state = this.#loaded.has(key) ? this.#loaded.get(key) : undefined;
    return state !== undefined && state.expireTimeUnixMs > BigInt(this.#nowMs)
      ? state.offset
      : undefined;
  }

  #waiting(topicId: number, event: EventIdentity): bigint | undefined {
    const key = stateKeys.scheduledEvent(topicId, event);
    return this.#loaded.has(key) && this.#loaded.get(key) !== undefined ? 0n : undefined;
  }

  #original(batch: SoughtBatch, event: EventIdentity): bigint | undefined {
    const { topicId, isDeduplicated, isScheduled } = batch;
    return (
      (isDeduplicated ? this.#stored(topicId, event) : undefined) ??
      (isScheduled ? this.#waiting(topicId, event) : undefined)
    );
  }
}

function keysOf(batch: SoughtBatch, event: EventIdentity): string[] {
  const { topicId, isDeduplicated, isScheduled } = batch;
  const names: string[] = [];
  if (isDeduplicated) names.push(stateKeys.dedup(topicId, event.source, event.id).name);
  if (isScheduled) names.push(stateKeys.scheduledEvent(topicId, event).name);
  return names;
}
