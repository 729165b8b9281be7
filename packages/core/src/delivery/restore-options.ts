import type { DeliveryOrder, PartitionStart } from "@opendxa/pubsub-protocol";
import type { DeliverySettings } from "./delivery-parts.js";
import type { LanePosition } from "./lane-state.js";
import type { LeaseTokens } from "./lease-tokens.js";

/** What a subscription's resident state is made from. */
export interface RestoreOptions {
  /** Number of the subscription. */
  readonly subscriptionId: number;
  /** Its epoch. */
  readonly epoch: number;
  /** What of its settings matters here, defaults filled in. */
  readonly settings: DeliverySettings;
  /** Order that is kept; it never changes. */
  readonly order: DeliveryOrder;
  /** Projected positions of all its lanes, the most urgent first: three, or NORMAL alone with KEY. */
  readonly lanes: readonly LanePosition[];
  /** Topic-partitions that begin elsewhere than the cursors say. */
  readonly partitionStarts: readonly PartitionStart[];
  /** Leases up to this token belong to earlier epochs. */
  readonly leaseFloor: bigint;
  /** An operator's reason while it is paused. Absent: it is not. */
  readonly pauseReason: string | undefined;
  /** Numbers leases; the engine has one for all subscriptions. */
  readonly tokens: LeaseTokens;
}
