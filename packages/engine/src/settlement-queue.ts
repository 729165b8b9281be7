import type { AbsentBatch, SubscriptionDelivery } from "@opendxa/pubsub-core";
import type { Settlement } from "@opendxa/pubsub-protocol";
import type { CatchUp } from "./catch-up.js";
import { lateAckStepsMax } from "./limits.js";

/** What is done with a settlement when its turn has come. */
export interface SettlementTurn {
  /** Carries it out, with the batches that were not looked at yet. May throw. */
  readonly carryOut: (absent: readonly AbsentBatch[]) => void;
  /** Told of what was thrown, also when batches could not be looked up. */
  readonly fail: (error: unknown) => void;
}

/**
 * Settlements in the order in which they came. What acks events that nobody has looked at since the
 * start waits until the index was asked for them, with order KEY until what lies before them was looked
 * at, and so does everything behind it.
 */
export class SettlementQueue {
  readonly #delivery: SubscriptionDelivery;
  readonly #catchUp: CatchUp;
  #last: Promise<void> | undefined;

  constructor(delivery: SubscriptionDelivery, catchUp: CatchUp) {
    this.#delivery = delivery;
    this.#catchUp = catchUp;
  }

  /** Resolves when nothing waits; absent when nothing does. */
  get waiting(): Promise<void> | undefined {
    return this.#last;
  }

  /** Carries a settlement out, at once where nothing is to be looked up. */
  take(settlement: Settlement, turn: SettlementTurn): void {
    if (this.#last === undefined) {
      try {
        if (this.#delivery.absentSequences(settlement).length === 0) {
          turn.carryOut([]);
          return;
        }
      } catch (error) {
        turn.fail(error);
        return;
      }
    }
    const mine = this.#after(this.#last, settlement, turn).finally(() => {
      if (this.#last === mine) this.#last = undefined;
    });
    this.#last = mine;
  }

  /**
   * Of a key only what lies before an event tells whether it may be acked late. Bounded, since others
   * wait behind it and their leases run.
   */
  async #lookBefore(settlement: Settlement): Promise<void> {
    let steps = 0;
    await this.#catchUp.all(() => {
      steps += 1;
      const isKnown = this.#delivery.absentSequences(settlement).length === 0;
      return isKnown || steps > lateAckStepsMax;
    });
  }

  async #after(
    before: Promise<void> | undefined,
    settlement: Settlement,
    { carryOut, fail }: SettlementTurn,
  ): Promise<void> {
    await before;
    try {
      if (this.#delivery.isKeyed) await this.#lookBefore(settlement);
      const sequences = this.#delivery.absentSequences(settlement);
      if (sequences.length === 0) carryOut([]);
      else await this.#catchUp.find(sequences, carryOut);
    } catch (error) {
      fail(error);
    }
  }
}
