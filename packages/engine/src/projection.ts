import {
  type AnyStateKey,
  batchesProjection,
  deliveryProjection,
  feedbackProjection,
  type Loaded,
  type Projection,
  type StateKey,
  type StateWrite,
  topicsProjection,
} from "@opendxa/pubsub-core";
import type { Entry } from "@opendxa/pubsub-protocol";

/** State with the changes of the earlier projections of the same entry on top. */
class Layered implements Loaded {
  readonly #below: Loaded;
  readonly writes = new Map<string, StateWrite>();

  constructor(below: Loaded) {
    this.#below = below;
  }

  has(key: AnyStateKey): boolean {
    return this.writes.has(key.name) || this.#below.has(key);
  }

  get<T>(key: StateKey<T>): T | undefined {
    const write = this.writes.get(key.name);
    return write === undefined ? this.#below.get(key) : (write.value as T | undefined);
  }
}

const projections: readonly Projection[] = [
  topicsProjection,
  batchesProjection,
  deliveryProjection,
  feedbackProjection,
];

function reads(entry: Entry, sequence: bigint, loaded: Loaded): readonly AnyStateKey[] {
  for (const projection of projections) {
    const missing = projection.reads(entry, sequence, loaded);
    if (missing.length > 0) return missing;
  }
  return [];
}

function apply(loaded: Loaded, entry: Entry, sequence: bigint): readonly StateWrite[] {
  const layered = new Layered(loaded);
  for (const projection of projections) {
    for (const write of projection.apply(layered, entry, sequence)) {
      layered.writes.set(write.key.name, write);
    }
  }
  return [...layered.writes.values()];
}

/** All projections of the namespace as one. */
export const namespaceProjection: Projection = { reads, apply };
