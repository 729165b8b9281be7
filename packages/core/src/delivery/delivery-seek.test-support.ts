import {
  type DeliveryOrder,
  type Entry,
  type PartitionStart,
  StartPosition,
  Subscription,
  SubscriptionSettings,
  SubscriptionState,
} from "@opendxa/pubsub-protocol";
import type { Loaded } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { createSnapshot } from "../subscriptions/create-snapshot.js";
import { type SeekTarget, seekSubscription } from "../subscriptions/seek-subscription.js";
import { type ProjectedState, subscriptionId } from "./delivery-world.test-support.js";
import type { LanePosition } from "./lane-state.js";

const name = "learner";

/** How a subscription begins. */
export interface Beginning {
  readonly order: DeliveryOrder;
  readonly starts: readonly PartitionStart[];
  readonly floor: bigint;
}

/** A subscription whose projected position is moved by the operations that the engine runs. */
export class SoughtSubscription {
  readonly #projected: ProjectedState;
  readonly #nextSequence: bigint;
  #snapshots = 0;

  /** @param nextSequence sequence behind all batches */
  constructor(
    projected: ProjectedState,
    { order, starts, floor }: Beginning,
    nextSequence: bigint,
  ) {
    this.#projected = projected;
    this.#nextSequence = nextSequence;
    const settings = SubscriptionSettings.create({ order });
    const value = Subscription.create({ name, epoch: 1, cursorSequence: 1n, settings });
    const subscription = SubscriptionState.create({
      subscriptionId,
      subscription: value,
      partitionStarts: [...starts],
    });
    projected.apply({ $case: "subscriptionCreated", value: { subscription } });
    projected.createLanes(order, floor);
  }

  /** As it is stored. */
  get state(): SubscriptionState {
    return this.#projected.value(stateKeys.subscription(name)) as SubscriptionState;
  }

  /** It can be moved back to where it stood. */
  get isRemembered(): boolean {
    return this.#snapshots > 0;
  }

  /** Remembers where it stands. */
  remember(lanes: readonly LanePosition[]): void {
    this.#snapshots += 1;
    const position = () => ({ entries: [], lanes });
    const command = { name: `snapshot${this.#snapshots}`, subscription: name, position };
    this.#apply(createSnapshot.decide(this.#loaded, command, this.#context).entries);
  }

  /** Moves it to a sequence, or back to what was remembered last, and raises its epoch. */
  seek(to: bigint | "snapshot", lanes: readonly LanePosition[], leaseFloor: bigint): void {
    const position = StartPosition.create({
      position: { $case: "sequence", value: to === "snapshot" ? 0n : to },
    });
    const target: SeekTarget =
      to === "snapshot"
        ? { kind: "snapshot", snapshot: `snapshot${this.#snapshots}` }
        : { kind: "position", position };
    const exceptions = new Map(lanes.map((each) => [each.lane, each.exceptions]));
    const command = { name, target, exceptions, leaseFloor };
    this.#apply(seekSubscription.decide(this.#loaded, command, this.#context).entries);
  }

  get #context() {
    return { nowMs: 0, nextSequence: this.#nextSequence };
  }

  get #loaded(): Loaded {
    return { has: () => true, get: (key) => this.#projected.value(key) };
  }

  #apply(entries: readonly Entry[]): void {
    for (const { kind } of entries) this.#projected.apply(kind);
  }
}
