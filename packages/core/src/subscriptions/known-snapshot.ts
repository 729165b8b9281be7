import { PubSubError, type SnapshotState } from "@opendxa/pubsub-protocol";
import type { Loaded } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";

/** A snapshot by name, which must be loaded. Throws SNAPSHOT_NOT_FOUND. */
export function knownSnapshot(loaded: Loaded, name: string): SnapshotState {
  const state = loaded.get(stateKeys.snapshot(name));
  if (state !== undefined) return state;
  throw PubSubError.of("SNAPSHOT_NOT_FOUND", `there is no snapshot ${name}`, {
    metadata: { snapshot: name },
  });
}
