import { Entry } from "@opendxa/pubsub-protocol";
import type { SubscriptionDelivery } from "./subscription-delivery.js";

/** Takes everything that a delivery has to journal; `isFinal` as in `takeChange`. */
export function takeSettledEntries(delivery: SubscriptionDelivery, isFinal = false): Entry[] {
  const entries: Entry[] = [];
  for (let value = delivery.takeChange(isFinal); value; value = delivery.takeChange(isFinal)) {
    entries.push(Entry.create({ kind: { $case: "eventsSettled", value } }));
  }
  return entries;
}
