import type { MapOrigin, ParsedWebhook } from "../connector.js";
import { identifierMember, timeMember } from "../fields.js";
import type { ConnectorMemory, PagerDutyIncidentMemory } from "../memory.js";
import { customFieldsOf, hasVerdictChanged } from "./incident.js";
import { isMerge } from "./resolution.js";

/** Memory key of an incident, which is its correlation key as well. */
export function incidentKeyOf(incidentId: string): string {
  return `pagerduty:incident:${incidentId}`;
}

/** What is remembered of an incident. */
export function rememberedIncident(
  incidentId: string,
  memory: ReadonlyMap<string, ConnectorMemory>,
): PagerDutyIncidentMemory | undefined {
  const known = memory.get(incidentKeyOf(incidentId));
  return known?.kind === "pagerduty_incident" ? known : undefined;
}

/** What is known of an incident after an event. */
export function learnedIncident(
  parsed: ParsedWebhook,
  before: PagerDutyIncidentMemory | undefined,
  origin: MapOrigin,
): PagerDutyIncidentMemory {
  const { data, event } = parsed;
  const deliveryId = origin.deliveryId ?? null;
  const base = before ?? unknownIncident(event, deliveryId);
  const known: PagerDutyIncidentMemory = {
    ...base,
    incidentKey: identifierMember(data, "incident_key") ?? base.incidentKey,
    createdAtMs: timeMember(data, "created_at") ?? base.createdAtMs,
    ...learnedFields(parsed, base, deliveryId),
  };
  if (event === "incident.resolved" && !isMerge(data)) {
    return { ...known, resolvedDeliveryId: deliveryId };
  }
  return event === "incident.reopened" ? { ...known, resolvedDeliveryId: null } : known;
}

function learnedFields(
  parsed: ParsedWebhook,
  base: PagerDutyIncidentMemory,
  deliveryId: string | null,
): Partial<PagerDutyIncidentMemory> {
  const fields = customFieldsOf(parsed.data);
  if (fields === undefined) return {};
  const ids = {
    executionId: fields.executionId ?? base.executionId,
    correlationId: fields.correlationId ?? base.correlationId,
  };
  const isNew = fields.hasVerdictField && (fields.verdict ?? null) !== base.verdict;
  if (!isNew && !hasVerdictChanged(parsed.data)) return ids;
  return { ...ids, verdict: fields.verdict ?? null, verdictDeliveryId: deliveryId };
}

function unknownIncident(event: string, deliveryId: string | null): PagerDutyIncidentMemory {
  return {
    kind: "pagerduty_incident",
    incidentKey: null,
    createdAtMs: null,
    executionId: null,
    correlationId: null,
    verdict: null,
    verdictDeliveryId: null,
    resolvedDeliveryId: null,
    learnedFrom: event,
    deliveryId,
  };
}

/** Whether two memories say the same, so that nothing need be written. */
export function isSameMemory(
  left: PagerDutyIncidentMemory | undefined,
  right: PagerDutyIncidentMemory,
): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** Whether a memory would help a later event: an incident merely referred to does not. */
export function isWorthRemembering(memory: PagerDutyIncidentMemory): boolean {
  const { incidentKey, createdAtMs, executionId, correlationId, verdict } = memory;
  return [incidentKey, createdAtMs, executionId, correlationId, verdict].some(
    (value) => value !== null,
  );
}
