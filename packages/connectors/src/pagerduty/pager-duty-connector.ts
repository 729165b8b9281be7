import type { Connector } from "../connector.js";
import { mapPagerDuty, pagerDutyMemoryKeys } from "./map.js";
import { parsePagerDuty } from "./parse.js";
import { verifyPagerDuty } from "./verify.js";

/** PagerDuty V3 webhooks (checked against fixtures after the documented shape). */
export const pagerDutyConnector: Connector = {
  system: "pagerduty",
  verify: verifyPagerDuty,
  parse: parsePagerDuty,
  // The delivery id is outside the signature; the event's own id is inside.
  dedupId: (verified, parsed) => parsed.eventId ?? verified.deliveryId,
  memoryKeys: pagerDutyMemoryKeys,
  map: mapPagerDuty,
};
