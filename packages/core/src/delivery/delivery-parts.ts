import type { RetryBackoff } from "./backoff.js";
import type { ConsumerRing } from "./consumer-ring.js";
import type { DurableCursor } from "./durable-cursor.js";
import type { LeaseTable } from "./lease-table.js";
import type { PendingChange } from "./pending-change.js";
import type { RunBook } from "./run-book.js";
import type { Position, SlotTable } from "./slot-table.js";

/** What the resident state of a subscription consists of. */
export interface DeliveryParts {
  /** How long a consumer may keep an event, in milliseconds. */
  readonly ackDeadlineMs: number;
  /** Backoff between attempts. */
  readonly retry: RetryBackoff;
  /** Batches at or above the cursor. */
  readonly slots: SlotTable;
  /** Unsettled runs by what they wait for. */
  readonly book: RunBook;
  /** Leases. */
  readonly leases: LeaseTable;
  /** Consumers. */
  readonly consumers: ConsumerRing;
  /** What is not journalled yet. */
  readonly pending: PendingChange;
  /** What is journalled. */
  readonly durable: DurableCursor;
  /** Everything before it is settled, journalled or not. */
  position(): Position;
}
