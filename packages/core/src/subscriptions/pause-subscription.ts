import { Entry, REASON_BYTES_MAX, type SubscriptionState } from "@opendxa/pubsub-protocol";
import { requireAtMost, utf8Bytes } from "../delivery/settlement-rules.js";
import type { Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { knownSubscription, withSubscription } from "./known-subscription.js";

/** Which subscription to pause. */
export interface PauseSubscriptionCommand {
  /** Name. */
  readonly name: string;
  /** Why, shown to consumers. */
  readonly reason: string;
}

/** Which subscription to resume. */
export interface ResumeSubscriptionCommand {
  /** Name. */
  readonly name: string;
}

function reads({ name }: ResumeSubscriptionCommand, loaded: Loaded): readonly AnyStateKey[] {
  return missingKeys(loaded, [stateKeys.subscription(name)]);
}

function changed(
  before: SubscriptionState,
  paused: boolean,
  pauseReason: string,
): Decision<SubscriptionState> {
  const { subscription: old } = before;
  if (old?.paused === paused && old.pauseReason === pauseReason) {
    return { entries: [], reply: before };
  }
  const subscription = withSubscription(before, { paused, pauseReason });
  const kind = { $case: "subscriptionUpdated", value: { subscription } } as const;
  return { entries: [Entry.create({ kind })], reply: subscription };
}

/** Stops dispatch until it is resumed. Throws SUBSCRIPTION_NOT_FOUND and LIMIT_EXCEEDED. */
export const pauseSubscription: Operation<PauseSubscriptionCommand, SubscriptionState> = {
  name: "pause-subscription",
  reads,
  decide: (loaded, { name, reason }) => {
    requireAtMost("reason", REASON_BYTES_MAX, utf8Bytes(reason));
    return changed(knownSubscription(loaded, name), true, reason);
  },
};

/** Ends a pause. Throws SUBSCRIPTION_NOT_FOUND. */
export const resumeSubscription: Operation<ResumeSubscriptionCommand, SubscriptionState> = {
  name: "resume-subscription",
  reads,
  decide: (loaded, { name }) => changed(knownSubscription(loaded, name), false, ""),
};
