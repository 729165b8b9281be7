import type { ParsedWebhook } from "../connector.js";
import { asObject, eventNameMember, requiredObject } from "../event-name.js";
import { timeMember } from "../fields.js";
import { parseJson } from "../json.js";

/** Parses `{entity, action, timestamp, data}`. @throws ConnectorError */
export function parseMlflow(body: Uint8Array): ParsedWebhook {
  const envelope = asObject(parseJson(body), "body");
  const entity = eventNameMember(envelope, "entity", "body.entity");
  const action = eventNameMember(envelope, "action", "body.action");
  return {
    system: "mlflow",
    event: `${entity}.${action}`,
    eventId: undefined,
    occurredAtMs: timeMember(envelope, "timestamp"),
    envelope,
    data: requiredObject(envelope, "data", "body.data"),
  };
}
