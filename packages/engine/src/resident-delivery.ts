import {
  type DeliverySettings,
  type LanePosition,
  type LeaseTokens,
  SubscriptionDelivery,
} from "@opendxa/pubsub-core";
import {
  DeliveryOrder,
  type Subscription,
  type SubscriptionSettings,
  type SubscriptionState,
} from "@opendxa/pubsub-protocol";

/** What of a subscription's settings its resident state works by. */
export function deliverySettingsOf(settings: SubscriptionSettings | undefined): DeliverySettings {
  return {
    ackDeadlineMs: settings?.ackDeadlineMs ?? 0,
    retry: { minMs: settings?.retry?.minMs ?? 0, maxMs: settings?.retry?.maxMs ?? 0 },
    attemptsMax: settings?.attemptsMax ?? 0,
  };
}

/** Makes the resident state of a subscription from what is stored of it. */
export function restoredDelivery(
  { subscriptionId, subscription, leaseFloor, partitionStarts }: SubscriptionState,
  lanes: readonly LanePosition[],
  tokens: LeaseTokens,
): SubscriptionDelivery {
  const { settings, epoch, paused, pauseReason } = subscription as Subscription;
  return SubscriptionDelivery.restore({
    subscriptionId,
    epoch,
    settings: deliverySettingsOf(settings),
    order: settings?.order ?? DeliveryOrder.NONE,
    lanes,
    partitionStarts,
    leaseFloor,
    pauseReason: paused ? pauseReason : undefined,
    tokens,
  });
}

/** Where a resident subscription stands once everything that was taken is journalled. */
export function residentLanes(delivery: SubscriptionDelivery): LanePosition[] {
  return delivery.lanes.map((lane) => delivery.durableState(lane));
}
