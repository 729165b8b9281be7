import {
  createSnapshot,
  deleteSnapshot,
  type LanePosition,
  type PositionNow,
  pauseSubscription,
  resumeSubscription,
  type SeekTarget,
  type SubscriptionDelivery,
  seekSubscription,
  takeSettledEntries,
  updateSubscription,
} from "@opendxa/pubsub-core";
import {
  badRequest,
  type CreateSnapshotRequest,
  type ListSnapshotsRequest,
  type ListSnapshotsResponse,
  type PauseSubscriptionRequest,
  PubSubError,
  type SeekSubscriptionRequest,
  type Snapshot,
  type Subscription,
  type SubscriptionState,
  type UpdateSubscriptionRequest,
} from "@opendxa/pubsub-protocol";
import { pageSizeOf } from "./page.js";
import { residentLanes } from "./resident-delivery.js";
import type { SubscriptionHost, SubscriptionHostParts } from "./subscription-host.js";

/** Changes of subscriptions that exist: settings, pauses, moves and remembered positions. */
export class SubscriptionChanges {
  readonly #parts: SubscriptionHostParts;
  readonly #host: SubscriptionHost;

  constructor(parts: SubscriptionHostParts, host: SubscriptionHost) {
    this.#parts = parts;
    this.#host = host;
  }

  /** Changes settings; open leases keep their deadline. */
  async update({ name, settings, fields }: UpdateSubscriptionRequest): Promise<Subscription> {
    const hasConsumers = (this.#host.resident.running(name)?.consumers ?? 0) > 0;
    const command = { name, settings, fields, hasConsumers };
    await this.#parts.loop.run(updateSubscription, command);
    return await this.#host.get(name);
  }

  /** Stops dispatch. */
  async pause({ name, reason }: PauseSubscriptionRequest): Promise<Subscription> {
    await this.#parts.loop.run(pauseSubscription, { name, reason });
    return await this.#host.get(name);
  }

  /** Ends a pause. */
  async resume(name: string): Promise<Subscription> {
    await this.#parts.loop.run(resumeSubscription, { name });
    return await this.#host.get(name);
  }

  /** Moves a subscription; its consumers end once nothing is left to refuse. */
  async seek({ name, target }: SeekSubscriptionRequest): Promise<Subscription> {
    const { resident } = this.#host;
    await resident.quiet(name, async () => {
      const state = resident.stateOf(name);
      const { positions, loop } = this.#parts;
      // Refused on what is stored now, before anybody is disturbed, then looked up again at rest.
      await this.#targetOf(state, await positions.lanes(state), target);
      const epoch = (state.subscription?.epoch ?? 0) + 1;
      await resident.endEpoch(name, epochChanged(name, epoch));
      const lanes = await positions.lanes(state);
      await loop.runInternal(seekSubscription, {
        name,
        target: await this.#targetOf(state, lanes, target),
        exceptions: new Map(lanes.map(({ lane, exceptions }) => [lane, exceptions])),
        leaseFloor: resident.newestToken,
      });
    });
    return await this.#host.get(name);
  }

  /** Remembers which events of a subscription are settled. */
  async createSnapshot({ name, subscription }: CreateSnapshotRequest): Promise<Snapshot> {
    const { resident } = this.#host;
    return await resident.quiet(subscription, async () => {
      const state = resident.stateOf(subscription);
      const delivery = resident.running(subscription)?.delivery;
      const position =
        delivery === undefined ? await this.#storedPosition(state) : () => positionOf(delivery);
      const command = { name, subscription, position };
      const reply = await this.#parts.loop.run(createSnapshot, command);
      if (reply.refusal !== undefined) throw reply.refusal;
      return reply.snapshot;
    });
  }

  /** A page of snapshots by name. */
  listSnapshots({
    subscription,
    pageSize,
    pageToken,
  }: ListSnapshotsRequest): ListSnapshotsResponse {
    const size = pageSizeOf(pageSize);
    if (subscription !== "") this.#host.resident.stateOf(subscription);
    const snapshots: Snapshot[] = [];
    for (const { snapshot } of this.#parts.table.snapshotsAfter(pageToken)) {
      if (subscription !== "" && snapshot.subscription !== subscription) continue;
      if (snapshots.length === size) {
        return { snapshots, nextPageToken: snapshots.at(-1)?.name ?? "" };
      }
      snapshots.push(snapshot);
    }
    return { snapshots, nextPageToken: "" };
  }

  /** Forgets a remembered position. */
  deleteSnapshot(name: string): Promise<void> {
    return this.#parts.loop.runInternal(deleteSnapshot, { name });
  }

  async #storedPosition(state: SubscriptionState): Promise<() => PositionNow> {
    const lanes = await this.#parts.positions.lanes(state);
    return () => ({ entries: [], lanes });
  }

  async #targetOf(
    state: SubscriptionState,
    lanes: readonly LanePosition[],
    target: SeekSubscriptionRequest["target"],
  ): Promise<SeekTarget> {
    const { resolver, table } = this.#parts;
    switch (target?.$case) {
      case "position": {
        const { position } = target.value;
        const isTimed = position?.$case === "timeUnixMs";
        const timeSequence = isTimed ? await resolver.atTime(position.value) : undefined;
        this.#checkSequence(position?.$case === "sequence" ? position.value : 0n);
        return { kind: "position", position: target.value, timeSequence };
      }
      case "snapshot": {
        const head = table.snapshot(target.value);
        if (head?.subscriptionId !== state.subscriptionId) throw noSnapshot(target.value, head);
        return { kind: "snapshot", snapshot: target.value };
      }
      case "offset":
        return {
          kind: "offset",
          sought: await resolver.atOffset(state, lanes, target.value),
        };
      default:
        throw badRequest("target", "must be set");
    }
  }

  #checkSequence(sequence: bigint): void {
    const next = this.#parts.loop.durableSequence + 1n;
    if (sequence > next)
      throw badRequest("position.sequence", `must be at most ${next}, the next sequence`);
  }
}

/** Where a resident subscription stands, with what it has to journal first. */
function positionOf(delivery: SubscriptionDelivery): PositionNow {
  return { entries: takeSettledEntries(delivery), lanes: residentLanes(delivery) };
}

function noSnapshot(name: string, other: { readonly snapshot: Snapshot } | undefined): PubSubError {
  if (other === undefined) {
    return PubSubError.of("SNAPSHOT_NOT_FOUND", `there is no snapshot ${name}`, {
      metadata: { snapshot: name },
    });
  }
  const rule = `must be a snapshot of this subscription, not of ${other.snapshot.subscription}`;
  return badRequest("snapshot", rule);
}

function epochChanged(name: string, epoch: number): PubSubError {
  return PubSubError.of("SUBSCRIPTION_EPOCH_CHANGED", `subscription ${name} was moved`, {
    metadata: { subscription: name, epoch },
  });
}
