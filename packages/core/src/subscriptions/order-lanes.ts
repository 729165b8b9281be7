import { DeliveryOrder, Priority, type SubscriptionState } from "@opendxa/pubsub-protocol";
import { type Lane, lanes } from "../delivery/lane.js";

const keyLanes: readonly Lane[] = [Priority.NORMAL];

/** Lanes in which a subscription has cursors: with order KEY, whose events keep one order, one. */
export function lanesOf(state: SubscriptionState): readonly Lane[] {
  return state.subscription?.settings?.order === DeliveryOrder.KEY ? keyLanes : lanes;
}
