import type { ParsedWebhook } from "../connector.js";
import { arrayMember, identifier, identifierMember, member, objectMember } from "../fields.js";
import { isObject, type JsonObject, type JsonValue } from "../json.js";
import { customFieldsMax } from "../limits.js";
import { verdictOf } from "../verdict.js";

/** Verdicts that make sense for an alert. */
export type AlertVerdict = "false_positive" | "confirmed_drift";

/** What the custom fields of an event say; undefined where it carries none. */
export interface CustomFields {
  /** Field `opendxa_execution_id`. */
  readonly executionId: string | undefined;
  /** Field `opendxa_correlation_id`. */
  readonly correlationId: string | undefined;
  /** Whether the fields include one for a verdict. */
  readonly hasVerdictField: boolean;
  /** Its value, where it is a verdict. */
  readonly verdict: AlertVerdict | undefined;
}

const verdictFields: ReadonlySet<string> = new Set([
  "verdict",
  "outcome",
  "opendxa_verdict",
  "opendxa_outcome",
]);

/** The id of the incident that an event is about, directly or by reference. */
export function incidentIdOf(parsed: ParsedWebhook): string | undefined {
  if (!parsed.event.startsWith("incident.")) return undefined;
  const reference = identifierMember(objectMember(parsed.data, "incident"), "id");
  const isIncident = member(parsed.data, "type") === "incident";
  return isIncident ? identifierMember(parsed.data, "id") : reference;
}

/** Reads the custom fields of an incident or of a field update. */
export function customFieldsOf(data: JsonObject): CustomFields | undefined {
  if (!Array.isArray(member(data, "custom_fields"))) return undefined;
  const fields = fieldsOf(data, "custom_fields");
  const firstValue = (name: string) =>
    fields.filter((field) => member(field, "name") === name).flatMap(valuesOf)[0];
  const judging = fields.filter(isVerdictField);
  const verdicts = judging.flatMap(valuesOf).map(alertVerdictOf);
  return {
    executionId: identifier(firstValue("opendxa_execution_id")),
    correlationId: identifier(firstValue("opendxa_correlation_id")),
    hasVerdictField: judging.length > 0,
    verdict: verdicts.find((verdict) => verdict !== undefined),
  };
}

/**
 * Whether a field update touched a verdict. `changed_custom_fields` lists what changed, with the
 * old values, which are of no use here.
 */
export function hasVerdictChanged(data: JsonObject): boolean {
  return fieldsOf(data, "changed_custom_fields").some(isVerdictField);
}

/** A verdict about an alert; approvals are about models and do not count. */
export function alertVerdictOf(value: JsonValue | undefined): AlertVerdict | undefined {
  const verdict = verdictOf(value);
  return verdict === "false_positive" || verdict === "confirmed_drift" ? verdict : undefined;
}

function fieldsOf(data: JsonObject, name: string): readonly JsonObject[] {
  return arrayMember(data, name).slice(0, customFieldsMax).filter(isObject);
}

function isVerdictField(field: JsonObject): boolean {
  const name = member(field, "name");
  return typeof name === "string" && verdictFields.has(name);
}

// A field with several values holds an array of them.
function valuesOf(field: JsonObject): readonly JsonValue[] {
  const value = member(field, "value");
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
}
