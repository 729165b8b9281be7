import {
  type CorrelationKeyState,
  type Execution,
  FeedbackEvent,
  type PendingState,
} from "@opendxa/pubsub-protocol";
import { required } from "../state/state-changes.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import type { Pairing } from "./feedback-match.js";
import { pendingPerEntryMax } from "./limits.js";
import { ownedKeys } from "./owned-keys.js";

/**
 * Whether pending feedback under a key is this execution's to take. Where another came first, all
 * of it was matched or is about to be matched to that one.
 */
function isFirstOwner(state: CorrelationKeyState, executionId: string): boolean {
  const [first] = state.executionIds;
  return first === undefined || first === executionId;
}

function candidates(loaded: Loaded, execution: Execution): ReadonlySet<string> {
  const found = new Set<string>();
  for (const key of ownedKeys(execution)) {
    const state = loaded.get(stateKeys.correlationKey(key));
    if (state === undefined || !isFirstOwner(state, execution.executionId)) continue;
    for (const feedbackKey of state.pending.slice(0, pendingPerEntryMax + 1)) {
      found.add(feedbackKey);
    }
  }
  return found;
}

/** Keys needed by `pendingFor`. */
export function pendingReads(execution: Execution, loaded: Loaded): readonly AnyStateKey[] {
  const keys = ownedKeys(execution).map((key) => stateKeys.correlationKey(key));
  const first = missingKeys(loaded, keys);
  if (first.length > 0) return first;
  const pending = [...candidates(loaded, execution)].map((key) => stateKeys.pending(key));
  return missingKeys(loaded, pending);
}

function pairingOf(execution: Execution, pending: PendingState): Pairing {
  const owned = ownedKeys(execution);
  const at = pending.correlationKeys.findIndex((key) => owned.includes(key));
  return {
    piece: {
      source: pending.source,
      id: pending.id,
      feedback: FeedbackEvent.decode(pending.feedback),
    },
    execution,
    correlationKey: required(pending.correlationKeys[at], "key that both have"),
    because: required(pending.because[at], "reason of the key"),
    waited: true,
  };
}

/** Pending feedback of an execution. */
export interface PendingPairings {
  /** Oldest first, at most `pendingPerEntryMax`. */
  readonly pairings: readonly Pairing[];
  /** There is more. */
  readonly hasMore: boolean;
}

/** Feedback that waits for an execution, each by the strongest key that both have. */
export function pendingFor(loaded: Loaded, execution: Execution): PendingPairings {
  const states = [...candidates(loaded, execution)].map((feedbackKey) =>
    required(loaded.get(stateKeys.pending(feedbackKey)), "pending feedback"),
  );
  states.sort((a, b) => Number(a.receiveOrder - b.receiveOrder));
  return {
    pairings: states.slice(0, pendingPerEntryMax).map((state) => pairingOf(execution, state)),
    hasMore: states.length > pendingPerEntryMax,
  };
}
