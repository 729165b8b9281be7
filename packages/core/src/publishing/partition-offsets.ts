import { PartitionState } from "@opendxa/pubsub-protocol";
import type { Loaded } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";

/** Hands out offsets while one decision appends several batches, on top of the loaded state. */
export class PartitionOffsets {
  readonly #loaded: Loaded;
  readonly #next = new Map<string, bigint>();

  /** Starts from the loaded partition states; those not loaded count as empty. */
  constructor(loaded: Loaded) {
    this.#loaded = loaded;
  }

  /** The offset that the next event gets. */
  peek(topicId: number, partition: number): bigint {
    const key = stateKeys.partition(topicId, partition);
    const before = this.#next.get(key.name);
    if (before !== undefined) return before;
    const state = this.#loaded.has(key) ? this.#loaded.get(key) : undefined;
    return (state ?? PartitionState.create()).nextOffset;
  }

  /** Takes `count` consecutive offsets and answers the first. */
  take(topicId: number, partition: number, count: number): bigint {
    const first = this.peek(topicId, partition);
    this.#next.set(stateKeys.partition(topicId, partition).name, first + BigInt(count));
    return first;
  }
}
