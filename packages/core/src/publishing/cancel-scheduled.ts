import { Entry, PubSubError, type ScheduledState } from "@opendxa/pubsub-protocol";
import type { Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys, noKeys } from "../state/state-key.js";
import { type EventIdentity, stateKeys } from "../state/state-keys.js";
import { knownTopic } from "../topics/known-topic.js";
import type { PayloadPosition } from "./scheduled-timer.js";

/** Which scheduled event to cancel. */
export interface CancelScheduledCommand extends EventIdentity {
  /** Its topic. */
  readonly topic: string;
  /** It is in the log, as the index says: it was released before. */
  readonly isReleased: boolean;
}

function waitingState(loaded: Loaded, topicId: number, event: EventIdentity) {
  const ref = loaded.get(stateKeys.scheduledEvent(topicId, event));
  return ref && { ref, key: stateKeys.scheduled(ref.payloadSequence, ref.payloadFirstIndex) };
}

function reads(command: CancelScheduledCommand, loaded: Loaded): readonly AnyStateKey[] {
  const key = stateKeys.topic(command.topic);
  if (!loaded.has(key)) return [key];
  const topicId = loaded.get(key)?.topicId;
  if (topicId === undefined) return noKeys;
  const first = missingKeys(loaded, [
    stateKeys.scheduledEvent(topicId, command),
    stateKeys.dedup(topicId, command.source, command.id),
  ]);
  if (first.length > 0) return first;
  const waiting = waitingState(loaded, topicId, command);
  return waiting === undefined ? noKeys : missingKeys(loaded, [waiting.key]);
}

function decide(loaded: Loaded, command: CancelScheduledCommand): Decision<boolean> {
  const { topicId } = knownTopic(loaded, command.topic);
  const waiting = waitingState(loaded, topicId, command);
  const state = waiting && loaded.get(waiting.key);
  if (waiting === undefined || state === undefined) {
    const remembered = loaded.get(stateKeys.dedup(topicId, command.source, command.id));
    if (command.isReleased || remembered !== undefined) return { entries: [], reply: false };
    throw PubSubError.of("EVENT_NOT_FOUND", `no event ${command.id} is scheduled`, {
      metadata: { event_id: command.id },
    });
  }
  const { payloadSequence, payloadFirstIndex, index } = waiting.ref;
  const nothingLeft = waitingEvents(state) <= 1;
  const value = { payloadSequence, payloadFirstIndex, indexes: [index], nothingLeft };
  const kind = { $case: "scheduledCancelled", value } as const;
  return { entries: [Entry.create({ kind })], reply: true };
}

function waitingEvents({ names }: ScheduledState): number {
  return names.reduce((sum, { id }) => sum + (id === "" ? 0 : 1), 0);
}

/**
 * Cancels an event that waits for its deliver time; answers false when it was released before.
 * Throws TOPIC_NOT_FOUND and EVENT_NOT_FOUND.
 */
export const cancelScheduled: Operation<CancelScheduledCommand, boolean> = {
  name: "cancel-scheduled",
  reads,
  decide,
};

function dropReads(command: PayloadPosition, loaded: Loaded): readonly AnyStateKey[] {
  const { payloadSequence, payloadFirstIndex } = command;
  return missingKeys(loaded, [stateKeys.scheduled(payloadSequence, payloadFirstIndex)]);
}

function decideDrop(loaded: Loaded, command: PayloadPosition): Decision<void> {
  const { payloadSequence, payloadFirstIndex } = command;
  const state = loaded.get(stateKeys.scheduled(payloadSequence, payloadFirstIndex));
  if (state === undefined) return { entries: [], reply: undefined };
  const value = { payloadSequence, payloadFirstIndex, indexes: [], nothingLeft: true };
  const kind = { $case: "scheduledCancelled", value } as const;
  return { entries: [Entry.create({ kind })], reply: undefined };
}

/** Drops what is left of a scheduled batch, because its topic was deleted. */
export const dropScheduled: Operation<PayloadPosition, void> = {
  name: "drop-scheduled",
  reads: dropReads,
  decide: decideDrop,
};
