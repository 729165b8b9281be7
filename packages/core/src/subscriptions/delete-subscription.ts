import { Entry, EventsSettled, type SubscriptionState } from "@opendxa/pubsub-protocol";
import type { Lane } from "../delivery/lane.js";
import { clearedSequencesMax } from "../delivery/limits.js";
import type { Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { knownSubscription } from "./known-subscription.js";

/** What lies about a subscription under keys that the caller finds by their prefix. */
export interface SubscriptionLeftovers {
  /** Sequences of all its exceptions, by lane. */
  readonly exceptionSequences: ReadonlyMap<Lane, readonly bigint[]>;
  /** Names of its snapshots. */
  readonly snapshots: readonly string[];
}

/** What to delete. */
export interface DeleteSubscriptionCommand extends SubscriptionLeftovers {
  /** Name. */
  readonly name: string;
}

/** What was deleted. */
export interface DeleteSubscriptionReply {
  /** Its number. */
  readonly subscriptionId: number;
}

function reads(command: DeleteSubscriptionCommand, loaded: Loaded): readonly AnyStateKey[] {
  return missingKeys(loaded, [stateKeys.namespace(), stateKeys.subscription(command.name)]);
}

/**
 * The entries that end a subscription. Its snapshots go first: cut off in between, the subscription
 * is there and can be deleted again. Behind its deletion come entries that only clear exceptions: a
 * cut leaves rubbish under a number that is never used again, and loses no position.
 */
export function deletionEntries(
  { subscriptionId, subscription }: SubscriptionState,
  { exceptionSequences, snapshots }: SubscriptionLeftovers,
): Entry[] {
  const name = subscription?.name ?? "";
  const entries = snapshots.map((snapshot) =>
    Entry.create({ kind: { $case: "snapshotDeleted", value: { name: snapshot } } }),
  );
  const kind = { $case: "subscriptionDeleted", value: { name, subscriptionId } } as const;
  entries.push(Entry.create({ kind }));
  for (const [lane, sequences] of exceptionSequences) {
    for (let at = 0; at < sequences.length; at += clearedSequencesMax) {
      const clearedSequences = sequences.slice(at, at + clearedSequencesMax);
      const value = EventsSettled.create({ subscriptionId, lane, clearedSequences });
      entries.push(Entry.create({ kind: { $case: "eventsSettled", value } }));
    }
  }
  return entries;
}

function decide(
  loaded: Loaded,
  command: DeleteSubscriptionCommand,
): Decision<DeleteSubscriptionReply> {
  const state = knownSubscription(loaded, command.name);
  const { subscriptionId } = state;
  return { entries: deletionEntries(state, command), reply: { subscriptionId } };
}

/** Deletes a subscription, its position, its exceptions and its snapshots. */
export const deleteSubscription: Operation<DeleteSubscriptionCommand, DeleteSubscriptionReply> = {
  name: "delete-subscription",
  reads,
  decide,
};
