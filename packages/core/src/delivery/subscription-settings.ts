import {
  ACK_DEADLINE_MS_DEFAULT,
  ACK_DEADLINE_MS_MAX,
  ACK_DEADLINE_MS_MIN,
  DeliveryOrder,
  deadLetterTopicOf,
  PATTERNS_MAX,
  PubSubError,
  RETRY_DELAY_MS_MAX,
  RETRY_MAX_MS_DEFAULT,
  RETRY_MIN_MS_DEFAULT,
  type RetryPolicy,
  StartPosition,
  SubscriptionSettings,
  TopicPattern,
} from "@opendxa/pubsub-protocol";

function refuse(field: string, rule: string): never {
  throw PubSubError.of("BAD_REQUEST", `settings.${field} ${rule}`, {
    metadata: { field: `settings.${field}`, rule },
  });
}

function refuseNotServed(field: string, part: number): never {
  throw PubSubError.of("NOT_SERVED_YET", `settings.${field} is not served by this version`, {
    metadata: { field: `settings.${field}`, part },
  });
}

function patternsOf(patterns: readonly string[]): string[] {
  if (patterns.length === 0) refuse("patterns", "must name at least one topic pattern");
  if (patterns.length > PATTERNS_MAX) {
    throw PubSubError.of("LIMIT_EXCEEDED", `a subscription has at most ${PATTERNS_MAX} patterns`, {
      metadata: { field: "settings.patterns", limit: PATTERNS_MAX, size: patterns.length },
    });
  }
  return patterns.map((pattern) => TopicPattern.parse(pattern).text);
}

function startOf(start: StartPosition | undefined): StartPosition {
  const position = start?.position;
  switch (position?.$case) {
    case "earliest":
      return StartPosition.create({ position: { $case: "earliest", value: true } });
    case "sequence":
      return StartPosition.create({ position });
    case "timeUnixMs":
      return refuseNotServed("start.time_unix_ms", 3);
    default:
      return StartPosition.create({ position: { $case: "latest", value: true } });
  }
}

function ackDeadlineOf(asked: number): number {
  const ackDeadlineMs = asked || ACK_DEADLINE_MS_DEFAULT;
  if (ackDeadlineMs < ACK_DEADLINE_MS_MIN || ackDeadlineMs > ACK_DEADLINE_MS_MAX) {
    refuse("ack_deadline_ms", `must be ${ACK_DEADLINE_MS_MIN} to ${ACK_DEADLINE_MS_MAX}`);
  }
  return ackDeadlineMs;
}

function retryOf(asked: RetryPolicy | undefined): RetryPolicy {
  const minMs = asked?.minMs || RETRY_MIN_MS_DEFAULT;
  const maxMs = asked?.maxMs || RETRY_MAX_MS_DEFAULT;
  if (maxMs > RETRY_DELAY_MS_MAX) refuse("retry.max_ms", `must be at most ${RETRY_DELAY_MS_MAX}`);
  if (minMs > maxMs) refuse("retry.min_ms", `must be at most retry.max_ms, ${maxMs}`);
  return { minMs, maxMs };
}

/**
 * Fills in every default of a subscription's settings. Throws BAD_REQUEST, LIMIT_EXCEEDED or
 * TOPIC_PATTERN_INVALID for what is wrong, and NOT_SERVED_YET for what a later part of the plan
 * brings.
 */
export function completeSubscriptionSettings(
  name: string,
  settings: SubscriptionSettings,
): SubscriptionSettings {
  const patterns = patternsOf(settings.patterns);
  const deadLetterTopic = deadLetterTopicOf(name);
  if (settings.filter !== "") refuseNotServed("filter", 7);
  if (settings.order === DeliveryOrder.KEY) refuseNotServed("order", 3);
  if (settings.attemptsMax !== 0) refuseNotServed("attempts_max", 3);
  if (settings.deadLetterTopic !== "" && settings.deadLetterTopic !== deadLetterTopic) {
    refuseNotServed("dead_letter_topic", 3);
  }
  if (settings.expiryMs !== 0n) refuseNotServed("expiry_ms", 3);
  return SubscriptionSettings.create({
    patterns,
    start: startOf(settings.start),
    ackDeadlineMs: ackDeadlineOf(settings.ackDeadlineMs),
    retry: retryOf(settings.retry),
    deadLetterTopic,
    order: DeliveryOrder.NONE,
  });
}

function startText({ start }: SubscriptionSettings): string {
  const position = start?.position;
  return position === undefined ? "" : `${position.$case} ${position.value}`;
}

/** The first setting in which two completed settings differ, by its contract name. */
export function differingSubscriptionSetting(
  a: SubscriptionSettings,
  b: SubscriptionSettings,
): string | undefined {
  if (a.patterns.join("\n") !== b.patterns.join("\n")) return "patterns";
  if (startText(a) !== startText(b)) return "start";
  if (a.ackDeadlineMs !== b.ackDeadlineMs) return "ack_deadline_ms";
  if (a.retry?.minMs !== b.retry?.minMs) return "retry.min_ms";
  if (a.retry?.maxMs !== b.retry?.maxMs) return "retry.max_ms";
  return undefined;
}
