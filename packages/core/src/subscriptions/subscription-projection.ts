import {
  CursorState,
  type Entry,
  NamespaceState,
  type SnapshotState,
  type SubscriptionDeleted,
  type SubscriptionIdle,
  type SubscriptionSought,
  type SubscriptionState,
  TimerState,
} from "@opendxa/pubsub-protocol";
import { laneOf, lanes } from "../delivery/lane.js";
import type { Projection } from "../state/operation.js";
import { StateChanges } from "../state/state-changes.js";
import {
  type AnyStateKey,
  type Loaded,
  missingKeys,
  noKeys,
  type StateKey,
  type StateWrite,
} from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { lanesOf } from "./order-lanes.js";
import { expiryTimeMs } from "./subscription-idle.js";

function nameOf(state: SubscriptionState | undefined): string {
  return state?.subscription?.name ?? "";
}

function reads(entry: Entry, _sequence: bigint, loaded: Loaded): readonly AnyStateKey[] {
  const { kind } = entry;
  switch (kind?.$case) {
    case "subscriptionCreated":
      return missingKeys(loaded, [stateKeys.namespace()]);
    case "subscriptionUpdated":
    case "subscriptionSought":
      return missingKeys(loaded, [stateKeys.subscription(nameOf(kind.value.subscription))]);
    case "subscriptionIdle":
      return missingKeys(loaded, [stateKeys.subscription(kind.value.name)]);
    case "subscriptionDeleted":
      return missingKeys(loaded, [stateKeys.namespace(), stateKeys.subscription(kind.value.name)]);
    case "snapshotCreated":
      return missingKeys(loaded, [stateKeys.namespace()]);
    case "snapshotDeleted":
      return missingKeys(loaded, [stateKeys.namespace(), stateKeys.snapshot(kind.value.name)]);
    default:
      return noKeys;
  }
}

function timerOf(state: SubscriptionState): StateKey<TimerState> | undefined {
  const atMs = expiryTimeMs(state);
  return atMs === undefined ? undefined : stateKeys.timer(atMs, "e", nameOf(state));
}

/** Replaces a subscription and the timer of its expiry. */
function replace(
  changes: StateChanges,
  before: SubscriptionState | undefined,
  after: SubscriptionState | undefined,
): void {
  const old = before === undefined ? undefined : timerOf(before);
  const next = after === undefined ? undefined : timerOf(after);
  if (old !== undefined && old.name !== next?.name) changes.remove(old);
  if (next !== undefined && old?.name !== next.name) {
    const fires = { $case: "subscription", value: nameOf(after) } as const;
    changes.put(next, TimerState.create({ target: fires }));
  }
  const key = stateKeys.subscription(nameOf(after ?? before));
  if (after === undefined) changes.remove(key);
  else changes.put(key, after);
}

function count(changes: StateChanges, more: (before: NamespaceState) => Partial<NamespaceState>) {
  const before = changes.get(stateKeys.namespace()) ?? NamespaceState.create();
  changes.put(stateKeys.namespace(), { ...before, ...more(before) });
}

function created(changes: StateChanges, state: SubscriptionState | undefined): void {
  const subscription = state?.subscription;
  if (state === undefined || subscription === undefined) return;
  const { subscriptionId } = state;
  const { cursorSequence: sequence, cursorIndex: index } = subscription;
  count(changes, ({ subscriptions }) => ({
    nextSubscriptionId: subscriptionId + 1,
    subscriptions: subscriptions + 1,
  }));
  replace(changes, undefined, state);
  for (const lane of lanesOf(state)) {
    changes.put(stateKeys.cursor(subscriptionId, lane), CursorState.create({ sequence, index }));
  }
}

function updated(changes: StateChanges, state: SubscriptionState | undefined): void {
  if (state === undefined) return;
  replace(changes, changes.get(stateKeys.subscription(nameOf(state))), state);
}

function sought(changes: StateChanges, { subscription, cursors, exceptions }: SubscriptionSought) {
  if (subscription === undefined) return;
  updated(changes, subscription);
  const { subscriptionId } = subscription;
  for (const { lane, cursor } of cursors) {
    if (cursor !== undefined) changes.put(stateKeys.cursor(subscriptionId, laneOf(lane)), cursor);
  }
  for (const { lane, sequence, exception } of exceptions) {
    const key = stateKeys.cursorException(subscriptionId, sequence, laneOf(lane));
    if (exception === undefined) changes.remove(key);
    else changes.put(key, exception);
  }
}

function idle(changes: StateChanges, { name, sinceUnixMs }: SubscriptionIdle): void {
  const before = changes.get(stateKeys.subscription(name));
  if (before !== undefined) replace(changes, before, { ...before, idleSinceUnixMs: sinceUnixMs });
}

function deleted(changes: StateChanges, { name, subscriptionId }: SubscriptionDeleted): void {
  count(changes, ({ subscriptions }) => ({ subscriptions: Math.max(0, subscriptions - 1) }));
  const before = changes.get(stateKeys.subscription(name));
  if (before !== undefined) replace(changes, before, undefined);
  for (const lane of lanes) changes.remove(stateKeys.cursor(subscriptionId, lane));
}

function snapshotCreated(changes: StateChanges, state: SnapshotState | undefined): void {
  if (state?.snapshot === undefined) return;
  count(changes, ({ snapshots }) => ({ snapshots: snapshots + 1 }));
  changes.put(stateKeys.snapshot(state.snapshot.name), state);
}

function snapshotDeleted(changes: StateChanges, name: string): void {
  if (changes.get(stateKeys.snapshot(name)) === undefined) return;
  count(changes, ({ snapshots }) => ({ snapshots: Math.max(0, snapshots - 1) }));
  changes.remove(stateKeys.snapshot(name));
}

function apply(loaded: Loaded, { kind }: Entry): readonly StateWrite[] {
  const changes = new StateChanges(loaded);
  switch (kind?.$case) {
    case "subscriptionCreated":
      created(changes, kind.value.subscription);
      break;
    case "subscriptionUpdated":
      updated(changes, kind.value.subscription);
      break;
    case "subscriptionSought":
      sought(changes, kind.value);
      break;
    case "subscriptionIdle":
      idle(changes, kind.value);
      break;
    case "subscriptionDeleted":
      deleted(changes, kind.value);
      break;
    case "snapshotCreated":
      snapshotCreated(changes, kind.value.snapshot);
      break;
    case "snapshotDeleted":
      snapshotDeleted(changes, kind.value.name);
      break;
    default:
      // Every other kind leaves subscriptions as they are.
      break;
  }
  return changes.list();
}

/** Subscriptions, their first cursors, moves, expiry timers and snapshots. */
export const subscriptionProjection: Projection = { reads, apply };
