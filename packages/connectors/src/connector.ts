import type { JsonObject, JsonValue } from "./json.js";
import type { ConnectorMemory } from "./memory.js";
import type { ConnectorSettings } from "./settings.js";

/** Systems that have a connector. */
export type ConnectorSystem = "mlflow" | "pagerduty";

/** An HTTP request as it arrived. */
export interface WebhookRequest {
  /** Headers by lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body's raw bytes, before any decoding. */
  readonly body: Uint8Array;
}

/** Why a request is not believed. */
export type RefusalReason =
  | "signature_missing"
  | "signature_mismatch"
  | "timestamp_missing"
  | "timestamp_invalid"
  | "timestamp_out_of_window"
  | "delivery_id_missing"
  | "delivery_id_invalid";

/** A request that is believed. */
export interface Verified {
  /** Always true. */
  readonly ok: true;
  /** The provider's id of the delivery, the same on each retry; see {@link Connector.dedupId}. */
  readonly deliveryId: string;
}

/** A request that is not believed: nothing of it may be parsed or stored. */
export interface Refused {
  /** Always false. */
  readonly ok: false;
  /** The class of the refusal. */
  readonly reason: RefusalReason;
  /** One sentence for the operator's log; holds no secret and no expected signature. */
  readonly detail: string;
}

/** The verdict on a request. */
export type Verification = Verified | Refused;

/** A body whose envelope is sound. */
export interface ParsedWebhook {
  /** The system whose envelope it is. */
  readonly system: ConnectorSystem;
  /** The provider's event name, such as `model_version.created` or `incident.resolved`. */
  readonly event: string;
  /** The provider's id of the event inside the signed body; MLflow has none. */
  readonly eventId: string | undefined;
  /** When the provider says that it happened, ms since 1970; never a reason to refuse. */
  readonly occurredAtMs: number | undefined;
  /** The whole envelope. */
  readonly envelope: JsonObject;
  /** The event's own data. */
  readonly data: JsonObject;
}

/** What {@link Connector.map} knows beside the body. */
export interface MapOrigin {
  /** Id of the delivery being mapped; remembered, so that later events can name it. */
  readonly deliveryId?: string;
}

/** Why a key belongs to an event. */
export interface KeyExplanation {
  /** The correlation key. */
  readonly key: string;
  /** One sentence for people. */
  readonly because: string;
}

/** One change of the connector's memory. */
export interface MemoryWrite {
  /** Key of the memory entry. */
  readonly key: string;
  /** The new value; undefined forgets the key. */
  readonly value: ConnectorMemory | undefined;
}

/** Typed event that a feedback becomes; `execution_id` is filled in by the match. */
export type TypedEventType =
  | "feedback.alert_resolved"
  | "feedback.mlflow_validation"
  | "feedback.human_validation"
  | "function.feedback";

/** The `feedback_type` of a feedback. */
export type FeedbackType = "success" | "error" | "performance" | "quality" | "user" | "system";

/** What an event says about an outcome, in the fields of `FeedbackEvent`. */
export interface MappedFeedback {
  /** Type of the typed event. */
  readonly typedEventType: TypedEventType;
  /** `feedback_type`. */
  readonly feedbackType: FeedbackType;
  /** `metrics`; `outcome_score` is 1 (was right) or 0 (was wrong) where the system told. */
  readonly metrics: Readonly<Record<string, number>>;
  /** `context`: what happened, in the provider's words. */
  readonly context: Readonly<Record<string, JsonValue>>;
  /** `suggestions`. */
  readonly suggestions: readonly string[];
  /** `rating`, where a person gave one. */
  readonly rating?: number;
  /** `comments`, where a person wrote some; cut at `commentCharsMax`. */
  readonly comments?: string;
  /** Fields of the typed event in snake_case, without the ids that the match adds. */
  readonly typedData: Readonly<Record<string, JsonValue>>;
  /** `retracted`: this takes an earlier feedback back (an alias or tag removed, a reopening). */
  readonly retracted: boolean;
  /** Delivery whose feedback this one revises, where remembered; `supersedes` follows from it. */
  readonly revisesDeliveryId: string | undefined;
}

/** An event in the words of the contract. */
export interface Mapping {
  /** `external.<system>.<event>`. */
  readonly eventType: string;
  /** When it happened, ms since 1970. */
  readonly occurredAtMs: number | undefined;
  /** What it is about: `fraud-detector/1`, an incident's id. */
  readonly subject: string | undefined;
  /** Keys to match executions by, `<system>:<kind>:<rest verbatim>`, strongest first. */
  readonly correlationKeys: readonly string[];
  /** One explanation for each key, in the same order. */
  readonly explanation: readonly KeyExplanation[];
  /** What it says about an outcome; undefined where it says nothing. */
  readonly feedback: MappedFeedback | undefined;
  /** What to remember, or forget, in the same entry. */
  readonly memory: readonly MemoryWrite[];
  /** What was left out and why, one sentence each. */
  readonly notes: readonly string[];
}

/** One external system: pure functions from bytes to the words of the contract. */
export interface Connector {
  /** The system. */
  readonly system: ConnectorSystem;
  /** Believes a request or not, on its raw bytes, in constant time; never throws. */
  verify(request: WebhookRequest, settings: ConnectorSettings, nowMs: number): Verification;
  /** Parses a believed body. @throws ConnectorError */
  parse(body: Uint8Array): ParsedWebhook;
  /**
   * Id to deduplicate by. It is always covered by the signature, so that a captured request cannot
   * be replayed under another id: MLflow signs its delivery id, PagerDuty only the body.
   */
  dedupId(verified: Verified, parsed: ParsedWebhook): string;
  /** Keys of the memory entries to load before {@link map}; at most 4. */
  memoryKeys(parsed: ParsedWebhook): readonly string[];
  /** Maps an event, given what was remembered; never throws, unknown events included. */
  map(
    parsed: ParsedWebhook,
    memory: ReadonlyMap<string, ConnectorMemory>,
    origin?: MapOrigin,
  ): Mapping;
}
