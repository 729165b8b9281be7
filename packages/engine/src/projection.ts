import {
  type AnyStateKey,
  batchesProjection,
  deliveryProjection,
  feedbackProjection,
  type Loaded,
  type Projection,
  StateChanges,
  type StateWrite,
  subscriptionProjection,
  topicsProjection,
} from "@opendxa/pubsub-core";
import type { Entry } from "@opendxa/pubsub-protocol";

const projections: readonly Projection[] = [
  topicsProjection,
  batchesProjection,
  subscriptionProjection,
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
  const changes = new StateChanges(loaded);
  for (const projection of projections) {
    for (const write of projection.apply(changes, entry, sequence)) changes.add(write);
  }
  return changes.list();
}

/** All projections of the namespace as one. */
export const namespaceProjection: Projection = { reads, apply };
