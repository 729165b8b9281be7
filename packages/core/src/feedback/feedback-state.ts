import {
  type AwaitedExecution,
  CorrelationKeyState,
  type Entry,
  ExecutionState,
  type FeedbackPosition,
  type MatchedFeedback,
  type PendingState,
  type StoredBatch,
  type WaitEnded,
  type WaitOutcome,
} from "@opendxa/pubsub-protocol";
import { required, type StateChanges } from "../state/state-changes.js";
import type { StateKey } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { executionsPerKeyMax, feedbackPositionsMax, pendingPerKeyMax } from "./limits.js";

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

/** Makes an execution an owner of a key unless that is full, or takes the key away. */
export function setOwner(
  changes: StateChanges,
  correlationKey: string,
  owner: { readonly executionId: string; readonly owns: boolean },
): void {
  const { executionId, owns } = owner;
  const before = changes.get(stateKeys.correlationKey(correlationKey));
  const state = before ?? CorrelationKeyState.create();
  const others = state.executionIds.filter((id) => id !== executionId);
  const isFull = others.length >= executionsPerKeyMax;
  const executionIds = owns && !isFull ? [...others, executionId] : others;
  if (executionIds.length === state.executionIds.length) return;
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
  const matches = change.matches.map(({ match }) => required(match, "match"));
  const { pending, rawOffset, forgetTimeUnixMs } = change;
  const expireTimeUnixMs = forgetTimeUnixMs;
  changes.put(key, { matches, pending, rawOffset, expireTimeUnixMs });
  changes.put(stateKeys.timer(Number(forgetTimeUnixMs), "r", feedbackKey), {
    target: { $case: "receivedKey", value: feedbackKey },
  });
}

function positionOf(
  { entry, sequence }: Applying,
  index: number,
): Omit<FeedbackPosition, "correlationKey"> {
  const holds = ({ firstIndex, batch }: StoredBatch): boolean =>
    index >= firstIndex && index < firstIndex + required(batch, "batch").count;
  const stored = required(entry.batches.find(holds), "batch with the index");
  const { baseOffset } = required(stored.batch, "batch");
  const offset = baseOffset + BigInt(index - stored.firstIndex);
  return { sequence, index, topicId: stored.topicId, offset };
}

/** Counts a piece of feedback for its execution; the first satisfies it. */
export function addMatch(applying: Applying, matched: MatchedFeedback): void {
  const { changes } = applying;
  const { correlationKey, executionId } = required(matched.match, "match");
  const key = stateKeys.execution(executionId);
  const record = changes.must(key);
  const { feedback, keysMatched } = record;
  const execution = required(record.execution, "execution");
  const position = positionOf(applying, matched.index);
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
  const wait = required(changes.must(key).wait, "wait");
  changes.remove(stateKeys.timer(Number(wait.deadlineUnixMs), "w", waitId));
  const arrived = changes.get(stateKeys.execution(wait.executionId))?.feedback ?? [];
  const feedback = arrived.filter(({ sequence, index }) =>
    ended.feedback.some((range) => range.sequence === sequence && range.first === index),
  );
  const endTimeUnixMs = entry.timeUnixMs;
  changes.put(key, { wait: { ...wait, outcome, endTimeUnixMs }, feedback });
  removeWait(changes, wait.executionId, waitId);
}
