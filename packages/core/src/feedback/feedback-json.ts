import type { FeedbackEvent, FeedbackExpired } from "@opendxa/pubsub-protocol";

/** Media type of all typed events. */
export const jsonContentType = "application/json";

const encoder = new TextEncoder();

/** A value as UTF-8 JSON; absent fields are left out. */
export function jsonBytes(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** A FeedbackEvent as its `data` shows it: names in snake_case, absent optional fields left out. */
export function feedbackJson(feedback: FeedbackEvent): Readonly<Record<string, unknown>> {
  return {
    function_id: feedback.functionId,
    execution_id: feedback.executionId,
    timestamp: feedback.timestamp,
    feedback_type: feedback.feedbackType,
    metrics: feedback.metrics,
    context: feedback.context,
    suggestions: feedback.suggestions,
    rating: feedback.rating,
    comments: feedback.comments,
    version: feedback.version,
    source: feedback.source,
    supersedes: feedback.supersedes,
    retracted: feedback.retracted,
  };
}

/** A FeedbackExpired as its `data` shows it; 64-bit integers are strings. */
export function expiredJson(expired: FeedbackExpired): Readonly<Record<string, unknown>> {
  return {
    execution_id: expired.executionId,
    function_name: expired.functionName,
    waited_ms: String(expired.waitedMs),
    policy: expired.policy,
  };
}
