import {
  brokenPathRule,
  deadLetterTopicOf,
  type SubscriptionSettings,
  TopicPattern,
  validateTopicName,
} from "@opendxa/pubsub-protocol";
import { type AnyStateKey, type Loaded, missingKeys, noKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { knownTopic } from "../topics/known-topic.js";
import { refuseSetting } from "./subscription-settings.js";

const field = "dead_letter_topic";

function isDefault(name: string, topic: string): boolean {
  return topic === "" || topic === deadLetterTopicOf(name);
}

/** The dead-letter topic, unless it is the default one, which is created with its first event. */
export function deadLetterReads(
  name: string,
  topic: string,
  loaded: Loaded,
): readonly AnyStateKey[] {
  return isDefault(name, topic) ? noKeys : missingKeys(loaded, [stateKeys.topic(topic)]);
}

/**
 * Checks the dead-letter topic of completed settings: unless it is the default one it exists, has
 * one partition and matches no pattern, so that dead letters never come back by themselves. Throws
 * TOPIC_NOT_FOUND, BAD_REQUEST or TOPIC_NAME_INVALID.
 */
export function checkDeadLetterTopic(
  loaded: Loaded,
  name: string,
  { deadLetterTopic: topic, patterns }: SubscriptionSettings,
): void {
  if (isDefault(name, topic)) return;
  validateTopicName(topic);
  const partitions = knownTopic(loaded, topic).topic?.settings?.partitions ?? 1;
  if (partitions !== 1) refuseSetting(field, `must have one partition, ${topic} has ${partitions}`);
  const pattern = patterns.find((text) => TopicPattern.parse(text).matches(topic));
  if (pattern === undefined) return;
  refuseSetting(field, `must match none of the patterns; it matches ${JSON.stringify(pattern)}`);
}

/** Refuses attempts whose dead letters could go nowhere, or are of dead letters. Throws BAD_REQUEST. */
export function checkAttempts(
  name: string,
  { attemptsMax, deadLetterTopic: topic, patterns }: SubscriptionSettings,
): void {
  if (attemptsMax === 0) return;
  const broken = isDefault(name, topic) ? brokenPathRule(deadLetterTopicOf(name)) : undefined;
  if (broken !== undefined) {
    refuseSetting(field, `must be set: the name of the subscription gives none (${broken})`);
  }
  const root = deadLetterTopicOf("");
  if (!patterns.some((pattern) => pattern.startsWith(root))) return;
  refuseSetting(
    "attempts_max",
    `must be 0 with a pattern of ${root}: dead letters are retried without bound and never dead-lettered again`,
  );
}
