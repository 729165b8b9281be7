import {
  badRequest,
  Entry,
  SubscriptionSettings,
  type SubscriptionState,
} from "@opendxa/pubsub-protocol";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { checkAttempts, checkDeadLetterTopic, deadLetterReads } from "./dead-letter-topic.js";
import { knownSubscription, withSubscription } from "./known-subscription.js";
import {
  completeSubscriptionSettings,
  differingSubscriptionSetting,
} from "./subscription-settings.js";

/** What to change. */
export interface UpdateSubscriptionCommand {
  /** Name. */
  readonly name: string;
  /** New values; absent: all defaults. */
  readonly settings: SubscriptionSettings | undefined;
  /** Names of the settings to change, as the contract has them. */
  readonly fields: readonly string[];
  /** Whether it has consumers now. */
  readonly hasConsumers: boolean;
}

/** Settings that may change, by their names in the contract. */
const changeable: Readonly<Record<string, keyof SubscriptionSettings>> = {
  ack_deadline_ms: "ackDeadlineMs",
  retry: "retry",
  attempts_max: "attemptsMax",
  dead_letter_topic: "deadLetterTopic",
  expiry_ms: "expiryMs",
};

/** Settings that say what a subscription is. */
const immutable: readonly string[] = ["patterns", "filter", "start", "order"];

function refuseFields(rule: string): never {
  throw badRequest("fields", rule);
}

function settingOf(field: string): keyof SubscriptionSettings {
  if (Object.hasOwn(changeable, field)) return changeable[field] as keyof SubscriptionSettings;
  if (immutable.includes(field)) refuseFields(`must not name ${field}, which never changes`);
  const known = Object.keys(changeable).join(", ");
  return refuseFields(`must be of ${known}; ${JSON.stringify(field)} is not`);
}

function reads(
  { name, settings }: UpdateSubscriptionCommand,
  loaded: Loaded,
): readonly AnyStateKey[] {
  const topic = deadLetterReads(name, settings?.deadLetterTopic ?? "", loaded);
  return missingKeys(loaded, [stateKeys.subscription(name), ...topic]);
}

function merged(
  before: SubscriptionSettings,
  { name, settings, fields }: UpdateSubscriptionCommand,
): SubscriptionSettings {
  if (fields.length === 0) refuseFields("must name at least one setting");
  const wanted = fields.map(settingOf);
  const asked = settings ?? SubscriptionSettings.create();
  const values = Object.fromEntries(wanted.map((field) => [field, asked[field]]));
  const { patterns } = before;
  const complete = completeSubscriptionSettings(
    name,
    SubscriptionSettings.create({ patterns, ...values }),
  );
  return { ...before, ...Object.fromEntries(wanted.map((field) => [field, complete[field]])) };
}

function idleSince(
  before: SubscriptionState,
  { expiryMs }: SubscriptionSettings,
  idle: { readonly hasConsumers: boolean; readonly nowMs: number },
): bigint | undefined {
  if (expiryMs === 0n || idle.hasConsumers) return undefined;
  return before.idleSinceUnixMs ?? BigInt(idle.nowMs);
}

function decide(
  loaded: Loaded,
  command: UpdateSubscriptionCommand,
  { nowMs }: DecideContext,
): Decision<SubscriptionState> {
  const { name, fields, hasConsumers } = command;
  const before = knownSubscription(loaded, name);
  const old = before.subscription?.settings ?? SubscriptionSettings.create();
  const settings = merged(old, command);
  if (fields.includes("dead_letter_topic") || fields.includes("attempts_max")) {
    checkAttempts(name, settings);
  }
  if (fields.includes("dead_letter_topic")) checkDeadLetterTopic(loaded, name, settings);
  if (differingSubscriptionSetting(old, settings) === undefined) {
    return { entries: [], reply: before };
  }
  const subscription: SubscriptionState = {
    ...withSubscription(before, { settings }),
    idleSinceUnixMs: idleSince(before, settings, { hasConsumers, nowMs }),
  };
  const kind = { $case: "subscriptionUpdated", value: { subscription } } as const;
  return { entries: [Entry.create({ kind })], reply: subscription };
}

/**
 * Changes settings of a subscription. Throws SUBSCRIPTION_NOT_FOUND, TOPIC_NOT_FOUND and
 * BAD_REQUEST.
 */
export const updateSubscription: Operation<UpdateSubscriptionCommand, SubscriptionState> = {
  name: "update-subscription",
  reads,
  decide,
};
