import type { MapOrigin, Mapping, ParsedWebhook } from "../connector.js";
import { CorrelationKeys, isKey } from "../correlation.js";
import { identifierMember } from "../fields.js";
import type { ConnectorMemory, PagerDutyIncidentMemory } from "../memory.js";
import { incidentFeedback } from "./feedback.js";
import { customFieldsOf, incidentIdOf } from "./incident.js";
import {
  incidentKeyOf,
  isSameMemory,
  isWorthRemembering,
  learnedIncident,
  rememberedIncident,
} from "./memory.js";
import { isMerge } from "./resolution.js";

/** Memory keys to load before {@link mapPagerDuty}. */
export function pagerDutyMemoryKeys(parsed: ParsedWebhook): readonly string[] {
  const incidentId = incidentIdOf(parsed);
  return incidentId === undefined ? [] : [incidentKeyOf(incidentId)].filter(isKey);
}

/** Maps a PagerDuty event; the table of outcomes is in the README. */
export function mapPagerDuty(
  parsed: ParsedWebhook,
  memory: ReadonlyMap<string, ConnectorMemory>,
  origin: MapOrigin = {},
): Mapping {
  const incidentId = incidentIdOf(parsed);
  const common = {
    eventType: `external.pagerduty.${parsed.event}`,
    occurredAtMs: parsed.occurredAtMs,
  };
  if (incidentId === undefined) {
    const subject = identifierMember(parsed.data, "id");
    return { ...common, subject, ...nothing };
  }
  const before = rememberedIncident(incidentId, memory);
  const known = learnedIncident(parsed, before, origin);
  const keys = correlate(parsed, incidentId, { before, known });
  if (parsed.event === "incident.resolved" && isMerge(parsed.data)) {
    keys.note("resolved by a merge into another incident, which is not an outcome");
  }
  const memoryKey = incidentKeyOf(incidentId);
  const isNews = !isSameMemory(before, known) && isWorthRemembering(known) && isKey(memoryKey);
  return {
    ...common,
    subject: incidentId,
    correlationKeys: keys.keys,
    explanation: keys.explanation,
    feedback: incidentFeedback({ parsed, incidentId, before, known }),
    memory: isNews ? [{ key: memoryKey, value: known }] : [],
    notes: keys.notes,
  };
}

const nothing = {
  correlationKeys: [],
  explanation: [],
  feedback: undefined,
  memory: [],
  notes: [],
} as const;

function correlate(
  parsed: ParsedWebhook,
  incidentId: string,
  about: {
    readonly before: PagerDutyIncidentMemory | undefined;
    readonly known: PagerDutyIncidentMemory;
  },
): CorrelationKeys {
  const keys = new CorrelationKeys();
  const { before, known } = about;
  const delivery = before?.deliveryId ? ` delivery ${before.deliveryId}` : "";
  const origin = (isOwn: boolean) =>
    isOwn
      ? `of ${incidentId}, named in this event`
      : `of ${incidentId}, remembered since ${known.learnedFrom}${delivery}`;
  const fields = customFieldsOf(parsed.data);
  const execution = origin(fields?.executionId !== undefined);
  keys.addExecution(
    known.executionId ?? undefined,
    `custom field opendxa_execution_id ${execution}`,
  );
  const correlation = origin(fields?.correlationId !== undefined);
  keys.addCorrelation(
    known.correlationId ?? undefined,
    `custom field opendxa_correlation_id ${correlation}`,
  );
  if (known.incidentKey !== null) {
    const isOwn = identifierMember(parsed.data, "incident_key") !== undefined;
    const key = `pagerduty:dedup:${known.incidentKey}`;
    keys.add(key, `incident_key ${origin(isOwn)}; the alert's dedup key unless alerts are grouped`);
  }
  keys.add(incidentKeyOf(incidentId), "the incident itself, named in this event");
  return keys;
}
