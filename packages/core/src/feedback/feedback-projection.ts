import {
  type DeadlinesPassed,
  type Entry,
  type ExecutionRecord,
  type ExecutionRegistered,
  ExecutionState,
  type FeedbackReceived,
  WaitOutcome,
  type WaitState,
} from "@opendxa/pubsub-protocol";
import type { Projection } from "../state/operation.js";
import { required, StateChanges } from "../state/state-changes.js";
import type { Loaded, StateWrite } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { feedbackProjectionReads } from "./feedback-projection-reads.js";
import {
  type Applying,
  addMatch,
  addPending,
  endWait,
  rememberReceived,
  setOwner,
  unlistPending,
} from "./feedback-state.js";
import { ownedKeys } from "./owned-keys.js";

function putExecutionTimer({ changes }: Applying, dueUnixMs: bigint, executionId: string): void {
  changes.put(stateKeys.timer(Number(dueUnixMs), "x", executionId), {
    target: { $case: "executionId", value: executionId },
  });
}

function addExecution(applying: Applying, fact: ExecutionRegistered): void {
  const { closeTimeUnixMs } = fact;
  const execution = required(fact.execution, "execution");
  const { changes } = applying;
  const { executionId, deadlineUnixMs } = execution;
  const awaitedKey = stateKeys.awaitedExecution(executionId);
  const waits = changes.get(awaitedKey)?.waits ?? [];
  if (waits.length > 0) changes.remove(awaitedKey);
  const record: ExecutionRecord = {
    execution,
    feedback: [],
    waits,
    keysMatched: [],
    closeTimeUnixMs,
    closed: false,
  };
  changes.put(stateKeys.execution(executionId), record);
  for (const key of ownedKeys(execution)) setOwner(changes, key, { executionId, owns: true });
  putExecutionTimer(applying, deadlineUnixMs, executionId);
  putExecutionTimer(applying, closeTimeUnixMs, executionId);
}

function applyRegistered(applying: Applying, fact: ExecutionRegistered): void {
  const { changes, entry } = applying;
  const { executionId } = required(fact.execution, "execution");
  if (fact.rematchTimeUnixMs === undefined) addExecution(applying, fact);
  else changes.remove(stateKeys.timer(Number(fact.rematchTimeUnixMs), "x", executionId));
  for (const matched of fact.matched) {
    const { feedbackKey } = matched;
    addMatch(applying, matched);
    unlistPending(changes, changes.must(stateKeys.pending(feedbackKey)));
    changes.remove(stateKeys.pending(feedbackKey));
    const { rawOffset } = changes.must(stateKeys.received(feedbackKey));
    const { forgetTimeUnixMs } = fact;
    const change = { matches: [matched], pending: false, rawOffset, forgetTimeUnixMs };
    rememberReceived(changes, feedbackKey, change);
  }
  for (const ended of fact.waitsEnded) endWait(applying, ended);
  if (fact.morePending) putExecutionTimer(applying, entry.timeUnixMs, executionId);
}

function applyReceived(applying: Applying, fact: FeedbackReceived): void {
  const { changes } = applying;
  rememberReceived(changes, fact.feedbackKey, {
    matches: fact.matched,
    pending: fact.pending !== undefined,
    rawOffset: fact.rawOffset,
    forgetTimeUnixMs: fact.forgetTimeUnixMs,
  });
  for (const { key, value } of fact.memory) {
    if (value === undefined) changes.remove(stateKeys.memory(key));
    else changes.put(stateKeys.memory(key), value);
  }
  if (fact.pending !== undefined) addPending(changes, fact.pending);
  // An orphan whose sender repeats it after it was forgotten must not be matched a second time.
  if (fact.matched.length > 0) changes.remove(stateKeys.pending(fact.feedbackKey));
  for (const matched of fact.matched) addMatch(applying, matched);
  for (const ended of fact.waitsEnded) endWait(applying, ended);
}

function applyWaitRegistered({ changes }: Applying, state: WaitState): void {
  const wait = required(state.wait, "wait");
  const { waitId, executionId, outcome, deadlineUnixMs } = wait;
  changes.put(stateKeys.wait(waitId), state);
  if (outcome !== WaitOutcome.UNSPECIFIED) return;
  changes.put(stateKeys.timer(Number(deadlineUnixMs), "w", waitId), {
    target: { $case: "waitId", value: waitId },
  });
  const key = stateKeys.execution(executionId);
  const record = changes.get(key);
  if (record !== undefined) {
    changes.put(key, { ...record, waits: [...record.waits, waitId] });
    return;
  }
  const awaitedKey = stateKeys.awaitedExecution(executionId);
  const waits = changes.get(awaitedKey)?.waits ?? [];
  changes.put(awaitedKey, { waits: [...waits, waitId] });
}

function expireExecution({ changes }: Applying, executionId: string): void {
  const key = stateKeys.execution(executionId);
  const record = changes.must(key);
  const execution = required(record.execution, "execution");
  changes.remove(stateKeys.timer(Number(execution.deadlineUnixMs), "x", executionId));
  changes.put(key, { ...record, execution: { ...execution, state: ExecutionState.EXPIRED } });
}

function closeExecution({ changes }: Applying, executionId: string): void {
  const key = stateKeys.execution(executionId);
  const record = changes.must(key);
  const execution = required(record.execution, "execution");
  changes.remove(stateKeys.timer(Number(record.closeTimeUnixMs), "x", executionId));
  changes.put(key, { ...record, closed: true });
  for (const owned of ownedKeys(execution)) setOwner(changes, owned, { executionId, owns: false });
}

function applyDeadlines(applying: Applying, fact: DeadlinesPassed): void {
  const { changes } = applying;
  for (const ended of fact.waitsEnded) endWait(applying, ended);
  for (const executionId of fact.executionsExpired) expireExecution(applying, executionId);
  for (const executionId of fact.executionsClosed) closeExecution(applying, executionId);
  for (const feedbackKey of fact.pendingOrphaned) {
    const pending = changes.must(stateKeys.pending(feedbackKey));
    unlistPending(changes, pending);
    changes.put(stateKeys.pending(feedbackKey), { ...pending, orphan: true });
  }
  for (const feedbackKey of fact.receivedForgotten) {
    const received = changes.must(stateKeys.received(feedbackKey));
    changes.remove(stateKeys.timer(Number(received.expireTimeUnixMs), "r", feedbackKey));
    changes.remove(stateKeys.received(feedbackKey));
  }
}

function apply(loaded: Loaded, entry: Entry, sequence: bigint): readonly StateWrite[] {
  const changes = new StateChanges(loaded);
  const applying = { changes, entry, sequence };
  switch (entry.kind?.$case) {
    case "executionRegistered":
      applyRegistered(applying, entry.kind.value);
      break;
    case "feedbackReceived":
      applyReceived(applying, entry.kind.value);
      break;
    case "waitRegistered":
      applyWaitRegistered(applying, required(entry.kind.value.wait, "wait"));
      break;
    case "waitCancelled": {
      const { waitId } = entry.kind.value;
      endWait(applying, { waitId, outcome: WaitOutcome.CANCELLED, feedback: [] });
      break;
    }
    case "deadlinesPassed":
      applyDeadlines(applying, entry.kind.value);
      break;
    default:
      // Every other kind changes nothing of feedback.
      break;
  }
  return changes.list();
}

/** Executions, keys, pending and received feedback, waits, their timers and connector memory. */
export const feedbackProjection: Projection = { reads: feedbackProjectionReads, apply };
