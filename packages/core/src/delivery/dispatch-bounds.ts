import type { DeliveryParts } from "./delivery-parts.js";
import type { LaneState } from "./lane-state.js";
import { exceptionsMax, heldRunsMax, readyEventsMax } from "./limits.js";

/** Why nothing new is dispatched. */
export type PausedReason = "PAUSED" | "TOO_MANY_BLOCKED_KEYS" | "TOO_MANY_EXCEPTIONS";

type Bounded = Pick<DeliveryParts, "keys" | "lanes">;

function hasTooManyExceptions({ exceptionRuns }: LaneState): boolean {
  return exceptionRuns >= exceptionsMax;
}

function hasTooManyHeld({ book }: LaneState): boolean {
  return book.heldRuns >= heldRunsMax;
}

/**
 * The bound that is reached, if any. Runs that are held behind a consumer at work only pause
 * scanning: the consumer goes on.
 */
export function reachedBound({ keys, lanes }: Bounded): PausedReason | undefined {
  if (lanes.some(hasTooManyExceptions)) return "TOO_MANY_EXCEPTIONS";
  if (keys === undefined || keys.failing.size === 0) return undefined;
  return keys.isOverfull || lanes.some(hasTooManyHeld) ? "TOO_MANY_BLOCKED_KEYS" : undefined;
}

/**
 * Whether a lane has room for more batches. What only settling the oldest can lower stops scanning
 * not before the batch that holds the cursor is resident.
 */
export function hasRoom({ keys }: Bounded, lane: LaneState): boolean {
  const { book, freshRunsMax, slots } = lane;
  if (book.freshEvents >= readyEventsMax || book.freshRuns >= freshRunsMax) return false;
  const isFull = hasTooManyExceptions(lane) || hasTooManyHeld(lane) || (keys?.isOverfull ?? false);
  if (!isFull) return true;
  lane.position();
  return slots.head() === undefined;
}
