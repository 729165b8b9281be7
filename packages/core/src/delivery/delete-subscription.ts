import { Entry, EventsSettled, PubSubError } from "@opendxa/pubsub-protocol";
import type { Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { clearedSequencesMax } from "./limits.js";

/** What to delete. */
export interface DeleteSubscriptionCommand {
  /** Name. */
  readonly name: string;
  /** Sequences of all its exceptions, which the caller finds by their common prefix. */
  readonly exceptionSequences: readonly bigint[];
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
 * The deletion comes first: the clearing entries behind it only remove exceptions, so that a cut
 * between them leaves rubbish under a number that is never used again, and loses no position.
 */
function decide(
  loaded: Loaded,
  { name, exceptionSequences }: DeleteSubscriptionCommand,
): Decision<DeleteSubscriptionReply> {
  const state = loaded.get(stateKeys.subscription(name));
  if (state === undefined) {
    throw PubSubError.of("SUBSCRIPTION_NOT_FOUND", `there is no subscription ${name}`, {
      metadata: { subscription: name },
    });
  }
  const { subscriptionId } = state;
  const kind = { $case: "subscriptionDeleted", value: { name, subscriptionId } } as const;
  const entries = [Entry.create({ kind })];
  for (let at = 0; at < exceptionSequences.length; at += clearedSequencesMax) {
    const clearedSequences = exceptionSequences.slice(at, at + clearedSequencesMax);
    const value = EventsSettled.create({ subscriptionId, clearedSequences });
    entries.push(Entry.create({ kind: { $case: "eventsSettled", value } }));
  }
  return { entries, reply: { subscriptionId } };
}

/** Deletes a subscription, its position and its exceptions. */
export const deleteSubscription: Operation<DeleteSubscriptionCommand, DeleteSubscriptionReply> = {
  name: "delete-subscription",
  reads,
  decide,
};
