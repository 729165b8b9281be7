import { PubSubError, type TopicState } from "@opendxa/pubsub-protocol";
import type { Loaded } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";

/** A topic by name, which must be loaded. Throws TOPIC_NOT_FOUND. */
export function knownTopic(loaded: Loaded, name: string): TopicState {
  const state = loaded.get(stateKeys.topic(name));
  if (state !== undefined) return state;
  throw PubSubError.of("TOPIC_NOT_FOUND", `topic ${name} does not exist`, {
    metadata: { topic: name },
  });
}
