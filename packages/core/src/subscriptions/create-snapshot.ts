import {
  badRequest,
  Entry,
  NamespaceState,
  PubSubError,
  SNAPSHOT_RUNS_MAX,
  SNAPSHOTS_MAX,
  type Snapshot,
  type SnapshotLane,
  SnapshotState,
  validateSubscriptionName,
} from "@opendxa/pubsub-protocol";
import type { LanePosition } from "../delivery/lane-state.js";
import { leastOf } from "../delivery/position.js";
import { snapshotLane } from "../delivery/snapshot-lane.js";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { knownSubscription } from "./known-subscription.js";

/** A subscription's position at the moment of the decision. */
export interface PositionNow {
  /** What its delivery had not journalled yet, and what the position builds upon. */
  readonly entries: readonly Entry[];
  /** Where it stands after them. */
  readonly lanes: readonly LanePosition[];
}

/** What to remember. */
export interface CreateSnapshotCommand {
  /** Name of the snapshot. */
  readonly name: string;
  /** Subscription. */
  readonly subscription: string;
  /** Its position; asked for once, when nothing can be refused any more but by its size. */
  readonly position: () => PositionNow;
}

/** What is remembered, or why nothing is: what the delivery said is journalled all the same. */
export type CreateSnapshotReply =
  | {
      /** What is remembered. */
      readonly snapshot: Snapshot;
      /** Never beside it. */
      readonly refusal?: undefined;
    }
  | {
      /** Why nothing is remembered. */
      readonly refusal: PubSubError;
    };

function reads(
  { name, subscription }: CreateSnapshotCommand,
  loaded: Loaded,
): readonly AnyStateKey[] {
  return missingKeys(loaded, [
    stateKeys.namespace(),
    stateKeys.subscription(subscription),
    stateKeys.snapshot(name),
  ]);
}

function refuseName(rule: string): never {
  throw badRequest("name", rule);
}

function limitReached(text: string, metadata: { field: string; limit: number }): PubSubError {
  return PubSubError.of("LIMIT_REACHED", text, { metadata });
}

function checkName(loaded: Loaded, name: string): void {
  validateSubscriptionName(name, "name");
  if (loaded.get(stateKeys.snapshot(name)) !== undefined) {
    refuseName(`is taken: there is a snapshot ${name}`);
  }
  const { snapshots } = loaded.get(stateKeys.namespace()) ?? NamespaceState.create();
  if (snapshots < SNAPSHOTS_MAX) return;
  throw limitReached(`a namespace holds at most ${SNAPSHOTS_MAX} snapshots`, {
    field: "snapshots",
    limit: SNAPSHOTS_MAX,
  });
}

function runsOf(lanes: readonly SnapshotLane[]): number {
  return lanes.reduce(
    (sum, { settled }) => settled.reduce((runs, each) => runs + each.runs.length, sum),
    0,
  );
}

function decide(
  loaded: Loaded,
  { name, subscription, position }: CreateSnapshotCommand,
  { nowMs }: DecideContext,
): Decision<CreateSnapshotReply> {
  const { subscriptionId, partitionStarts } = knownSubscription(loaded, subscription);
  checkName(loaded, name);
  const now = position();
  const lanes = now.lanes.map(snapshotLane);
  if (runsOf(lanes) > SNAPSHOT_RUNS_MAX) {
    const refusal = limitReached(
      `a snapshot holds at most ${SNAPSHOT_RUNS_MAX} runs of settled events above the cursor`,
      { field: "settled", limit: SNAPSHOT_RUNS_MAX },
    );
    return { entries: now.entries, reply: { refusal } };
  }
  const cursorSequence = leastOf(lanes.map(({ cursor }) => cursor?.sequence ?? 0n));
  const createTimeUnixMs = BigInt(nowMs);
  const snapshot: Snapshot = { name, subscription, createTimeUnixMs, cursorSequence };
  const state = SnapshotState.create({ snapshot, subscriptionId, lanes, partitionStarts });
  const kind = { $case: "snapshotCreated", value: { snapshot: state } } as const;
  return { entries: [...now.entries, Entry.create({ kind })], reply: { snapshot } };
}

/**
 * Remembers which events of a subscription are settled. Throws SUBSCRIPTION_NOT_FOUND, LIMIT_REACHED
 * (snapshots) and BAD_REQUEST (the name); too many runs are refused by the reply.
 */
export const createSnapshot: Operation<CreateSnapshotCommand, CreateSnapshotReply> = {
  name: "create-snapshot",
  reads,
  decide,
};
