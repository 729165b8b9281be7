import {
  Entry,
  NamespaceState,
  PubSubError,
  Topic,
  type TopicSettings,
  type TopicState,
  validateTopicName,
} from "@opendxa/pubsub-protocol";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { topicsMax } from "./limits.js";
import { belongsToBroker } from "./topic-family.js";
import { completeTopicSettings, differingTopicSetting } from "./topic-settings.js";

/** What to create. */
export interface CreateTopicCommand {
  /** Name. */
  readonly name: string;
  /** Settings; absent: all defaults. */
  readonly settings: TopicSettings | undefined;
}

/** What was created or existed. */
export interface CreateTopicReply {
  /** The topic. */
  readonly topic: Topic;
  /** It existed before, with equal settings. */
  readonly existed: boolean;
}

/** A topic that comes into being. */
export interface CreatedTopic {
  /** The fact, to be journalled. */
  readonly entry: Entry;
  /** The topic with its number. */
  readonly state: TopicState;
}

/** The fact that a topic was created. */
export function topicCreated(
  name: string,
  settings: TopicSettings,
  numbering: { readonly topicId: number; readonly nowMs: number },
): CreatedTopic {
  const state: TopicState = {
    topicId: numbering.topicId,
    topic: Topic.create({ name, settings, createTimeUnixMs: BigInt(numbering.nowMs) }),
  };
  const entry = Entry.create({ kind: { $case: "topicCreated", value: { topic: state } } });
  return { entry, state };
}

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

function reads(command: CreateTopicCommand, loaded: Loaded): readonly AnyStateKey[] {
  return missingKeys(loaded, [stateKeys.namespace(), stateKeys.topic(command.name)]);
}

function decide(
  loaded: Loaded,
  command: CreateTopicCommand,
  context: DecideContext,
): Decision<CreateTopicReply> {
  validateTopicName(command.name);
  if (belongsToBroker(command.name)) {
    const rule = "segments beginning with '$' belong to the broker";
    throw PubSubError.of("TOPIC_NAME_INVALID", `topic ${command.name}: ${rule}`, {
      metadata: { topic: command.name, rule },
    });
  }
  const settings = completeTopicSettings(command.name, command.settings);
  const existing = loaded.get(stateKeys.topic(command.name))?.topic;
  if (existing !== undefined) {
    const field = differingTopicSetting(existing.settings ?? settings, settings);
    if (field !== undefined && command.settings !== undefined) {
      throw PubSubError.of("TOPIC_EXISTS", `topic ${command.name} exists with another ${field}`, {
        metadata: { topic: command.name, field },
      });
    }
    return { entries: [], reply: { topic: existing, existed: true } };
  }
  const topicId = nextTopicId(loaded.get(stateKeys.namespace()), 1);
  const created = topicCreated(command.name, settings, { topicId, nowMs: context.nowMs });
  return {
    entries: [created.entry],
    reply: { topic: created.state.topic as Topic, existed: false },
  };
}

/** Creates a topic, or answers the existing one. */
export const createTopic: Operation<CreateTopicCommand, CreateTopicReply> = {
  name: "create-topic",
  reads,
  decide,
};
