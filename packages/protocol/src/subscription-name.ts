import { badRequest } from "./bad-request.js";
import { NAME_BYTES_MAX } from "./limits.js";

const GRAMMAR = /^[A-Za-z0-9._\-:/]+$/;

/** First segment of the topics that dead letters go to by default. */
const DEAD_LETTER_ROOT = "$dead-letter";

/**
 * Checks the name of a subscription or snapshot: 1 to 255 bytes of letters, digits, `.`, `_`, `-`,
 * `:`, `/`.
 *
 * @param field where it stands in the request, for the error
 * @throws {@link PubSubError} BAD_REQUEST with `field` and `rule`
 */
export function validateSubscriptionName(name: string, field = "subscription"): void {
  if (name.length <= NAME_BYTES_MAX && GRAMMAR.test(name)) return;
  const rule = `1 to ${NAME_BYTES_MAX} bytes of letters, digits, '.', '_', '-', ':' and '/'`;
  throw badRequest(field, rule);
}

/** Topic that a subscription's dead letters go to unless its settings name another. */
export function deadLetterTopicOf(subscription: string): string {
  return `${DEAD_LETTER_ROOT}/${subscription}`;
}
