import {
  type Execution,
  type FeedbackEvent,
  FeedbackExpired,
  type FeedbackMatch,
  type OutgoingEvent,
} from "@opendxa/pubsub-protocol";
import { expiredJson, feedbackJson, jsonBytes, jsonContentType } from "./feedback-json.js";
import { derivedEventId, feedbackKeyOf } from "./feedback-key.js";

/** Source of the events that the broker makes by itself. */
export const brokerSource = "/feedback";

const nsPerMs = 1_000_000n;

/** A piece of feedback that is not bound to an execution. */
export interface FeedbackPiece {
  /** Source of the event that brought it. */
  readonly source: string;
  /** Id of the event that brought it. */
  readonly id: string;
  /** The feedback without execution and function. */
  readonly feedback: FeedbackEvent;
}

/** Milliseconds as an event's time. */
export function eventTime(ms: number): bigint {
  return BigInt(ms) * nsPerMs;
}

/** The FeedbackEvent of one execution, as its learners get it. */
export function feedbackEventOf(
  piece: FeedbackPiece,
  execution: Execution,
  nowMs: number,
): OutgoingEvent {
  const { feedback, source, id } = piece;
  const version = feedback.version ?? (execution.version === "" ? undefined : execution.version);
  const data = feedbackJson({
    ...feedback,
    functionId: execution.functionName,
    executionId: execution.executionId,
    version,
  });
  return {
    id: derivedEventId("feedback", feedbackKeyOf(source, id), execution.executionId),
    source,
    type: "feedback",
    subject: execution.executionId,
    timeUnixNs: eventTime(nowMs),
    correlationId: execution.correlationId,
    causationId: id,
    orderingKey: execution.executionId,
    data: jsonBytes(data),
    dataContentType: jsonContentType,
  };
}

/** The record of a match: which feedback went to which execution, and why. */
export function processedEventOf(
  match: FeedbackMatch,
  cause: { readonly piece: FeedbackPiece; readonly event: OutgoingEvent; readonly waited: boolean },
): OutgoingEvent {
  const { piece, event, waited } = cause;
  return {
    id: derivedEventId("processed", feedbackKeyOf(piece.source, piece.id), match.executionId),
    source: brokerSource,
    type: "feedback.processed",
    subject: match.executionId,
    timeUnixNs: event.timeUnixNs,
    correlationId: event.correlationId,
    causationId: event.id,
    orderingKey: match.executionId,
    data: jsonBytes({
      feedback_id: piece.id,
      feedback_source: piece.source,
      feedback_event_id: event.id,
      execution_id: match.executionId,
      function_name: match.functionName,
      correlation_key: match.correlationKey,
      because: match.because,
      was_pending: waited,
    }),
    dataContentType: jsonContentType,
  };
}

/** Tells readers of `poet/feedback/pending` about feedback that matched nothing. */
export function pendingEventOf(
  piece: FeedbackPiece,
  about: {
    readonly keys: readonly { readonly key: string; readonly because: string }[];
    readonly orphanTimeMs: number;
    readonly nowMs: number;
  },
): OutgoingEvent {
  return {
    id: derivedEventId("pending", feedbackKeyOf(piece.source, piece.id)),
    source: piece.source,
    type: "feedback.pending",
    timeUnixNs: eventTime(about.nowMs),
    causationId: piece.id,
    data: jsonBytes({
      feedback_id: piece.id,
      feedback_source: piece.source,
      correlation_keys: about.keys,
      orphan_time_unix_ms: String(about.orphanTimeMs),
      feedback: feedbackJson(piece.feedback),
    }),
    dataContentType: jsonContentType,
  };
}

/**
 * Tells a function's learners that no feedback came in time.
 *
 * @param about `subject` and the derived id say whether a wait or the execution itself expired
 */
export function expiredEventOf(
  execution: Execution,
  about: { readonly of: "wait" | "execution"; readonly id: string; readonly waitedMs: bigint },
  nowMs: number,
): OutgoingEvent {
  const data = FeedbackExpired.create({
    executionId: execution.executionId,
    functionName: execution.functionName,
    waitedMs: about.waitedMs,
    policy: "first",
  });
  return {
    id: derivedEventId("expired", about.of, about.id),
    source: brokerSource,
    type: "feedback.expired",
    subject: `${about.of}/${about.id}`,
    timeUnixNs: eventTime(nowMs),
    correlationId: execution.correlationId,
    orderingKey: execution.executionId,
    data: jsonBytes(expiredJson(data)),
    dataContentType: jsonContentType,
  };
}
