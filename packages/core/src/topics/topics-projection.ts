import { type Entry, NamespaceState } from "@opendxa/pubsub-protocol";
import type { Projection } from "../state/operation.js";
import { type Loaded, missingKeys, type StateWrite, stateWrite } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";

function reads(_entry: Entry, _sequence: bigint, loaded: Loaded) {
  return missingKeys(loaded, [stateKeys.namespace()]);
}

function apply(loaded: Loaded, entry: Entry): readonly StateWrite[] {
  const before = loaded.get(stateKeys.namespace()) ?? NamespaceState.create();
  const namespace = { ...before, timeUnixMs: entry.timeUnixMs };
  if (entry.kind?.$case === "brokerStarted") {
    const { startNumber } = entry.kind.value;
    return [stateWrite(stateKeys.namespace(), { ...namespace, startNumber })];
  }
  if (entry.kind?.$case === "topicCreated" && entry.kind.value.topic?.topic !== undefined) {
    const state = entry.kind.value.topic;
    const { topicId } = state;
    const next = { ...namespace, nextTopicId: topicId + 1, topics: namespace.topics + 1 };
    return [
      stateWrite(stateKeys.namespace(), next),
      stateWrite(stateKeys.topic(state.topic?.name ?? ""), state),
    ];
  }
  return [stateWrite(stateKeys.namespace(), namespace)];
}

/** Topics, the start number and the entry clock. */
export const topicsProjection: Projection = { reads, apply };
