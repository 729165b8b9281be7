import type { Settlement } from "@opendxa/pubsub-protocol";
import { limitExceeded } from "../errors.js";
import { BROKER_LIMITS } from "../limits.js";

/** Refuses more items than one settlement may have. @throws PubSubError LIMIT_EXCEEDED */
export function checkSettlementItems({ acks, nacks, extensions }: Settlement): void {
  const items = acks.length + nacks.length + extensions.length;
  if (items <= BROKER_LIMITS.settlementItemsMax) return;
  throw limitExceeded("settlement", BROKER_LIMITS.settlementItemsMax, items);
}
