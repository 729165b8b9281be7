import type { BatchRef } from "./batch-ref.js";
import { type DeliveryParts, laneStateOf } from "./delivery-parts.js";
import { leastOf } from "./position.js";

/**
 * What a subscription had not looked at at one moment. Counts batches later, as they were then,
 * whatever happens to the subscription meanwhile.
 */
export class UnexaminedEvents {
  readonly #parts: Pick<DeliveryParts, "lanes" | "admit">;

  /** @param parts with everything journalled; nothing of them is kept */
  constructor({ lanes, admit }: Pick<DeliveryParts, "lanes" | "admit">) {
    this.#parts = { lanes: lanes.map((lane) => lane.copyAhead()), admit };
  }

  /** Batches of entries below it were looked at. */
  get fromSequence(): bigint {
    return leastOf(this.#parts.lanes.map(({ frontier }) => frontier));
  }

  /** Unsettled events of a batch that matches; 0 when it had been looked at. */
  eventsOf(given: BatchRef): number {
    const lane = laneStateOf(this.#parts, given);
    const ref = this.#parts.admit(lane, given);
    if (ref === undefined || !lane.isAhead(ref)) return 0;
    const unsettled = lane.slotAhead(ref).runs.filter(({ state }) => state !== "settled");
    return unsettled.reduce((sum, { count }) => sum + count, 0);
  }
}
