import {
  badRequest,
  brokenTextRule,
  CORRELATION_KEYS_MAX,
  FEEDBACK_DEADLINE_MS_MAX,
  FeedbackPolicy,
  PubSubError,
  parseCorrelationKey,
} from "@opendxa/pubsub-protocol";

/** Something larger than its limit. */
export function limitExceeded(field: string, limit: number, size: number): PubSubError {
  return PubSubError.of("LIMIT_EXCEEDED", `${field} has ${size}, the limit is ${limit}`, {
    metadata: { field, limit, size },
  });
}

/** A bound on the number of things that was reached. */
export function limitReached(field: string, limit: number): PubSubError {
  return PubSubError.of("LIMIT_REACHED", `${field}: at most ${limit}`, {
    metadata: { field, limit },
  });
}

/** Checks a text. Throws BAD_REQUEST, or LIMIT_EXCEEDED when it is only too long. */
export function requireText(
  field: string,
  text: string,
  bounds: { readonly bytesMin: number; readonly bytesMax: number },
): void {
  const rule = brokenTextRule(text, bounds);
  if (rule === undefined) return;
  const size = new TextEncoder().encode(text).length;
  if (size > bounds.bytesMax) throw limitExceeded(field, bounds.bytesMax, size);
  throw badRequest(field, rule);
}

/** Checks correlation keys. Throws LIMIT_EXCEEDED or CORRELATION_KEY_INVALID. */
export function requireKeys(keys: readonly string[], keysMax: number = CORRELATION_KEYS_MAX): void {
  if (keys.length > keysMax) throw limitExceeded("correlation_keys", keysMax, keys.length);
  for (const key of keys) parseCorrelationKey(key);
}

/** Checks a policy: FIRST is served, the others come with part 5. Throws BAD_REQUEST or NOT_SERVED_YET. */
export function requireServedPolicy(policy: FeedbackPolicy): void {
  if (policy === FeedbackPolicy.UNSPECIFIED || policy === FeedbackPolicy.FIRST) return;
  if (policy < FeedbackPolicy.UNSPECIFIED || policy > FeedbackPolicy.N_OF_M) {
    throw badRequest("policy", "must be FIRST, ALL or N_OF_M");
  }
  throw PubSubError.of("NOT_SERVED_YET", "only the policy FIRST is served yet", {
    metadata: { field: "policy", part: "5" },
  });
}

/** A deadline with its default. Throws DEADLINE_OUT_OF_RANGE when it is past or too far ahead. */
export function deadlineOf(deadlineUnixMs: bigint, nowMs: number): bigint {
  const latest = BigInt(nowMs + FEEDBACK_DEADLINE_MS_MAX);
  if (deadlineUnixMs === 0n) return latest;
  if (deadlineUnixMs > BigInt(nowMs) && deadlineUnixMs <= latest) return deadlineUnixMs;
  const text = `the deadline is not between now and ${FEEDBACK_DEADLINE_MS_MAX} ms ahead`;
  throw PubSubError.of("DEADLINE_OUT_OF_RANGE", text, {
    metadata: { field: "deadline_unix_ms", limit_ms: FEEDBACK_DEADLINE_MS_MAX },
  });
}

/** Whether checks pass; `reads` asks so, and leaves the refusal to `decide`. */
export function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof PubSubError) return false;
    throw error;
  }
}
