import {
  badRequest,
  CursorException,
  CursorState,
  type SnapshotState,
  type StartPosition,
  type Subscription,
  type SubscriptionState,
} from "@opendxa/pubsub-protocol";
import { laneOf } from "../delivery/lane.js";
import type { LanePosition } from "../delivery/lane-state.js";
import { lowestOf } from "../delivery/position.js";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { knownSnapshot } from "./known-snapshot.js";
import { knownSubscription, withSubscription } from "./known-subscription.js";
import { lanesOf } from "./order-lanes.js";
import { type FullPosition, type SoughtOffset, soughtByOffset } from "./seek-offset.js";
import { soughtEntries } from "./sought-entries.js";
import { startSequence } from "./start-sequence.js";

/** Where to move a subscription. */
export type SeekTarget =
  | {
      /** A position for all topics. */
      readonly kind: "position";
      /** The position. */
      readonly position: StartPosition;
      /** First sequence whose entry is not older than the time of the position; only with it. */
      readonly timeSequence?: bigint | undefined;
    }
  | {
      /** What a snapshot remembers. */
      readonly kind: "snapshot";
      /** Its name. */
      readonly snapshot: string;
    }
  | {
      /** An offset of one topic-partition. */
      readonly kind: "offset";
      /** The offset. */
      readonly sought: SoughtOffset;
    };

/** A move. Nothing of the subscription may be resident, and nobody may take it up meanwhile. */
export interface SeekSubscriptionCommand {
  /** Name. */
  readonly name: string;
  /** Where to. */
  readonly target: SeekTarget;
  /** All its exceptions, which the caller finds by their prefix. */
  readonly exceptions: ReadonlyMap<LanePosition["lane"], LanePosition["exceptions"]>;
  /** Highest token of any lease so far: what is said of those leases is stale from now on. */
  readonly leaseFloor: bigint;
}

function reads({ name, target }: SeekSubscriptionCommand, loaded: Loaded): readonly AnyStateKey[] {
  const wanted: AnyStateKey[] = [stateKeys.subscription(name)];
  if (target.kind === "snapshot") wanted.push(stateKeys.snapshot(target.snapshot));
  const missing = missingKeys(loaded, wanted);
  if (missing.length > 0) return missing;
  const state = loaded.get(stateKeys.subscription(name));
  if (state === undefined) return missing;
  return missingKeys(
    loaded,
    lanesOf(state).map((lane) => stateKeys.cursor(state.subscriptionId, lane)),
  );
}

function positionOf(
  loaded: Loaded,
  state: SubscriptionState,
  exceptions: SeekSubscriptionCommand["exceptions"],
): FullPosition {
  return {
    partitionStarts: state.partitionStarts,
    lanes: lanesOf(state).map((lane) => ({
      lane,
      cursor: loaded.get(stateKeys.cursor(state.subscriptionId, lane)) ?? CursorState.create(),
      exceptions: exceptions.get(lane) ?? new Map(),
    })),
  };
}

function everywhere(state: SubscriptionState, sequence: bigint): FullPosition {
  return {
    partitionStarts: [],
    lanes: lanesOf(state).map((lane) => ({
      lane,
      cursor: CursorState.create({ sequence }),
      exceptions: new Map(),
    })),
  };
}

function remembered(state: SubscriptionState, snapshot: SnapshotState): FullPosition {
  const { subscriptionId, partitionStarts, lanes } = snapshot;
  if (subscriptionId !== state.subscriptionId) {
    const rule = `must be a snapshot of this subscription, not of ${snapshot.snapshot?.subscription}`;
    throw badRequest("snapshot", rule);
  }
  return {
    partitionStarts,
    lanes: lanes.map(({ lane, cursor, sequences, settled }) => ({
      lane: laneOf(lane),
      cursor: CursorState.create({
        sequence: cursor?.sequence ?? 0n,
        index: cursor?.index ?? 0,
        floorSequence: cursor?.floorSequence ?? 0n,
        floorIndex: cursor?.floorIndex ?? 0,
      }),
      exceptions: new Map(
        sequences.map((sequence, i) => [sequence, settled[i] ?? CursorException.create()]),
      ),
    })),
  };
}

function targetOf(
  loaded: Loaded,
  before: { readonly state: SubscriptionState; readonly position: FullPosition },
  { target, context }: { readonly target: SeekTarget; readonly context: DecideContext },
): FullPosition {
  const { state, position } = before;
  switch (target.kind) {
    case "position": {
      const { nextSequence } = context;
      const { timeSequence } = target;
      const at = { nextSequence, timeSequence, field: "position" };
      return everywhere(state, startSequence(target.position, at));
    }
    case "snapshot":
      return remembered(state, knownSnapshot(loaded, target.snapshot));
    case "offset":
      return soughtByOffset(position, target.sought);
  }
}

/** The lowest cursor: what the subscription's description shows. */
function shownCursor(
  lanes: readonly LanePosition[],
): Pick<Subscription, "cursorSequence" | "cursorIndex"> {
  const lowest = lowestOf(lanes.map(({ cursor }) => cursor));
  return { cursorSequence: lowest.sequence, cursorIndex: lowest.index };
}

function decide(
  loaded: Loaded,
  { name, target, exceptions, leaseFloor }: SeekSubscriptionCommand,
  context: DecideContext,
): Decision<SubscriptionState> {
  const state = knownSubscription(loaded, name);
  const position = positionOf(loaded, state, exceptions);
  const after = targetOf(loaded, { state, position }, { target, context });
  const epoch = (state.subscription?.epoch ?? 0) + 1;
  const moved: SubscriptionState = {
    ...withSubscription(state, { epoch, ...shownCursor(after.lanes) }),
    leaseFloor,
    partitionStarts: [...after.partitionStarts],
  };
  const entries = soughtEntries(
    { state, lanes: position.lanes },
    { state: moved, lanes: after.lanes },
  );
  return { entries, reply: moved };
}

/**
 * Moves a subscription and raises its epoch. Throws SUBSCRIPTION_NOT_FOUND, SNAPSHOT_NOT_FOUND,
 * LIMIT_REACHED (partition starts) and BAD_REQUEST.
 */
export const seekSubscription: Operation<SeekSubscriptionCommand, SubscriptionState> = {
  name: "seek-subscription",
  reads,
  decide,
};
