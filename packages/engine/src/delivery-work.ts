import {
  type AnyStateKey,
  type DecideContext,
  type Decision,
  type Loaded,
  type Operation,
  type SubscriptionDelivery,
  takeSettledEntries,
} from "@opendxa/pubsub-core";
import type { Entry } from "@opendxa/pubsub-protocol";
import type { CatchUp } from "./catch-up.js";
import type { CommandLoop } from "./command-loop.js";

/** What a delivery has to journal is to be taken. */
interface TakeChanges {
  /** The delivery. */
  readonly delivery: SubscriptionDelivery;
  /** As in `SubscriptionDelivery.takeChange`. */
  readonly isFinal: boolean;
  /** Told in the moment of taking: what comes later is not in it. */
  readonly onTaken: () => void;
}

/** Journals what a delivery has to journal, and answers the number of what was taken. */
export const takeChanges: Operation<TakeChanges, number> = {
  name: "settle",
  reads: () => [],
  decide: (_loaded, { delivery, isFinal, onTaken }) => {
    const entries = takeSettledEntries(delivery, isFinal);
    onTaken();
    return { entries, reply: delivery.seal() };
  },
};

/** The resident state of a subscription, at the moment at which its work is decided. */
export interface WorkMoment {
  /** The state. */
  readonly delivery: SubscriptionDelivery;
  /** Takes everything that it has to journal; it belongs into the decision. */
  readonly drained: () => Entry[];
  /** State that `reads` asked for. */
  readonly loaded: Loaded;
  /** Time and sequence. */
  readonly context: DecideContext;
}

/** What is done to a subscription in one decision of the loop. */
export interface DeliveryWork<T> {
  /** As much as may be resident is looked at before. */
  readonly isCaughtUp?: boolean;
  /** Bytes that it holds in memory until it is durable. */
  readonly bytes?: number;
  /** Keys that are still missing, as `Operation.reads` says. */
  readonly reads?: (loaded: Loaded) => readonly AnyStateKey[];
  /** Does it. What it throws it must throw before it changed anything. */
  readonly decide: (moment: WorkMoment) => Decision<T>;
}

/** Work with that on which it is done. */
interface WorkCommand<T> {
  /** The resident state. */
  readonly delivery: SubscriptionDelivery;
  /** It is no longer the subscription's. */
  readonly isRetired: () => boolean;
  /** What is done. */
  readonly work: DeliveryWork<T>;
}

/** What was done. */
export interface DoneWork<T> {
  /** Its answer. */
  readonly reply: T;
}

/** Carries work out, unless the resident state was retired. */
function deliveryWork<T>(): Operation<WorkCommand<T>, DoneWork<T> | undefined> {
  return {
    name: "work",
    reads: ({ work }, loaded) => work.reads?.(loaded) ?? [],
    decide: (loaded, { delivery, isRetired, work }, context) => {
      if (isRetired()) return { entries: [], reply: undefined };
      // What failed of it goes on with the next number that is journalled.
      const drained = () => takeSettledEntries(delivery);
      const decision = work.decide({ delivery, drained, loaded, context });
      return { ...decision, reply: { reply: decision.reply } };
    },
  };
}

/** Works on one resident subscription together with the journal. */
export class ResidentWork {
  /** It is no longer the subscription's: work that was not decided yet is not done on it. */
  isRetired = false;
  readonly #loop: CommandLoop;
  readonly #delivery: SubscriptionDelivery;
  readonly #catchUp: CatchUp;
  readonly #running = new Set<Promise<unknown>>();

  constructor(loop: CommandLoop, delivery: SubscriptionDelivery, catchUp: CatchUp) {
    this.#loop = loop;
    this.#delivery = delivery;
    this.#catchUp = catchUp;
  }

  /** Resolves when nothing of what runs now is left; absent when nothing runs. */
  get running(): Promise<unknown> | undefined {
    return this.#running.size === 0 ? undefined : Promise.allSettled(this.#running);
  }

  /** Works, and answers when that is durable; `undefined` when it was retired before. */
  async run<T>(work: DeliveryWork<T>): Promise<DoneWork<T> | undefined> {
    if (work.isCaughtUp === true) await this.#catchUp.all();
    const command = { delivery: this.#delivery, isRetired: () => this.isRetired, work };
    const working = this.#loop.run(deliveryWork<T>(), command, work.bytes);
    this.#running.add(working);
    try {
      return await working;
    } finally {
      this.#running.delete(working);
    }
  }
}
