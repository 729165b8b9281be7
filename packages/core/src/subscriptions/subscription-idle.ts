import { Entry, type SubscriptionState } from "@opendxa/pubsub-protocol";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { deletionEntries, type SubscriptionLeftovers } from "./delete-subscription.js";

/** Whose consumers came or went. */
export interface NoteIdleCommand {
  /** Name. */
  readonly name: string;
  /** Whether it has consumers, asked at the moment of the decision. */
  readonly hasConsumers: () => boolean;
}

/** Which subscription may have expired. */
export interface ExpireSubscriptionCommand extends SubscriptionLeftovers {
  /** Name. */
  readonly name: string;
}

/** What became of it. */
export interface ExpireSubscriptionReply {
  /** It is gone. */
  readonly isDeleted: boolean;
}

function reads({ name }: { readonly name: string }, loaded: Loaded): readonly AnyStateKey[] {
  return missingKeys(loaded, [stateKeys.namespace(), stateKeys.subscription(name)]);
}

/** When a subscription expires, in milliseconds since the Unix epoch; `undefined`: not as it is. */
export function expiryTimeMs({
  subscription,
  idleSinceUnixMs,
}: SubscriptionState): number | undefined {
  const expiryMs = subscription?.settings?.expiryMs ?? 0n;
  if (expiryMs === 0n || idleSinceUnixMs === undefined) return undefined;
  return Number(idleSinceUnixMs + expiryMs);
}

function decideIdle(
  loaded: Loaded,
  { name, hasConsumers }: NoteIdleCommand,
  { nowMs }: DecideContext,
): Decision<void> {
  const nothing = { entries: [], reply: undefined };
  const state = loaded.get(stateKeys.subscription(name));
  if ((state?.subscription?.settings?.expiryMs ?? 0n) === 0n) return nothing;
  const isIdle = !hasConsumers();
  if (isIdle === (state?.idleSinceUnixMs !== undefined)) return nothing;
  const value = { name, sinceUnixMs: isIdle ? BigInt(nowMs) : undefined };
  const kind = { $case: "subscriptionIdle", value } as const;
  return { entries: [Entry.create({ kind })], reply: undefined };
}

/** Notes whether a subscription that expires without consumers has some. */
export const noteIdle: Operation<NoteIdleCommand, void> = {
  name: "note-idle",
  reads,
  decide: decideIdle,
};

/** Deletes a subscription that had no consumers for as long as its settings say. */
export const expireSubscription: Operation<ExpireSubscriptionCommand, ExpireSubscriptionReply> = {
  name: "expire-subscription",
  reads,
  decide: (loaded, command, { nowMs }) => {
    const state = loaded.get(stateKeys.subscription(command.name));
    const atMs = state === undefined ? undefined : expiryTimeMs(state);
    if (state === undefined || atMs === undefined || atMs > nowMs) {
      return { entries: [], reply: { isDeleted: false } };
    }
    return { entries: deletionEntries(state, command), reply: { isDeleted: true } };
  },
};
