import { member, objectMember } from "../fields.js";
import type { JsonObject, JsonValue } from "../json.js";
import type { PagerDutyIncidentMemory } from "../memory.js";
import { type AlertVerdict, alertVerdictOf, customFieldsOf } from "./incident.js";

const minuteMs = 60_000;

/** Whether an incident was resolved by merging it into another one: that is no outcome. */
export function isMerge(data: JsonObject): boolean {
  return member(objectMember(data, "resolve_reason"), "type") === "merge_resolve_reason";
}

/** Fields of `feedback.alert_resolved`. */
export interface Resolution {
  /** `false_positive`, `confirmed_drift`, `resolved` by a person or `auto_resolved`. */
  readonly type: AlertVerdict | "resolved" | "auto_resolved";
  /** From opening to resolution, minutes to two decimals; undefined where unknown or negative. */
  readonly minutes: number | undefined;
  /** Whether the alert was right; undefined without a verdict. */
  readonly wasUseful: boolean | undefined;
}

/** How an incident was resolved: the reason first, then its fields, then what was remembered. */
export function resolutionOf(
  data: JsonObject,
  about: {
    readonly envelope: JsonObject;
    readonly occurredAtMs: number | undefined;
    readonly known: PagerDutyIncidentMemory;
  },
): Resolution {
  const verdict =
    reasonVerdict(member(data, "resolve_reason")) ??
    customFieldsOf(data)?.verdict ??
    about.known.verdict;
  const type = verdict ?? (isPerson(about.envelope) ? "resolved" : "auto_resolved");
  return {
    type,
    minutes: minutesBetween(about.known.createdAtMs, about.occurredAtMs),
    wasUseful: verdict === null ? undefined : verdict === "confirmed_drift",
  };
}

/** Whether a person did it; without an agent it was an integration or a timeout. */
export function isPerson(envelope: JsonObject): boolean {
  const type = member(objectMember(envelope, "agent"), "type");
  return type === "user_reference" || type === "user";
}

// The inner shape is not documented for webhooks: a plain text or the usual members of an object.
function reasonVerdict(reason: JsonValue | undefined): AlertVerdict | undefined {
  const object = objectMember({ reason: reason ?? null }, "reason");
  const type = member(object, "type");
  const short = typeof type === "string" ? type.replace(/_resolve_reason$/, "") : undefined;
  const candidates = [reason, short, ...["name", "value", "summary"].map((n) => member(object, n))];
  return candidates.map(alertVerdictOf).find((verdict) => verdict !== undefined);
}

function minutesBetween(fromMs: number | null, toMs: number | undefined): number | undefined {
  if (fromMs === null || toMs === undefined || toMs < fromMs) return undefined;
  return Math.round(((toMs - fromMs) / minuteMs) * 100) / 100;
}
