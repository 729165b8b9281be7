import { badRequest, Entry, Topic, TopicSettings } from "@opendxa/pubsub-protocol";
import type { Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { knownTopic } from "./known-topic.js";
import { completeTopicSettings, differingTopicSetting } from "./topic-settings.js";

/** What to change. */
export interface UpdateTopicCommand {
  /** Name. */
  readonly name: string;
  /** New values; absent: all defaults. */
  readonly settings: TopicSettings | undefined;
  /** Names of the settings to change, as the contract has them. */
  readonly fields: readonly string[];
  /** Longest retention that may be asked for, in milliseconds. Absent: the default. */
  readonly retentionMsMax?: number | undefined;
}

/** Settings that may change, by their names in the contract. */
const changeable: Readonly<Record<string, keyof TopicSettings>> = {
  durability: "durability",
  dedup: "dedup",
  retention_ms: "retentionMs",
  retention_bytes: "retentionBytes",
};

function refuseFields(rule: string): never {
  throw badRequest("fields", rule);
}

function reads({ name }: UpdateTopicCommand, loaded: Loaded): readonly AnyStateKey[] {
  return missingKeys(loaded, [stateKeys.topic(name)]);
}

function merged(
  before: TopicSettings,
  { name, settings, fields, retentionMsMax }: UpdateTopicCommand,
): TopicSettings {
  if (fields.length === 0) refuseFields("must name at least one setting");
  const known = Object.keys(changeable).join(", ");
  const wanted = fields.map((field) =>
    Object.hasOwn(changeable, field)
      ? (changeable[field] as keyof TopicSettings)
      : refuseFields(`must be of ${known}; ${JSON.stringify(field)} is not`),
  );
  const asked = settings ?? TopicSettings.create();
  const values = Object.fromEntries(wanted.map((field) => [field, asked[field]]));
  const complete = completeTopicSettings(name, TopicSettings.create(values), retentionMsMax);
  return { ...before, ...Object.fromEntries(wanted.map((field) => [field, complete[field]])) };
}

function decide(loaded: Loaded, command: UpdateTopicCommand): Decision<Topic> {
  const state = knownTopic(loaded, command.name);
  const before = state.topic?.settings ?? completeTopicSettings(command.name, undefined);
  const settings = merged(before, command);
  const topic = Topic.create({ ...state.topic, settings });
  if (differingTopicSetting(before, settings) === undefined) return { entries: [], reply: topic };
  const value = { topic: { ...state, topic } };
  return { entries: [Entry.create({ kind: { $case: "topicUpdated", value } })], reply: topic };
}

/** Changes settings of a topic. Throws TOPIC_NOT_FOUND and BAD_REQUEST. */
export const updateTopic: Operation<UpdateTopicCommand, Topic> = {
  name: "update-topic",
  reads,
  decide,
};
