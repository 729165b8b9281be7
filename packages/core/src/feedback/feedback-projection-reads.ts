import type {
  DeadlinesPassed,
  Entry,
  ExecutionRegistered,
  FeedbackReceived,
  MatchedFeedback,
} from "@opendxa/pubsub-protocol";
import { required } from "../state/state-changes.js";
import { type AnyStateKey, type Loaded, missingKeys, noKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { ownedKeys } from "./owned-keys.js";

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
    if (!this.#loaded.has(key)) return;
    this.execution(required(this.#loaded.get(key)?.wait, "wait").executionId);
  }

  pending(feedbackKey: string): void {
    const key = stateKeys.pending(feedbackKey);
    this.keys.push(key);
    if (!this.#loaded.has(key)) return;
    this.correlationKeys(required(this.#loaded.get(key), "pending feedback").correlationKeys);
  }

  closing(executionId: string): void {
    const key = stateKeys.execution(executionId);
    this.keys.push(key);
    if (!this.#loaded.has(key)) return;
    this.correlationKeys(ownedKeys(required(this.#loaded.get(key)?.execution, "execution")));
  }

  matched(matches: readonly MatchedFeedback[]): void {
    for (const { match } of matches) this.execution(required(match, "match").executionId);
  }
}

function wantRegistered(wanted: Wanted, fact: ExecutionRegistered): void {
  const execution = required(fact.execution, "execution");
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
      const wait = required(entry.kind.value.wait?.wait, "wait");
      wanted.execution(wait.executionId);
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
