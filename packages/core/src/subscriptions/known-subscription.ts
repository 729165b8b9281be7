import { PubSubError, type Subscription, type SubscriptionState } from "@opendxa/pubsub-protocol";
import type { Loaded } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";

/** A subscription by name, which must be loaded. Throws SUBSCRIPTION_NOT_FOUND. */
export function knownSubscription(loaded: Loaded, name: string): SubscriptionState {
  const state = loaded.get(stateKeys.subscription(name));
  if (state !== undefined) return state;
  throw PubSubError.of("SUBSCRIPTION_NOT_FOUND", `there is no subscription ${name}`, {
    metadata: { subscription: name },
  });
}

/** The same state with another description of the subscription. */
export function withSubscription(
  state: SubscriptionState,
  changed: Partial<Subscription>,
): SubscriptionState {
  const subscription = { ...(state.subscription as Subscription), ...changed };
  return { ...state, subscription };
}
