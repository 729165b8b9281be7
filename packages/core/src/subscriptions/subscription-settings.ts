import {
  ACK_DEADLINE_MS_DEFAULT,
  ACK_DEADLINE_MS_MAX,
  ACK_DEADLINE_MS_MIN,
  ATTEMPTS_MAX,
  badRequest,
  DeliveryOrder,
  deadLetterTopicOf,
  PATTERNS_MAX,
  PubSubError,
  RETRY_DELAY_MS_MAX,
  RETRY_MAX_MS_DEFAULT,
  RETRY_MIN_MS_DEFAULT,
  type RetryPolicy,
  StartPosition,
  SUBSCRIPTION_EXPIRY_MS_MAX,
  SUBSCRIPTION_EXPIRY_MS_MIN,
  SubscriptionSettings,
  TopicPattern,
} from "@opendxa/pubsub-protocol";

/** Refuses a setting. Throws BAD_REQUEST naming it and the rule. */
export function refuseSetting(field: string, rule: string): never {
  throw badRequest(`settings.${field}`, rule);
}

function refuseNotServed(field: string, part: number): never {
  throw PubSubError.of("NOT_SERVED_YET", `settings.${field} is not served by this version`, {
    metadata: { field: `settings.${field}`, part },
  });
}

function patternsOf(patterns: readonly string[]): string[] {
  if (patterns.length === 0) refuseSetting("patterns", "must name at least one topic pattern");
  if (patterns.length > PATTERNS_MAX) {
    throw PubSubError.of("LIMIT_EXCEEDED", `a subscription has at most ${PATTERNS_MAX} patterns`, {
      metadata: { field: "settings.patterns", limit: PATTERNS_MAX, size: patterns.length },
    });
  }
  return patterns.map((pattern) => TopicPattern.parse(pattern).text);
}

function startOf(start: StartPosition | undefined): StartPosition {
  const position = start?.position;
  if (position?.value === false) refuseSetting(`start.${position.$case}`, "must be true");
  switch (position?.$case) {
    case "earliest":
    case "sequence":
    case "timeUnixMs":
      return StartPosition.create({ position });
    default:
      return StartPosition.create({ position: { $case: "latest", value: true } });
  }
}

function ackDeadlineOf(asked: number): number {
  const ackDeadlineMs = asked || ACK_DEADLINE_MS_DEFAULT;
  if (ackDeadlineMs < ACK_DEADLINE_MS_MIN || ackDeadlineMs > ACK_DEADLINE_MS_MAX) {
    refuseSetting("ack_deadline_ms", `must be ${ACK_DEADLINE_MS_MIN} to ${ACK_DEADLINE_MS_MAX}`);
  }
  return ackDeadlineMs;
}

function retryOf(asked: RetryPolicy | undefined): RetryPolicy {
  const minMs = asked?.minMs || RETRY_MIN_MS_DEFAULT;
  const maxMs = asked?.maxMs || RETRY_MAX_MS_DEFAULT;
  if (maxMs > RETRY_DELAY_MS_MAX)
    refuseSetting("retry.max_ms", `must be at most ${RETRY_DELAY_MS_MAX}`);
  if (minMs > maxMs) refuseSetting("retry.min_ms", `must be at most retry.max_ms, ${maxMs}`);
  return { minMs, maxMs };
}

function orderOf(asked: DeliveryOrder): DeliveryOrder {
  if (asked === DeliveryOrder.KEY) return DeliveryOrder.KEY;
  if (asked === DeliveryOrder.NONE || asked === DeliveryOrder.UNSPECIFIED)
    return DeliveryOrder.NONE;
  return refuseSetting("order", "must be NONE or KEY");
}

function attemptsMaxOf(asked: number): number {
  if (asked > ATTEMPTS_MAX) refuseSetting("attempts_max", `must be at most ${ATTEMPTS_MAX}`);
  return asked;
}

function expiryOf(asked: bigint): bigint {
  const least = SUBSCRIPTION_EXPIRY_MS_MIN;
  const most = SUBSCRIPTION_EXPIRY_MS_MAX;
  if (asked !== 0n && (asked < least || asked > most)) {
    refuseSetting("expiry_ms", `must be 0 or ${least} to ${most}`);
  }
  return asked;
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
  if (settings.filter !== "") refuseNotServed("filter", 7);
  return SubscriptionSettings.create({
    patterns,
    start: startOf(settings.start),
    ackDeadlineMs: ackDeadlineOf(settings.ackDeadlineMs),
    retry: retryOf(settings.retry),
    attemptsMax: attemptsMaxOf(settings.attemptsMax),
    deadLetterTopic: settings.deadLetterTopic || deadLetterTopicOf(name),
    order: orderOf(settings.order),
    expiryMs: expiryOf(settings.expiryMs),
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
  if (a.attemptsMax !== b.attemptsMax) return "attempts_max";
  if (a.deadLetterTopic !== b.deadLetterTopic) return "dead_letter_topic";
  if (a.order !== b.order) return "order";
  if (a.expiryMs !== b.expiryMs) return "expiry_ms";
  return undefined;
}
