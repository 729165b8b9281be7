import { Entry, PartitionState } from "@opendxa/pubsub-protocol";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { required } from "../state/state-changes.js";
import { type AnyStateKey, type Loaded, missingKeys, noKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import type { PayloadPosition } from "./scheduled-timer.js";

/** What became of a batch. `orphaned`: its topic is gone; nothing was done, drop it. */
export type ReleaseOutcome = "released" | "nothing" | "orphaned";

function reads(command: PayloadPosition, loaded: Loaded): readonly AnyStateKey[] {
  const key = stateKeys.scheduled(command.payloadSequence, command.payloadFirstIndex);
  if (!loaded.has(key)) return [key];
  const state = loaded.get(key);
  if (state === undefined) return noKeys;
  const partition = stateKeys.partition(state.topicId, state.batch?.partition ?? 0);
  return missingKeys(loaded, [stateKeys.topic(state.topic), partition]);
}

function decide(
  loaded: Loaded,
  command: PayloadPosition,
  { nowMs }: DecideContext,
): Decision<ReleaseOutcome> {
  const { payloadSequence, payloadFirstIndex } = command;
  const state = loaded.get(stateKeys.scheduled(payloadSequence, payloadFirstIndex));
  const isDue = state !== undefined && state.deliverTimeUnixMs <= BigInt(nowMs);
  if (!isDue) return { entries: [], reply: "nothing" };
  const at = { payloadSequence, payloadFirstIndex };
  if (loaded.get(stateKeys.topic(state.topic))?.topicId !== state.topicId) {
    return { entries: [], reply: "orphaned" };
  }
  const line = required(state.batch, "scheduled batch");
  const partition = stateKeys.partition(state.topicId, line.partition);
  const { nextOffset } = loaded.get(partition) ?? PartitionState.create();
  const value = { ...at, batch: { ...line, baseOffset: nextOffset } };
  const kind = { $case: "eventsReleased", value } as const;
  return { entries: [Entry.create({ kind })], reply: "released" };
}

/**
 * Makes a scheduled batch that is due part of the log, at the next offset of its topic-partition. One
 * that waits still, or does not any more, is left as it is.
 */
export const releaseScheduled: Operation<PayloadPosition, ReleaseOutcome> = {
  name: "release-scheduled",
  reads,
  decide,
};
