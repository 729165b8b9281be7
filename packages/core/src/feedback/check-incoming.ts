import {
  badRequest,
  EVENT_ID_BYTES_MAX,
  FeedbackEvent,
  TEXT_BYTES_MAX,
  topicsOf,
} from "@opendxa/pubsub-protocol";
import { feedbackJson, jsonBytes } from "./feedback-json.js";
import type { ReceiveFeedbackCommand } from "./incoming-feedback.js";
import {
  carriedKeysMax,
  feedbackBytesMax,
  memoryBytesMax,
  memoryKeyBytesMax,
  memoryWritesMax,
  rawBodyBytesMax,
  trimmedCommentCharsMax,
  trimmedMetricsMax,
} from "./limits.js";
import { limitExceeded, requireKeys, requireText } from "./validation.js";

const feedbackTypes: ReadonlySet<string> = new Set([
  "success",
  "error",
  "performance",
  "quality",
  "user",
  "system",
]);

function requireMemory({ memory }: ReceiveFeedbackCommand): void {
  if (memory.length > memoryWritesMax) {
    throw limitExceeded("memory", memoryWritesMax, memory.length);
  }
  let bytes = 0;
  for (const { key, value } of memory) {
    requireText("memory.key", key, { bytesMin: 1, bytesMax: memoryKeyBytesMax });
    bytes += value?.length ?? 0;
  }
  if (bytes > memoryBytesMax) throw limitExceeded("memory.value", memoryBytesMax, bytes);
}

function requireFeedback(feedback: FeedbackEvent): void {
  if (!feedbackTypes.has(feedback.feedbackType)) {
    throw badRequest("feedback.feedback_type", `must be one of ${[...feedbackTypes].join(", ")}`);
  }
}

/** Checks what came in. Throws BAD_REQUEST, LIMIT_EXCEEDED, CORRELATION_KEY_INVALID. */
export function checkIncoming(command: ReceiveFeedbackCommand): void {
  const { raw, feedback } = command;
  requireText("id", command.id, { bytesMin: 1, bytesMax: EVENT_ID_BYTES_MAX });
  requireText("source", command.source, { bytesMin: 1, bytesMax: TEXT_BYTES_MAX });
  const type = { bytesMin: 0, bytesMax: TEXT_BYTES_MAX };
  requireText("original_type", command.originalType, type);
  const keys = command.keys.map(({ key }) => key);
  requireKeys(keys, carriedKeysMax);
  requireMemory(command);
  if (feedback !== undefined) requireFeedback(feedback);
  if (raw === undefined) return;
  topicsOf.ingress(raw.system);
  requireText("type", raw.type, { ...type, bytesMin: 1 });
  if (raw.body.length > rawBodyBytesMax) {
    throw limitExceeded("body", rawBodyBytesMax, raw.body.length);
  }
}

/** JSON bytes of feedback. */
function sizeOf(feedback: FeedbackEvent): number {
  return jsonBytes(feedbackJson(feedback)).length;
}

/** What remains of feedback that is too large; the raw event that it points to holds the rest. */
export function trimmedFeedback(feedback: FeedbackEvent, originalType: string): FeedbackEvent {
  return FeedbackEvent.create({
    ...feedback,
    comments: feedback.comments?.slice(0, trimmedCommentCharsMax),
    suggestions: [],
    metrics: Object.fromEntries(Object.entries(feedback.metrics).slice(0, trimmedMetricsMax)),
    context: { original_type: originalType, trimmed: true },
  });
}

/**
 * The feedback as it may be stored. A believed webhook is not refused for its size: its raw event
 * is stored as well, and the feedback is trimmed. Throws LIMIT_EXCEEDED.
 */
export function boundedFeedback(
  command: ReceiveFeedbackCommand,
  nowMs: number,
): FeedbackEvent | undefined {
  const { feedback, raw, originalType } = command;
  if (feedback === undefined) return undefined;
  const timestamp = feedback.timestamp === "" ? new Date(nowMs).toISOString() : feedback.timestamp;
  const stamped = { ...feedback, timestamp };
  const size = sizeOf(stamped);
  if (size <= feedbackBytesMax) return stamped;
  if (raw === undefined) throw limitExceeded("feedback", feedbackBytesMax, size);
  return trimmedFeedback(stamped, originalType);
}
