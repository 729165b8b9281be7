import { NAME_BYTES_MAX } from "./limits.js";
import { PubSubError } from "./pubsub-error.js";
import { brokenTextRule } from "./text-rules.js";

/** Parts the segments of topic names and patterns. */
export const SEGMENT_SEPARATOR = "/";

/** Whether a segment belongs to the broker: wildcards never match it, clients never publish below it. */
export function isReservedSegment(segment: string): boolean {
  return segment.startsWith("$");
}

/** Whether a topic belongs to the broker: one of its segments begins with `$`. */
export function isReservedTopic(name: string): boolean {
  return name.startsWith("$") || name.includes("/$");
}

/** The rule of the grammar that a path of segments breaks, wildcards apart; undefined when none. */
export function brokenPathRule(path: string): string | undefined {
  const broken = brokenTextRule(path, { bytesMin: 1, bytesMax: NAME_BYTES_MAX });
  if (broken !== undefined) return broken;
  return path.split(SEGMENT_SEPARATOR).includes("") ? "no empty segment" : undefined;
}

/**
 * Checks a topic name: segments parted by `/`, 1 to 255 bytes of UTF-8, no empty segment, no
 * control character, no `*`.
 *
 * @throws {@link PubSubError} TOPIC_NAME_INVALID with `topic` and `rule`
 */
export function validateTopicName(name: string): void {
  const rule = brokenPathRule(name) ?? (name.includes("*") ? "no '*' in a topic name" : undefined);
  if (rule !== undefined) refuse(name, rule);
}

/**
 * Checks the name of a topic that a client creates or publishes to: as {@link validateTopicName},
 * and no segment begins with `$`.
 *
 * @throws {@link PubSubError} TOPIC_NAME_INVALID with `topic` and `rule`
 */
export function validateClientTopicName(name: string): void {
  validateTopicName(name);
  if (isReservedTopic(name)) refuse(name, "no segment that begins with '$'");
}

function refuse(topic: string, rule: string): never {
  throw PubSubError.of("TOPIC_NAME_INVALID", `the topic name breaks a rule: ${rule}`, {
    metadata: { topic, rule },
  });
}
