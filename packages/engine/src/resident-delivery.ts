import {
  type LanePosition,
  type LeaseTokens,
  lanesOf,
  SubscriptionDelivery,
} from "@opendxa/pubsub-core";
import {
  CursorState,
  Priority,
  type Subscription,
  type SubscriptionState,
} from "@opendxa/pubsub-protocol";

/** Makes the resident state of a subscription from what is stored of it. */
export function restoredDelivery(
  { subscriptionId, subscription }: SubscriptionState,
  positions: readonly LanePosition[],
  tokens: LeaseTokens,
): SubscriptionDelivery {
  const { settings, epoch } = subscription as Subscription;
  const normal = positions.find(({ lane }) => lane === Priority.NORMAL);
  return SubscriptionDelivery.restore({
    subscriptionId,
    epoch,
    settings: {
      ackDeadlineMs: settings?.ackDeadlineMs ?? 0,
      retry: { minMs: settings?.retry?.minMs ?? 0, maxMs: settings?.retry?.maxMs ?? 0 },
    },
    cursor: normal?.cursor ?? CursorState.create(),
    exceptions: normal?.exceptions ?? new Map(),
    tokens,
  });
}

/** Where a resident subscription stands once everything that was taken is journalled. */
export function residentLanes(
  delivery: SubscriptionDelivery,
  state: SubscriptionState,
): LanePosition[] {
  return lanesOf(state).map((lane) => ({ lane, ...delivery.durableState() }));
}
