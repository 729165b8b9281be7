import {
  Entry,
  NamespaceState,
  PubSubError,
  SUBSCRIPTIONS_MAX,
  Subscription,
  type SubscriptionSettings,
  SubscriptionState,
  validateSubscriptionName,
} from "@opendxa/pubsub-protocol";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { checkAttempts, checkDeadLetterTopic, deadLetterReads } from "./dead-letter-topic.js";
import { startSequence } from "./start-sequence.js";
import {
  completeSubscriptionSettings,
  differingSubscriptionSetting,
} from "./subscription-settings.js";

/** What to create. */
export interface CreateSubscriptionCommand {
  /** Name. */
  readonly name: string;
  /** Settings as asked for. */
  readonly settings: SubscriptionSettings;
  /** It ends with its stream. Absent: it does not. */
  readonly isEphemeral?: boolean;
  /** First sequence whose entry is not older than `settings.start.time_unix_ms`; only with it. */
  readonly timeSequence?: bigint | undefined;
}

/** What was created or existed. */
export interface CreateSubscriptionReply {
  /** Its number, name, completed settings and first cursor. */
  readonly state: SubscriptionState;
  /** It existed before, with equal settings. */
  readonly existed: boolean;
}

function reads(command: CreateSubscriptionCommand, loaded: Loaded): readonly AnyStateKey[] {
  const { name, settings } = command;
  const topic = deadLetterReads(name, settings.deadLetterTopic, loaded);
  const wanted = [stateKeys.namespace(), stateKeys.subscription(name), ...topic];
  return missingKeys(loaded, wanted);
}

function existingOf(
  existing: SubscriptionState,
  name: string,
  settings: SubscriptionSettings,
): Decision<CreateSubscriptionReply> {
  const field = differingSubscriptionSetting(existing.subscription?.settings ?? settings, settings);
  if (field !== undefined) {
    throw PubSubError.of(
      "SUBSCRIPTION_EXISTS",
      `subscription ${name} exists with another ${field}`,
      {
        metadata: { subscription: name, field },
      },
    );
  }
  return { entries: [], reply: { state: existing, existed: true } };
}

function decide(
  loaded: Loaded,
  { name, settings: asked, isEphemeral, timeSequence }: CreateSubscriptionCommand,
  context: DecideContext,
): Decision<CreateSubscriptionReply> {
  validateSubscriptionName(name, "name");
  const settings = completeSubscriptionSettings(name, asked);
  const existing = loaded.get(stateKeys.subscription(name));
  if (existing !== undefined) return existingOf(existing, name, settings);
  checkAttempts(name, settings);
  checkDeadLetterTopic(loaded, name, settings);
  const namespace = loaded.get(stateKeys.namespace()) ?? NamespaceState.create();
  if (namespace.subscriptions >= SUBSCRIPTIONS_MAX) {
    throw PubSubError.of(
      "LIMIT_REACHED",
      `a namespace holds at most ${SUBSCRIPTIONS_MAX} subscriptions`,
      {
        metadata: { field: "subscriptions", limit: SUBSCRIPTIONS_MAX },
      },
    );
  }
  const { nextSequence, nowMs } = context;
  const at = { nextSequence, timeSequence, field: "settings.start" };
  const state = SubscriptionState.create({
    subscriptionId: Math.max(1, namespace.nextSubscriptionId),
    subscription: Subscription.create({
      name,
      settings,
      epoch: 1,
      createTimeUnixMs: BigInt(nowMs),
      cursorSequence: startSequence(settings.start, at),
      ephemeral: isEphemeral ?? false,
    }),
    idleSinceUnixMs: settings.expiryMs > 0n ? BigInt(nowMs) : undefined,
  });
  const kind = { $case: "subscriptionCreated", value: { subscription: state } } as const;
  return { entries: [Entry.create({ kind })], reply: { state, existed: false } };
}

/** Creates a subscription, or answers the existing one when its settings are equal. */
export const createSubscription: Operation<CreateSubscriptionCommand, CreateSubscriptionReply> = {
  name: "create-subscription",
  reads,
  decide,
};
