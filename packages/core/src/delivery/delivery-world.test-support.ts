import {
  type CursorException,
  CursorState,
  DeliveryOrder,
  Entry,
  EventsExpired,
  type EventsSettled,
  Priority,
  SequenceRef_Batch,
  Subscription,
  SubscriptionState,
} from "@opendxa/pubsub-protocol";
import type { AnyStateKey, Loaded, StateKey } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { subscriptionProjection } from "../subscriptions/subscription-projection.js";
import { type BatchRef, batchRefOf } from "./batch-ref.js";
import { deliveryProjection } from "./delivery-projection.js";
import type { DurableState } from "./durable-cursor.js";
import type { ExpiredEvents } from "./expired-events.js";
import { type Lane, lanes } from "./lane.js";
import type { LanePosition } from "./lane-state.js";
import { LeaseTokens } from "./lease-tokens.js";
import type { RestoreOptions } from "./restore-options.js";
import { SubscriptionDelivery } from "./subscription-delivery.js";

/** Number of the subscription that the tests use. */
export const subscriptionId = 7;
/** Settings that the tests use. */
export const settings = {
  ackDeadlineMs: 30_000,
  retry: { minMs: 1_000, maxMs: 60_000 },
  attemptsMax: 0,
};

/** A batch with everything that does not matter filled in. */
export function batchRef(sequence: bigint, count: number, more: Partial<BatchRef> = {}): BatchRef {
  const payload = { sequence, firstIndex: more.firstIndex ?? 0 };
  const line = { topicId: 1, partition: 0, baseOffset: 0n, count, bytes: count * 100 };
  return { ...batchRefOf(sequence, SequenceRef_Batch.create(line)), payload, ...more };
}

/** Positions of all lanes at sequence 1. */
export function freshLanes(order: DeliveryOrder = DeliveryOrder.NONE): LanePosition[] {
  const own = order === DeliveryOrder.KEY ? [Priority.NORMAL] : lanes;
  return own.map((lane) => ({
    lane,
    cursor: CursorState.create({ sequence: 1n }),
    exceptions: new Map(),
  }));
}

/** A delivery with everything that does not matter filled in. */
export function makeDelivery(more: Partial<RestoreOptions> = {}): SubscriptionDelivery {
  return SubscriptionDelivery.restore({
    subscriptionId,
    epoch: 1,
    settings,
    order: DeliveryOrder.NONE,
    lanes: freshLanes(more.order),
    partitionStarts: [],
    leaseFloor: 0n,
    pauseReason: undefined,
    tokens: new LeaseTokens(1),
    ...more,
  });
}

/** A fresh delivery of one lane, or one restored from a durable state. */
export function restoreDelivery(tokens = new LeaseTokens(1), state?: DurableState) {
  const [fresh] = freshLanes(DeliveryOrder.KEY);
  return makeDelivery({
    tokens,
    lanes: [{ ...(fresh as LanePosition), ...state }],
  });
}

/** A projected state in memory that refuses to be read where `reads` did not ask. */
export class ProjectedState {
  readonly #values = new Map<string, unknown>();
  #sequence = 0n;

  /** Applies an entry as the engine does, through bytes. */
  apply(kind: Entry["kind"]): void {
    const entry = Entry.decode(Entry.encode(Entry.create({ kind })).finish());
    this.#sequence += 1n;
    const asked = new Set<string>();
    const loaded: Loaded = {
      has: (key: AnyStateKey) => asked.has(key.name),
      get: <T>(key: StateKey<T>) => {
        if (!asked.has(key.name)) throw new Error(`${key.name} was not asked for`);
        return this.#values.get(key.name) as T | undefined;
      },
    };
    for (const projection of [subscriptionProjection, deliveryProjection]) {
      for (;;) {
        const missing = projection.reads(entry, this.#sequence, loaded);
        if (missing.length === 0) break;
        for (const { name } of missing) asked.add(name);
      }
      for (const { key, value } of projection.apply(loaded, entry, this.#sequence)) {
        if (value === undefined) this.#values.delete(key.name);
        else this.#values.set(key.name, key.codec.decode(key.codec.encode(value).finish()));
      }
    }
  }

  /** Creates the subscription at sequence 1. */
  create(): void {
    const subscription = Subscription.create({ name: "learner", cursorSequence: 1n });
    this.apply({
      $case: "subscriptionCreated",
      value: { subscription: SubscriptionState.create({ subscriptionId, subscription }) },
    });
  }

  /** Cursors at sequence 1 of all lanes that the order has. */
  createLanes(order: DeliveryOrder, floorSequence: bigint): void {
    for (const { lane, cursor } of freshLanes(order)) {
      const value = { ...cursor, floorSequence };
      this.#values.set(stateKeys.cursor(subscriptionId, lane).name, value);
    }
  }

  /** Applies all that a delivery has to journal; answers how many entries it took. */
  follow(delivery: SubscriptionDelivery, isFinal = false): EventsSettled[] {
    const taken: EventsSettled[] = [];
    for (let next = delivery.takeChange(isFinal); next; next = delivery.takeChange(isFinal)) {
      taken.push(next);
      this.apply({ $case: "eventsSettled", value: next });
    }
    return taken;
  }

  /** Expires a batch as the engine does: what is settled first, then the batch. */
  expire(delivery: SubscriptionDelivery, ref: BatchRef): ExpiredEvents {
    this.follow(delivery);
    const expired = delivery.expireBatch(ref);
    const { count, entered } = expired;
    const lane = delivery.laneOf(ref);
    const counts = [{ subscriptionId, count: BigInt(count), enteredCount: BigInt(entered), lane }];
    this.apply({ $case: "eventsExpired", value: EventsExpired.create({ counts }) });
    return expired;
  }

  /** A value by its key. */
  value<T>(key: StateKey<T>): T | undefined {
    return this.#values.get(key.name) as T | undefined;
  }

  /** Names of all keys. */
  names(): string[] {
    return [...this.#values.keys()].sort();
  }

  /** What a restart finds of a lane. */
  durable(lane: Lane = Priority.NORMAL): LanePosition {
    const prefix = stateKeys.cursorException(subscriptionId, 0n, lane).name.slice(0, -16);
    const exceptions = new Map<bigint, CursorException>();
    for (const [name, value] of this.#values) {
      if (!name.startsWith(prefix)) continue;
      exceptions.set(BigInt(`0x${name.slice(prefix.length)}`), value as CursorException);
    }
    const cursor = this.value(stateKeys.cursor(subscriptionId, lane)) as CursorState;
    return { lane, cursor, exceptions };
  }
}
