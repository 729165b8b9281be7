import { type Entry, NamespaceState, type TopicState } from "@opendxa/pubsub-protocol";
import type { Projection } from "../state/operation.js";
import { StateChanges } from "../state/state-changes.js";
import { type Loaded, missingKeys, type StateWrite } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";

function reads(entry: Entry, _sequence: bigint, loaded: Loaded) {
  const wanted =
    entry.kind?.$case === "topicDeleted" ? [stateKeys.topic(entry.kind.value.name)] : [];
  return missingKeys(loaded, [stateKeys.namespace(), ...wanted]);
}

function put(changes: StateChanges, state: TopicState | undefined): void {
  if (state?.topic !== undefined) changes.put(stateKeys.topic(state.topic.name), state);
}

/** What an entry makes of the namespace, its time aside. */
function changeNamespace(
  changes: StateChanges,
  namespace: NamespaceState,
  { kind }: Entry,
): NamespaceState {
  switch (kind?.$case) {
    case "brokerStarted":
      return { ...namespace, startNumber: kind.value.startNumber };
    case "topicCreated": {
      put(changes, kind.value.topic);
      const nextTopicId = (kind.value.topic?.topicId ?? 0) + 1;
      return { ...namespace, nextTopicId, topics: namespace.topics + 1 };
    }
    case "topicUpdated":
      put(changes, kind.value.topic);
      return namespace;
    case "topicDeleted": {
      const { name, topicId } = kind.value;
      changes.put(stateKeys.deletedTopic(topicId), changes.must(stateKeys.topic(name)));
      changes.remove(stateKeys.topic(name));
      return { ...namespace, topics: namespace.topics - 1 };
    }
    case "topicPurged": {
      const { topicId, partitions } = kind.value;
      changes.remove(stateKeys.deletedTopic(topicId));
      for (let partition = 0; partition < partitions; partition++) {
        changes.remove(stateKeys.partition(topicId, partition));
      }
      return namespace;
    }
    default:
      return namespace;
  }
}

function apply(loaded: Loaded, entry: Entry): readonly StateWrite[] {
  const changes = new StateChanges(loaded);
  const before = changes.get(stateKeys.namespace()) ?? NamespaceState.create();
  const after = changeNamespace(changes, before, entry);
  changes.put(stateKeys.namespace(), { ...after, timeUnixMs: entry.timeUnixMs });
  return changes.list();
}

/** Topics, the start number and the entry clock. */
export const topicsProjection: Projection = { reads, apply };
