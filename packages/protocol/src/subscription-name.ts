import { NAME_BYTES_MAX } from "./limits.js";
import { PubSubError } from "./pubsub-error.js";

const GRAMMAR = /^[A-Za-z0-9._\-:/]+$/;

/** First segment of the topics that dead letters go to by default. */
const DEAD_LETTER_ROOT = "$dead-letter";

/**
 * Checks the name of a subscription: 1 to 255 bytes of letters, digits, `.`, `_`, `-`, `:`, `/`.
 *
 * @throws {@link PubSubError} BAD_REQUEST with `field` and `rule`
 */
export function validateSubscriptionName(name: string): void {
  if (name.length <= NAME_BYTES_MAX && GRAMMAR.test(name)) return;
  const rule = `1 to ${NAME_BYTES_MAX} bytes of letters, digits, '.', '_', '-', ':' and '/'`;
  throw PubSubError.of("BAD_REQUEST", `the subscription's name breaks a rule: ${rule}`, {
    metadata: { field: "subscription", rule },
    fieldViolations: [{ field: "subscription", description: rule }],
  });
}

/** Topic that a subscription's dead letters go to unless its settings name another. */
export function deadLetterTopicOf(subscription: string): string {
  return `${DEAD_LETTER_ROOT}/${subscription}`;
}
