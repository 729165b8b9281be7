import type {
  DeadlinesPassed,
  Entry,
  Execution,
  ExecutionRegistered,
  FeedbackReceived,
  MatchedFeedback,
} from "@opendxa/pubsub-protocol";
import { type AnyStateKey, type Loaded, missingKeys, noKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { ownedKeys } from "./pending-matches.js";

/** Keys of which some depend on the values of others: those that are known so far. */
class Wanted {
  readonly keys: AnyStateKey[] = [];
  readonly #loaded: Loaded;

  constructor(loaded: Loaded) {
    this.#loaded = loaded;
  }

  correlationKeys(keys: readonly string[]): void {
    for (const key of keys) this.keys.push(stateKeys.correlationKey(key));
  }

  execution(executionId: string): void {
    this.keys.push(stateKeys.execution(executionId), stateKeys.awaitedExecution(executionId));
  }

  wait(waitId: string): void {
    const key = stateKeys.wait(waitId);
    this.keys.push(key);
    const wait = this.#loaded.has(key) ? this.#loaded.get(key)?.wait : undefined;
    if (wait !== undefined) this.execution(wait.executionId);
  }

  pending(feedbackKey: string): void {
    const key = stateKeys.pending(feedbackKey);
    this.keys.push(key);
    const pending = this.#loaded.has(key) ? this.#loaded.get(key) : undefined;
    if (pending !== undefined) this.correlationKeys(pending.correlationKeys);
  }

  closing(executionId: string): void {
    const key = stateKeys.execution(executionId);
    this.keys.push(key);
    const execution: Execution | undefined = this.#loaded.has(key)
      ? this.#loaded.get(key)?.execution
      : undefined;
    if (execution !== undefined) this.correlationKeys(ownedKeys(execution));
  }

  matched(matches: readonly MatchedFeedback[]): void {
    for (const { match } of matches) if (match !== undefined) this.execution(match.executionId);
  }
}

function wantRegistered(wanted: Wanted, fact: ExecutionRegistered): void {
  const { execution } = fact;
  if (execution === undefined) return;
  wanted.execution(execution.executionId);
  wanted.correlationKeys(ownedKeys(execution));
  for (const { feedbackKey } of fact.matched) {
    wanted.pending(feedbackKey);
    wanted.keys.push(stateKeys.received(feedbackKey));
  }
  for (const { waitId } of fact.waitsEnded) wanted.wait(waitId);
}

function wantReceived(wanted: Wanted, fact: FeedbackReceived): void {
  wanted.keys.push(stateKeys.received(fact.feedbackKey));
  wanted.matched(fact.matched);
  if (fact.pending !== undefined) wanted.correlationKeys(fact.pending.correlationKeys);
  for (const { waitId } of fact.waitsEnded) wanted.wait(waitId);
}

function wantDeadlines(wanted: Wanted, fact: DeadlinesPassed): void {
  for (const { waitId } of fact.waitsEnded) wanted.wait(waitId);
  for (const executionId of fact.executionsExpired) wanted.execution(executionId);
  for (const executionId of fact.executionsClosed) wanted.closing(executionId);
  for (const feedbackKey of fact.pendingOrphaned) wanted.pending(feedbackKey);
  for (const feedbackKey of fact.receivedForgotten) {
    wanted.keys.push(stateKeys.received(feedbackKey));
  }
}

/** Keys that are still missing to apply an entry of feedback. */
export function feedbackProjectionReads(
  entry: Entry,
  _sequence: bigint,
  loaded: Loaded,
): readonly AnyStateKey[] {
  const wanted = new Wanted(loaded);
  switch (entry.kind?.$case) {
    case "executionRegistered":
      wantRegistered(wanted, entry.kind.value);
      break;
    case "feedbackReceived":
      wantReceived(wanted, entry.kind.value);
      break;
    case "waitRegistered": {
      const wait = entry.kind.value.wait?.wait;
      if (wait !== undefined) wanted.execution(wait.executionId);
      break;
    }
    case "waitCancelled":
      wanted.wait(entry.kind.value.waitId);
      break;
    case "deadlinesPassed":
      wantDeadlines(wanted, entry.kind.value);
      break;
    default:
      return noKeys;
  }
  return missingKeys(loaded, wanted.keys);
}
