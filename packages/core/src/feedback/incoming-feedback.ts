import {
  badRequest,
  brokenTextRule,
  CORRELATION_KEYS_MAX,
  correlationIdOf,
  executionKey,
  FeedbackEvent,
  PENDING_FEEDBACK_MS_MAX,
  parseCorrelationKey,
  type SubmitFeedbackRequest,
  TEXT_BYTES_MAX,
} from "@opendxa/pubsub-protocol";
import { brokerSource } from "./feedback-events.js";
import { passes, requireKeys } from "./validation.js";

/** A key that feedback carries. */
export interface CarriedKey {
  /** The correlation key. */
  readonly key: string;
  /** Why the feedback carries it, in words. */
  readonly because: string;
}

/** What a connector wants to be remembered; without a value: forgotten. */
export interface MemoryChange {
  /** Key, beginning with the system's name. */
  readonly key: string;
  /** Value. */
  readonly value: Uint8Array | undefined;
}

/** A raw external event, stored beside what was made of it. */
export interface RawEvent {
  /** System; the event goes to `ingress/<system>`. */
  readonly system: string;
  /** Type, `external.<system>.<event>`. */
  readonly type: string;
  /** Subject. */
  readonly subject: string | undefined;
  /** When it happened, milliseconds since the Unix epoch. */
  readonly occurredAtMs: number | undefined;
  /** Body as received. */
  readonly body: Uint8Array;
  /** Its media type. */
  readonly contentType: string;
}

/** Feedback, or an external event that may hold some. */
export interface ReceiveFeedbackCommand {
  /** Identifies it together with `id`. */
  readonly source: string;
  /** Identifies it together with `source`. */
  readonly id: string;
  /** Keys to match by, strongest first. */
  readonly keys: readonly CarriedKey[];
  /** The feedback without execution and function; absent: only the raw event is stored. */
  readonly feedback: FeedbackEvent | undefined;
  /** Typed event that it was mapped from; empty: none. */
  readonly originalType: string;
  /** The raw event; absent: the caller submitted feedback directly. */
  readonly raw: RawEvent | undefined;
  /** What to remember. */
  readonly memory: readonly MemoryChange[];
  /** After so many milliseconds unmatched feedback is an orphan. */
  readonly pendingMs: number;
}

/** What a webhook brought, verified and mapped. */
export interface ExternalEvent {
  /** System, such as `mlflow`; the raw event goes to `ingress/<system>`. */
  readonly system: string;
  /** Endpoint name, part of the source `/ingress/<system>/<endpoint>`. */
  readonly endpoint: string;
  /** The provider's delivery id. */
  readonly deliveryId: string;
  /** Type of the raw event, `external.<system>.<event>`. */
  readonly type: string;
  /** Subject of the raw event. */
  readonly subject: string | undefined;
  /** When it happened at the provider, milliseconds since the Unix epoch. */
  readonly occurredAtMs: number | undefined;
  /** Body as received. */
  readonly body: Uint8Array;
  /** Its media type. */
  readonly contentType: string;
  /** Keys, strongest first, each with the reason why it is carried. */
  readonly keys: readonly CarriedKey[];
  /** Mapped feedback; absent: nothing to match. */
  readonly feedback: ExternalFeedback | undefined;
  /** What to remember. */
  readonly memory: readonly MemoryChange[];
}

/** Feedback mapped by a connector. */
export interface ExternalFeedback {
  /** `success`, `error`, `performance`, `quality`, `user` or `system`. */
  readonly feedbackType: string;
  /** Measured values. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Whatever else is known; JSON values. */
  readonly context: Readonly<Record<string, unknown>>;
  /** What should change. */
  readonly suggestions: readonly string[];
  /** Judgement. */
  readonly rating: number | undefined;
  /** Free text. */
  readonly comments: string | undefined;
  /** Typed event that it was mapped from, such as `feedback.alert_resolved`. */
  readonly originalType: string;
  /** Its data, snake_case. */
  readonly typedData: Readonly<Record<string, unknown>>;
}

/** How received feedback is treated. */
export interface ReceiveOptions {
  /** After so many milliseconds unmatched feedback is an orphan. Default 30 days. */
  readonly pendingMs?: number;
}

/** Last millisecond that event times, 64-bit nanoseconds, can hold (year 2262). */
const timeMsMax = 9_223_372_036_854;

/** A provider's time when it can be an event's time; otherwise absent. */
function plausibleTime(ms: number | undefined): number | undefined {
  if (ms === undefined || !Number.isFinite(ms) || ms < 0 || ms > timeMsMax) return undefined;
  return Math.trunc(ms);
}

