import {
  type AwaitedExecution,
  CorrelationKeyState,
  type Entry,
  ExecutionState,
  type FeedbackPosition,
  type MatchedFeedback,
  type PendingState,
  type WaitEnded,
  type WaitOutcome,
} from "@opendxa/pubsub-protocol";
import type { StateKey } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { feedbackPositionsMax, pendingPerKeyMax } from "./limits.js";
import type { StateChanges } from "./state-changes.js";

/** An entry being applied. */
export interface Applying {
  /** What changed so far. */
  readonly changes: StateChanges;
  /** The entry. */
  readonly entry: Entry;
  /** Its sequence. */
  readonly sequence: bigint;
}

function putKeyState(
  changes: StateChanges,
  correlationKey: string,
  next: CorrelationKeyState,
): void {
  const key = stateKeys.correlationKey(correlationKey);
  if (next.executionIds.length + next.pending.length === 0) changes.remove(key);
  else changes.put(key, next);
}

/** Makes an execution an owner of a key, or takes it away. */
export function setOwner(
  changes: StateChanges,
  correlationKey: string,
  owner: { readonly executionId: string; readonly owns: boolean },
): void {
  const { executionId, owns } = owner;
  const before = changes.get(stateKeys.correlationKey(correlationKey));
  const state = before ?? CorrelationKeyState.create();
  const others = state.executionIds.filter((id) => id !== executionId);
  const executionIds = owns ? [...others, executionId] : others;
  putKeyState(changes, correlationKey, { ...state, executionIds });
}

/** Stores feedback that matched nothing; a key that is full does not find it. */
export function addPending(changes: StateChanges, pending: PendingState): void {
  const { feedbackKey, orphan, orphanTimeUnixMs } = pending;
  changes.put(stateKeys.pending(feedbackKey), pending);
  if (orphan) return;
  changes.put(stateKeys.timer(Number(orphanTimeUnixMs), "p", feedbackKey), {
    target: { $case: "feedbackKey", value: feedbackKey },
  });
  for (const correlationKey of pending.correlationKeys) {
    const before = changes.get(stateKeys.correlationKey(correlationKey));
    const state = before ?? CorrelationKeyState.create();
    if (state.pending.length >= pendingPerKeyMax) continue;
    putKeyState(changes, correlationKey, { ...state, pending: [...state.pending, feedbackKey] });
  }
}

/** Lets no key find pending feedback any more, and stops its timer. */
export function unlistPending(changes: StateChanges, pending: PendingState): void {
  const { feedbackKey } = pending;
  changes.remove(stateKeys.timer(Number(pending.orphanTimeUnixMs), "p", feedbackKey));
  for (const correlationKey of pending.correlationKeys) {
    const state = changes.get(stateKeys.correlationKey(correlationKey));
    if (state === undefined) continue;
    const rest = state.pending.filter((key) => key !== feedbackKey);
    putKeyState(changes, correlationKey, { ...state, pending: rest });
  }
}

/** Remembers received feedback until a time, and only until then. */
export function rememberReceived(
  changes: StateChanges,
  feedbackKey: string,
  change: {
    readonly matches: readonly MatchedFeedback[];
    readonly pending: boolean;
    readonly rawOffset: bigint | undefined;
    readonly forgetTimeUnixMs: bigint;
  },
): void {
  const key = stateKeys.received(feedbackKey);
  const before = changes.get(key);
  if (before !== undefined) {
    changes.remove(stateKeys.timer(Number(before.expireTimeUnixMs), "r", feedbackKey));
  }
  const matches = change.matches.flatMap(({ match }) => (match === undefined ? [] : [match]));
  const { pending, rawOffset, forgetTimeUnixMs } = change;
  const expireTimeUnixMs = forgetTimeUnixMs;
  changes.put(key, { matches, pending, rawOffset, expireTimeUnixMs });
  changes.put(stateKeys.timer(Number(forgetTimeUnixMs), "r", feedbackKey), {
    target: { $case: "receivedKey", value: feedbackKey },
  });
}

function positionOf({ entry, sequence }: Applying, index: number): FeedbackPosition | undefined {
  for (const { topicId, firstIndex, batch } of entry.batches) {
    if (batch === undefined || index < firstIndex || index >= firstIndex + batch.count) continue;
    const offset = batch.baseOffset + BigInt(index - firstIndex);
    return { sequence, index, topicId, offset, correlationKey: "" };
  }
  return undefined;
}

/** Counts a piece of feedback for its execution; the first satisfies it. */
export function addMatch(applying: Applying, matched: MatchedFeedback): void {
  const { changes } = applying;
  const { match, index } = matched;
  const key = stateKeys.execution(match?.executionId ?? "");
  const record = changes.get(key);
  const position = positionOf(applying, index);
  if (match === undefined || record?.execution === undefined || position === undefined) return;
  const { correlationKey, executionId } = match;
  const { execution, feedback, keysMatched } = record;
  const isOpen = execution.state === ExecutionState.OPEN;
  if (isOpen) changes.remove(stateKeys.timer(Number(execution.deadlineUnixMs), "x", executionId));
  changes.put(key, {
    ...record,
    execution: {
      ...execution,
      state: isOpen ? ExecutionState.SATISFIED : execution.state,
      feedbackReceived: execution.feedbackReceived + 1,
    },
    feedback:
      feedback.length < feedbackPositionsMax
        ? [...feedback, { ...position, correlationKey }]
        : feedback,
    keysMatched: keysMatched.includes(correlationKey)
      ? keysMatched
      : [...keysMatched, correlationKey],
  });
}

function removeWait(changes: StateChanges, executionId: string, waitId: string): void {
  const without = (waits: readonly string[]): string[] => waits.filter((id) => id !== waitId);
  const key = stateKeys.execution(executionId);
  const record = changes.get(key);
  if (record !== undefined) changes.put(key, { ...record, waits: without(record.waits) });
  const awaitedKey = stateKeys.awaitedExecution(executionId);
  const awaited = changes.get(awaitedKey);
  if (awaited !== undefined) putAwaited(changes, awaitedKey, without(awaited.waits));
}

function putAwaited(changes: StateChanges, key: StateKey<AwaitedExecution>, waits: string[]): void {
  if (waits.length === 0) changes.remove(key);
  else changes.put(key, { waits });
}

/** Ends a wait. */
export function endWait(
  applying: Applying,
  ended: Pick<WaitEnded, "waitId" | "feedback"> & { readonly outcome: WaitOutcome },
): void {
  const { changes, entry } = applying;
  const { waitId, outcome } = ended;
  const key = stateKeys.wait(waitId);
  const wait = changes.get(key)?.wait;
  if (wait === undefined) return;
  changes.remove(stateKeys.timer(Number(wait.deadlineUnixMs), "w", waitId));
  const record = changes.get(stateKeys.execution(wait.executionId));
  const feedback = ended.feedback.flatMap(({ first }) => {
    return (
      record?.feedback.filter(
        ({ sequence, index }) => sequence === applying.sequence && index === first,
      ) ?? []
    );
  });
  const endTimeUnixMs = entry.timeUnixMs;
  changes.put(key, { wait: { ...wait, outcome, endTimeUnixMs }, feedback });
  removeWait(changes, wait.executionId, waitId);
}
