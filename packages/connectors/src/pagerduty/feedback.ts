import type { MappedFeedback, ParsedWebhook } from "../connector.js";
import { identifierMember, objectMember, shortened, textMember } from "../fields.js";
import type { JsonValue } from "../json.js";
import { commentCharsMax, contextCharsMax } from "../limits.js";
import type { PagerDutyIncidentMemory } from "../memory.js";
import { customFieldsOf, hasVerdictChanged } from "./incident.js";
import { isMerge, type Resolution, resolutionOf } from "./resolution.js";

/** An event with all that is known about its incident. */
export interface IncidentFacts {
  /** The event. */
  readonly parsed: ParsedWebhook;
  /** Id of the incident. */
  readonly incidentId: string;
  /** What was remembered before it. */
  readonly before: PagerDutyIncidentMemory | undefined;
  /** What is known with it. */
  readonly known: PagerDutyIncidentMemory;
}

/** What an incident's event says about an outcome; undefined for progress. */
export function incidentFeedback(facts: IncidentFacts): MappedFeedback | undefined {
  switch (facts.parsed.event) {
    case "incident.resolved":
      return isMerge(facts.parsed.data) ? undefined : resolved(facts);
    case "incident.reopened":
      return reopened(facts);
    case "incident.annotated":
      return annotated(facts);
    case "incident.custom_field_values.updated":
      return judged(facts);
    default:
      return undefined;
  }
}

function resolved(facts: IncidentFacts): MappedFeedback {
  const { parsed, known, before } = facts;
  const { envelope, occurredAtMs } = parsed;
  const resolution = resolutionOf(parsed.data, { envelope, occurredAtMs, known });
  const { minutes, wasUseful } = resolution;
  return {
    typedEventType: "feedback.alert_resolved",
    feedbackType: resolvedType(resolution),
    metrics: {
      ...(minutes === undefined ? {} : { resolution_time_minutes: minutes }),
      ...(wasUseful === undefined ? {} : { outcome_score: wasUseful ? 1 : 0 }),
    },
    context: { ...contextOf(facts), resolution_type: resolution.type },
    suggestions: [],
    typedData: {
      resolution_type: resolution.type,
      ...(minutes === undefined ? {} : { resolution_time_minutes: minutes }),
      ...(wasUseful === undefined ? {} : { was_useful: wasUseful }),
    },
    retracted: false,
    revisesDeliveryId: before?.resolvedDeliveryId ?? undefined,
  };
}

function resolvedType(resolution: Resolution): MappedFeedback["feedbackType"] {
  if (resolution.wasUseful !== undefined) return resolution.wasUseful ? "success" : "quality";
  return resolution.type === "resolved" ? "user" : "system";
}

// Only a resolution that was told can be taken back.
function reopened(facts: IncidentFacts): MappedFeedback | undefined {
  const revised = facts.before?.resolvedDeliveryId ?? undefined;
  if (revised === undefined) return undefined;
  return {
    typedEventType: "feedback.alert_resolved",
    feedbackType: "quality",
    metrics: {},
    context: { ...contextOf(facts), resolution_type: "reopened" },
    suggestions: [],
    typedData: { resolution_type: "reopened" },
    retracted: true,
    revisesDeliveryId: revised,
  };
}

// The text is passed on as it is: what it may mean is for people, and for learners, to judge.
function annotated(facts: IncidentFacts): MappedFeedback | undefined {
  const content = textMember(facts.parsed.data, "content");
  if (content === undefined || content === "") return undefined;
  const comments = shortened(content, commentCharsMax);
  const isCut = comments.length < content.length || facts.parsed.data["trimmed"] === true;
  return {
    typedEventType: "function.feedback",
    feedbackType: "user",
    metrics: {},
    context: { ...contextOf(facts), comments_cut: isCut },
    suggestions: [],
    comments,
    typedData: { feedback_type: "user", comments },
    retracted: false,
    revisesDeliveryId: undefined,
  };
}

function judged(facts: IncidentFacts): MappedFeedback | undefined {
  const { parsed, before } = facts;
  if (!hasVerdictChanged(parsed.data)) return undefined;
  const verdict = customFieldsOf(parsed.data)?.verdict;
  const earlier = before?.verdict ?? undefined;
  const judgement = verdict ?? earlier;
  if (judgement === undefined) return undefined;
  const wasReal = judgement === "confirmed_drift";
  const isRetracted = verdict === undefined;
  return {
    typedEventType: "feedback.human_validation",
    feedbackType: wasReal && !isRetracted ? "success" : "quality",
    // A verdict taken back must not count once more with those who overlook `retracted`.
    metrics: isRetracted ? {} : { outcome_score: wasReal ? 1 : 0 },
    context: { ...contextOf(facts), verdict: judgement },
    suggestions: [],
    typedData: { validation_type: "drift_accuracy", was_real_drift: wasReal, reason: judgement },
    retracted: isRetracted,
    revisesDeliveryId: before?.verdictDeliveryId ?? undefined,
  };
}

function contextOf({ parsed, incidentId }: IncidentFacts): Record<string, JsonValue> {
  const { data, envelope } = parsed;
  const agent = identifierMember(objectMember(envelope, "agent"), "summary");
  const title = textMember(data, "title") ?? textMember(objectMember(data, "incident"), "summary");
  const service = identifierMember(objectMember(data, "service"), "summary");
  return {
    system: "pagerduty",
    event: parsed.event,
    incident_id: incidentId,
    ...(title === undefined ? {} : { title: shortened(title, contextCharsMax) }),
    ...(service === undefined ? {} : { service }),
    ...(agent === undefined ? {} : { agent }),
  };
}
