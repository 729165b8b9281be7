import {
  PubSubError,
  type Topic,
  type TopicSettings,
  validateClientTopicName,
} from "@opendxa/pubsub-protocol";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { DecidedTopics } from "./decided-topics.js";
import { completeTopicSettings, differingTopicSetting } from "./topic-settings.js";

/** What to create. */
export interface CreateTopicCommand {
  /** Name. */
  readonly name: string;
  /** Settings; absent: all defaults. */
  readonly settings: TopicSettings | undefined;
  /** Longest retention that may be asked for, in milliseconds. Absent: the default. */
  readonly retentionMsMax?: number | undefined;
}

/** What was created or existed. */
export interface CreateTopicReply {
  /** The topic. */
  readonly topic: Topic;
  /** It existed before, with equal settings. */
  readonly existed: boolean;
}

function reads(command: CreateTopicCommand, loaded: Loaded): readonly AnyStateKey[] {
  return missingKeys(loaded, [stateKeys.namespace(), stateKeys.topic(command.name)]);
}

function decide(
  loaded: Loaded,
  command: CreateTopicCommand,
  context: DecideContext,
): Decision<CreateTopicReply> {
  validateClientTopicName(command.name);
  const settings = completeTopicSettings(command.name, command.settings, command.retentionMsMax);
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
  const topics = new DecidedTopics(loaded, context.nowMs);
  const { topic } = topics.create(command.name, settings);
  return { entries: topics.entries, reply: { topic: topic as Topic, existed: false } };
}

/** Creates a topic, or answers the existing one. */
export const createTopic: Operation<CreateTopicCommand, CreateTopicReply> = {
  name: "create-topic",
  reads,
  decide,
};
