import {
  badRequest,
  EVENT_BYTES_MAX,
  encodeBatch,
  estimateEventBytes,
  type OutgoingEvent,
  validateClientTopicName,
  validateOutgoingEvent,
} from "@opendxa/pubsub-protocol";
import { text as checkedText } from "../arguments.js";
import {
  type FeedbackInput,
  type FeedbackJson,
  feedbackJson,
  isFeedback,
  isFeedbackJson,
} from "../feedback/feedback-event.js";
import {
  isLearning,
  isLearningJson,
  type LearningInput,
  type LearningJson,
  learningJson,
} from "../feedback/learning-event.js";

/** An event with its payload in one of three forms: `data` as bytes, `json`, or `text`. */
export interface EventInput extends OutgoingEvent {
  /** Payload as a JSON value; `dataContentType` becomes `application/json`. Bigints become strings. */
  readonly json?: unknown;
  /** Payload as text; `dataContentType` becomes `text/plain; charset=utf-8`. */
  readonly text?: string | undefined;
}

/**
 * What can be published: an event; bytes, which become its payload; or one of POET's typed objects,
 * with names in either form, which becomes its JSON payload with its type in the envelope.
 */
export type Publishable =
  | EventInput
  | Uint8Array
  | FeedbackInput
  | FeedbackJson
  | LearningInput
  | LearningJson;

/** Type of an event that was given as bytes alone. */
export const BYTES_TYPE = "bytes";

const JSON_TYPE = "application/json";
const TEXT_TYPE = "text/plain; charset=utf-8";

/**
 * Makes an event of what was given, and checks it by every rule of the contract.
 *
 * @throws {@link PubSubError} TOPIC_NAME_INVALID, EVENT_INVALID, LIMIT_EXCEEDED
 */
export function outgoingEvent(
  topic: string,
  given: Publishable,
  source: string | undefined,
): OutgoingEvent {
  validateClientTopicName(topic);
  const event = withSource(eventOf(given), source);
  validateOutgoingEvent(event, 0);
  if (estimateEventBytes(event) > EVENT_BYTES_MAX)
    encodeBatch({ topic, events: [{ id: "-", ...event }] });
  return event;
}

function withSource(event: OutgoingEvent, source: string | undefined): OutgoingEvent {
  return event.source !== undefined || source === undefined ? event : { ...event, source };
}

function eventOf(given: Publishable): OutgoingEvent {
  // A caller in JavaScript may give anything.
  if (typeof (given as unknown) !== "object" || given === null) {
    throw badRequest("event", "an event, bytes, feedback, or what was learned");
  }
  if (given instanceof Uint8Array) return { type: BYTES_TYPE, data: given };
  const typed = typedEvent(given);
  if (typed !== undefined) return typed;
  const { json, text, ...event } = given as EventInput;
  if (json !== undefined) return jsonEvent(event, json);
  if (text === undefined) return event;
  const data = Buffer.from(checkedText("text", text));
  return { ...event, data, dataContentType: event.dataContentType ?? TEXT_TYPE };
}

/** The event of one of POET's typed objects; feedback is correlated by its execution. */
function typedEvent(given: Exclude<Publishable, Uint8Array>): OutgoingEvent | undefined {
  if (isFeedback(given)) return feedbackOn(given.executionId, feedbackJson(given));
  if (isFeedbackJson(given)) return feedbackOn(given.execution_id, given);
  if (isLearning(given)) return jsonEvent({ type: "learning" }, learningJson(given));
  return isLearningJson(given) ? jsonEvent({ type: "learning" }, given) : undefined;
}

function feedbackOn(executionId: string, json: object): OutgoingEvent {
  return jsonEvent({ type: "feedback", correlationId: executionId || undefined }, json);
}

function jsonEvent(event: OutgoingEvent, json: unknown): OutgoingEvent {
  const text = jsonText(json);
  return { ...event, data: Buffer.from(text), dataContentType: event.dataContentType ?? JSON_TYPE };
}

function jsonText(json: unknown): string {
  try {
    const text = JSON.stringify(json, (_key, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    ) as string | undefined;
    if (text !== undefined) return text;
  } catch {
    // A cycle, or nested too deep.
  }
  throw badRequest("json", "a value that JSON can hold");
}
