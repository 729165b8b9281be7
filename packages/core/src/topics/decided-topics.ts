import {
  Entry,
  NamespaceState,
  PubSubError,
  Topic,
  type TopicSettings,
  type TopicState,
} from "@opendxa/pubsub-protocol";
import type { Loaded } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { topicsMax } from "./limits.js";
import { completeTopicSettings } from "./topic-settings.js";

/** Number of the next topic; throws LIMIT_REACHED when `more` topics would be too many. */
export function nextTopicId(namespace: NamespaceState | undefined, more: number): number {
  const state = namespace ?? NamespaceState.create();
  if (state.topics + more > topicsMax) {
    throw PubSubError.of("LIMIT_REACHED", `a namespace holds at most ${topicsMax} topics`, {
      metadata: { field: "topics", limit: String(topicsMax) },
    });
  }
  return Math.max(1, state.nextTopicId) + more - 1;
}

/**
 * Topics as one decision sees them: those that exist and those that it creates itself. The states
 * of the namespace and of the topics asked for must be loaded.
 */
export class DecidedTopics {
  readonly #loaded: Loaded;
  readonly #nowMs: number;
  readonly #created = new Map<string, TopicState>();
  /** The facts of creation in order; they go before the entries that use the topics. */
  readonly entries: Entry[] = [];

  /** @param nowMs the entry clock: when topics are created, milliseconds since the Unix epoch */
  constructor(loaded: Loaded, nowMs: number) {
    this.#loaded = loaded;
    this.#nowMs = nowMs;
  }

  /** A topic that exists or was created by this decision. */
  find(name: string): TopicState | undefined {
    return this.#loaded.get(stateKeys.topic(name)) ?? this.#created.get(name);
  }

  /** The topic, created with its defaults where it does not exist. Throws LIMIT_REACHED. */
  findOrCreate(name: string): TopicState {
    return this.find(name) ?? this.create(name, completeTopicSettings(name, undefined));
  }

  /** Creates a topic that does not exist, with complete settings. Throws LIMIT_REACHED. */
  create(name: string, settings: TopicSettings): TopicState {
    const namespace = this.#loaded.get(stateKeys.namespace());
    const topic: TopicState = {
      topicId: nextTopicId(namespace, this.entries.length + 1),
      topic: Topic.create({ name, settings, createTimeUnixMs: BigInt(this.#nowMs) }),
    };
    this.entries.push(Entry.create({ kind: { $case: "topicCreated", value: { topic } } }));
    this.#created.set(name, topic);
    return topic;
  }
}
