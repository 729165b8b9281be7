import type { RetryBackoff } from "./backoff.js";
import type { BatchRef } from "./batch-ref.js";
import type { ConsumerRing } from "./consumer-ring.js";
import type { KeyTable } from "./key-table.js";
import type { LaneState } from "./lane-state.js";
import type { LeaseTable } from "./lease-table.js";

/** What of a subscription's settings matters here, defaults filled in. */
export interface DeliverySettings {
  /** How long a consumer may keep an event, in milliseconds. */
  readonly ackDeadlineMs: number;
  /** Backoff between attempts. */
  readonly retry: RetryBackoff;
  /** Attempts after which an event becomes a dead letter. 0: no bound. */
  readonly attemptsMax: number;
}

/** What the resident state of a subscription consists of. */
export interface DeliveryParts {
  /** Settings as they are now. */
  settings: DeliverySettings;
  /** Its lanes, the most urgent first; one with order KEY. */
  readonly lanes: readonly LaneState[];
  /** Leases. */
  readonly leases: LeaseTable;
  /** Consumers. */
  readonly consumers: ConsumerRing;
  /** Ordering keys; absent without order KEY. */
  readonly keys: KeyTable | undefined;
  /** What of a batch enters the subscription; `undefined`: nothing. */
  readonly admit: (lane: LaneState, ref: BatchRef) => BatchRef | undefined;
}

/** The lane of a batch: with order KEY there is only one. */
export function laneStateOf(
  { lanes }: Pick<DeliveryParts, "lanes">,
  ref: { readonly lane: LaneState["lane"] },
): LaneState {
  return (lanes.find(({ lane }) => lane === ref.lane) ?? lanes[0]) as LaneState;
}
