import type { ParsedWebhook } from "../connector.js";
import { ConnectorError } from "../connector-error.js";
import { asObject, eventNameMember, requiredObject } from "../event-name.js";
import { identifierMember, timeMember } from "../fields.js";
import { parseJson } from "../json.js";
import { deliveryIdCharsMax } from "../limits.js";

/** Parses a V3 body `{event: {id, event_type, occurred_at, agent, data}}`. @throws ConnectorError */
export function parsePagerDuty(body: Uint8Array): ParsedWebhook {
  const envelope = requiredObject(asObject(parseJson(body), "body"), "event", "body.event");
  const eventId = identifierMember(envelope, "id");
  if (eventId === undefined || eventId.length > deliveryIdCharsMax) {
    const rule = `an identifier of 1 to ${deliveryIdCharsMax} characters`;
    throw new ConnectorError({ reason: "bad_shape", field: "body.event.id", rule });
  }
  return {
    system: "pagerduty",
    event: eventNameMember(envelope, "event_type", "body.event.event_type"),
    eventId,
    occurredAtMs: timeMember(envelope, "occurred_at"),
    envelope,
    data: requiredObject(envelope, "data", "body.event.data"),
  };
}
