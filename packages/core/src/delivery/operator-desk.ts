import type { BatchRef } from "./batch-ref.js";
import { type BlockedKeyView, blockedKeys, type KeyName, releaseKey } from "./blocked-keys.js";
import { type DeliveryParts, laneStateOf } from "./delivery-parts.js";
import type { IndexSpan } from "./lease.js";
import { skipEvents } from "./skipped-events.js";

/** What an operator does to a subscription while it is resident. */
export class OperatorDesk {
  readonly #parts: DeliveryParts;
  #pauseReason: string | undefined;

  /** @param pauseReason why it is paused. Absent: it is not */
  constructor(parts: DeliveryParts, pauseReason: string | undefined) {
    this.#parts = parts;
    this.#pauseReason = pauseReason;
  }

  /** What the operator said who paused it. Absent: nobody did. */
  get pauseReason(): string | undefined {
    return this.#pauseReason;
  }

  /** Stops granting, retries included; leases run on, and what is settled counts. */
  pause(reason: string): void {
    this.#pauseReason = reason;
  }

  /** Grants again. */
  resume(): void {
    this.#pauseReason = undefined;
  }

  /**
   * Settles unsettled events of a batch that matches as skipped, leased ones too, and those that were
   * not looked at yet. Throws LIMIT_REACHED with too many exceptions.
   *
   * @returns their number
   */
  skip(ref: BatchRef, span: IndexSpan): number {
    const lane = laneStateOf(this.#parts, ref);
    const admitted = this.#parts.admit(lane, ref);
    return admitted === undefined ? 0 : skipEvents(this.#parts, lane, admitted, span);
  }

  /**
   * Makes the first event of a key due now where the key is blocked, in one topic or in all; no
   * attempt is counted.
   *
   * @returns in how many topic-partitions it was blocked
   */
  release(key: string, topicId: number | undefined, nowMs: number): number {
    return releaseKey(this.#parts, { key, topicId }, nowMs);
  }

  /** Blocked keys behind a name, in the order of the keys' bytes; at most `blockedKeysPageMax`. */
  blockedKeys(after: KeyName | undefined, limit: number): BlockedKeyView[] {
    return blockedKeys(this.#parts, after, limit);
  }
}
