import { Entry, type Wait, WaitOutcome } from "@opendxa/pubsub-protocol";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { waitOf } from "./queries.js";

/** Which wait to end. */
export interface CancelWaitCommand {
  /** Id. */
  readonly waitId: string;
}

function reads({ waitId }: CancelWaitCommand, loaded: Loaded): readonly AnyStateKey[] {
  return missingKeys(loaded, [stateKeys.wait(waitId)]);
}

function decide(
  loaded: Loaded,
  { waitId }: CancelWaitCommand,
  { nowMs }: DecideContext,
): Decision<Wait> {
  const wait = waitOf(loaded, waitId).wait as Wait;
  if (wait.outcome !== WaitOutcome.UNSPECIFIED) return { entries: [], reply: wait };
  const entry = Entry.create({ kind: { $case: "waitCancelled", value: { waitId } } });
  const reply = { ...wait, outcome: WaitOutcome.CANCELLED, endTimeUnixMs: BigInt(nowMs) };
  return { entries: [entry], reply };
}

/** Ends a wait without feedback; one that has ended stays as it is. Errors: WAIT_NOT_FOUND. */
export const cancelWait: Operation<CancelWaitCommand, Wait> = {
  name: "cancel-wait",
  reads,
  decide,
};
