import { Entry } from "@opendxa/pubsub-protocol";
import type { Decision, Operation } from "../state/operation.js";
import { missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { dedupGroupsForgottenMax } from "./limits.js";

/** Which deleted topic forgets its ids. */
export interface ForgetDedupCommand {
  /** Number of the topic. */
  readonly topicId: number;
}

function decide(
  loaded: Parameters<Operation<ForgetDedupCommand, boolean>["decide"]>[0],
  { topicId }: ForgetDedupCommand,
): Decision<boolean> {
  const totals = loaded.get(stateKeys.dedupTotals(topicId));
  const isDeleted = loaded.get(stateKeys.deletedTopic(topicId)) !== undefined;
  if (totals === undefined || !isDeleted) return { entries: [], reply: false };
  const last = totals.firstGroup + BigInt(dedupGroupsForgottenMax) - 1n;
  const throughGroup = last < totals.nextGroup ? last : totals.nextGroup - 1n;
  const kind = { $case: "dedupForgotten", value: { topicId, throughGroup } } as const;
  return { entries: [Entry.create({ kind })], reply: throughGroup + 1n < totals.nextGroup };
}

/** One step in which a deleted topic forgets remembered ids; answers whether some are left. */
export const forgetDedup: Operation<ForgetDedupCommand, boolean> = {
  name: "forget-dedup",
  reads: ({ topicId }, loaded) =>
    missingKeys(loaded, [stateKeys.dedupTotals(topicId), stateKeys.deletedTopic(topicId)]),
  decide,
};
