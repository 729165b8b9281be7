import type { BatchRef } from "./batch-ref.js";
import { type BlockedKeyView, blockedKeys, type KeyName, releaseKey } from "./blocked-keys.js";
import { type DeliveryParts, laneStateOf } from "./delivery-parts.js";
import type { IndexSpan } from "./lease.js";
import { requireRoomToSkip, skipEvents } from "./skipped-events.js";

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
   * Settles unsettled events of batches that match as skipped, leased ones too, and those that were
   * not looked at yet. Throws LIMIT_REACHED with too many exceptions, before anything is done; those of
   * one call may be beyond the bound.
   *
   * @param span indexes within the entry of the batches
   * @returns their number
   */
  skip(refs: readonly BatchRef[], span: IndexSpan): number {
    const admitted = refs.flatMap((given) => {
      const lane = laneStateOf(this.#parts, given);
      const ref = this.#parts.admit(lane, given);
      return ref === undefined ? [] : [{ lane, ref }];
    });
    for (const { lane, ref } of admitted) requireRoomToSkip(lane, ref);
    return admitted.reduce(
      (sum, { lane, ref }) => sum + skipEvents(this.#parts, lane, ref, span),
      0,
    );
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
