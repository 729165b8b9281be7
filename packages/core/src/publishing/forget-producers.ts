import { Entry, type ForgottenWindow, type ProducerState } from "@opendxa/pubsub-protocol";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { producerIdleMsMax } from "./limits.js";
import { producerHex } from "./open-producer.js";

/** What to forget of producers; at most `producersForgottenMax` and `windowsForgottenMax`. */
export interface ForgetProducersCommand {
  /** Windows of idle producers; all of a producer's go before it does. */
  readonly windows: readonly ForgottenWindow[];
  /** Idle producers that have no windows any more, 16 bytes each. */
  readonly producerIds: readonly Uint8Array[];
}

/** Whether a producer was idle for so long that it is forgotten. */
export function isIdleProducer({ activeTimeUnixMs }: ProducerState, nowMs: number): boolean {
  return BigInt(nowMs) - activeTimeUnixMs >= BigInt(producerIdleMsMax);
}

function isIdle(loaded: Loaded, producerId: Uint8Array, nowMs: number): boolean {
  const state = loaded.get(stateKeys.producer(producerHex(producerId)));
  return state !== undefined && isIdleProducer(state, nowMs);
}

function decideIdle(
  loaded: Loaded,
  command: ForgetProducersCommand,
  { nowMs }: DecideContext,
): Decision<void> {
  const windows = command.windows.filter(({ producerId }) => isIdle(loaded, producerId, nowMs));
  const producerIds = command.producerIds.filter((id) => isIdle(loaded, id, nowMs));
  return forgotten({ windows, producerIds });
}

function forgotten(value: { windows: ForgottenWindow[]; producerIds: Uint8Array[] }) {
  const isNothing = value.windows.length + value.producerIds.length === 0;
  const kind = { $case: "producersForgotten", value } as const;
  return { entries: isNothing ? [] : [Entry.create({ kind })], reply: undefined };
}

/**
 * Forgets producers that were idle for `producerIdleMsMax` (S-P2). Those that were active meanwhile
 * stay: their first batch after such a time is known to the moment.
 */
export const forgetProducers: Operation<ForgetProducersCommand, void> = {
  name: "forget-producers",
  reads: ({ windows, producerIds }, loaded) => {
    const ids = [...windows.map(({ producerId }) => producerId), ...producerIds];
    const names = new Set(ids.map(producerHex));
    return missingKeys(
      loaded,
      Array.from(names, (name) => stateKeys.producer(name)),
    );
  },
  decide: decideIdle,
};

/** What producers remember of a deleted topic; at most `windowsForgottenMax`. */
export interface ForgetWindowsCommand {
  /** Number of the topic. */
  readonly topicId: number;
  /** Windows of its partitions. */
  readonly windows: readonly ForgottenWindow[];
}

/** Forgets what producers stored last in a topic that was deleted. */
export const forgetWindows: Operation<ForgetWindowsCommand, void> = {
  name: "forget-windows",
  reads: ({ topicId }, loaded) => missingKeys(loaded, [stateKeys.deletedTopic(topicId)]),
  decide: (loaded, { topicId, windows }) => {
    const isDeleted = loaded.get(stateKeys.deletedTopic(topicId)) !== undefined;
    return forgotten({ windows: isDeleted ? [...windows] : [], producerIds: [] });
  },
};