function plainText(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return brokenTextRule(text, { bytesMax: TEXT_BYTES_MAX }) === undefined ? text : undefined;
}

/** A believed event is never refused for its keys: what breaks the grammar finds nothing anyway. */
function usableKeys(keys: readonly CarriedKey[]): readonly CarriedKey[] {
  return keys
    .filter(({ key }) => passes(() => parseCorrelationKey(key)))
    .slice(0, CORRELATION_KEYS_MAX);
}

function mappedFeedback(external: ExternalEvent, mapped: ExternalFeedback): FeedbackEvent {
  const occurredAtMs = plausibleTime(external.occurredAtMs);
  return FeedbackEvent.create({
    timestamp: occurredAtMs === undefined ? "" : new Date(occurredAtMs).toISOString(),
    feedbackType: mapped.feedbackType,
    metrics: { ...mapped.metrics },
    context: {
      ...mapped.context,
      original_type: mapped.originalType,
      original: mapped.typedData,
    },
    suggestions: [...mapped.suggestions],
    rating: mapped.rating,
    comments: mapped.comments,
    source: external.system,
  });
}

/** The command for what a webhook brought. */
export function externalFeedback(
  external: ExternalEvent,
  { pendingMs = PENDING_FEEDBACK_MS_MAX }: ReceiveOptions = {},
): ReceiveFeedbackCommand {
  const { system, endpoint, feedback } = external;
  return {
    source: `/ingress/${system}/${endpoint}`,
    id: external.deliveryId,
    keys: usableKeys(external.keys),
    feedback: feedback === undefined ? undefined : mappedFeedback(external, feedback),
    originalType: feedback?.originalType ?? "",
    raw: {
      system,
      type: external.type,
      subject: plainText(external.subject),
      occurredAtMs: plausibleTime(external.occurredAtMs),
      body: external.body,
      contentType: plainText(external.contentType) ?? "application/octet-stream",
    },
    memory: external.memory,
    pendingMs,
  };
}

const because = "its sender gave this key";
const becauseByDefault =
  "its sender gave this id for a correlation id, by default the execution id";

/** The keys that a caller gave, and for a correlation id that of the execution with this id. */
function submittedKeys(given: readonly string[]): readonly CarriedKey[] {
  const reasons = new Map(given.map((key) => [key, because]));
  for (const key of given) {
    const correlationId = correlationIdOf(parseCorrelationKey(key));
    if (correlationId === undefined) continue;
    const own = executionKey(correlationId);
    if (!reasons.has(own)) reasons.set(own, becauseByDefault);
  }
  return Array.from(reasons, ([key, reason]) => ({ key, because: reason }));
}

/** RFC 3339 as JSON has it everywhere. */
const timestampGrammar =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

function requireFinite(field: string, value: unknown): void {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw badRequest(field, "must be finite: JSON has no other numbers");
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) requireFinite(`${field}.${key}`, inner);
}

/** Checks what JSON would change without a word. Throws BAD_REQUEST. */
function requireTelling({ timestamp, metrics, context, rating }: FeedbackEvent): void {
  if (timestamp !== "" && !timestampGrammar.test(timestamp)) {
    throw badRequest("feedback.timestamp", "must be RFC 3339, with its offset from UTC");
  }
  requireFinite("feedback.rating", rating);
  requireFinite("feedback.metrics", metrics);
  requireFinite("feedback.context", context);
}

/**
 * The command for feedback from a caller. Throws BAD_REQUEST without feedback or keys,
 * LIMIT_EXCEEDED and CORRELATION_KEY_INVALID.
 */
export function submittedFeedback(
  request: SubmitFeedbackRequest,
  { pendingMs = PENDING_FEEDBACK_MS_MAX }: ReceiveOptions = {},
): ReceiveFeedbackCommand {
  const { feedback, originalType, correlationKeys } = request;
  if (feedback === undefined) throw badRequest("feedback", "must be set");
  if (correlationKeys.length === 0) throw badRequest("correlation_keys", "must hold at least one");
  requireKeys(correlationKeys);
  requireTelling(feedback);
  const context =
    originalType === "" ? feedback.context : { ...feedback.context, original_type: originalType };
  return {
    source: request.source === "" ? brokerSource : request.source,
    id: request.id,
    keys: submittedKeys(correlationKeys),
    feedback: { ...feedback, functionId: "", executionId: "", context },
    originalType,
    raw: undefined,
    memory: [],
    pendingMs,
  };
}
