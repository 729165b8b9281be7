import {
  Entry,
  type Execution,
  type ExecutionRegistered,
  topicsOf,
} from "@opendxa/pubsub-protocol";
import type { DecideContext } from "../state/operation.js";
import type { Loaded } from "../state/state-key.js";
import { DecidedTopics } from "../topics/decided-topics.js";
import { EntryAppends } from "./entry-appends.js";
import { feedbackEventOf } from "./feedback-events.js";
import {
  matchedFeedback,
  type Pairing,
  type PlacedMatch,
  placeMatch,
  waitResolved,
} from "./feedback-match.js";
import { pendingBytesPerEntryMax, receivedMs } from "./limits.js";
import { pendingFor } from "./pending-matches.js";

/** What a registration, or a later round of matching for it, states. */
export interface RegistrationFacts {
  /** The execution with all defaults. */
  readonly execution: Execution;
  /** When feedback stops finding it. */
  readonly closeTimeUnixMs: bigint;
  /** Waits for it that are open. */
  readonly openWaits: readonly string[];
  /** Due time of the timer that is answered; absent: the registration itself. */
  readonly rematchTimeUnixMs: bigint | undefined;
}

/** Entries with what they match. */
export interface Registration {
  /** New topics, then the registration. */
  readonly entries: readonly Entry[];
  /** Pieces of pending feedback matched. */
  readonly matched: number;
  /** Waits that ended. */
  readonly waitsEnded: readonly string[];
}

function fitting(pairings: readonly Pairing[], nowMs: number): readonly Pairing[] {
  let bytes = 0;
  const fits = pairings.findIndex(({ piece, execution }, i) => {
    bytes += feedbackEventOf(piece, execution, nowMs).data?.length as number;
    return i > 0 && bytes > pendingBytesPerEntryMax;
  });
  return fits === -1 ? pairings : pairings.slice(0, fits);
}

/** The function's feedback topic comes with its first execution: timers can then always publish. */
function feedbackTopic(
  loaded: Loaded,
  execution: Execution,
  { nowMs }: DecideContext,
): readonly Entry[] {
  const topics = new DecidedTopics(loaded, nowMs);
  topics.findOrCreate(topicsOf.feedback(execution.functionName));
  return topics.entries;
}

/** Builds the entry that registers an execution and matches the feedback that waited for it. */
export function registrationOf(
  loaded: Loaded,
  facts: RegistrationFacts,
  context: DecideContext,
): Registration {
  const { nowMs } = context;
  const { pairings, hasMore } = pendingFor(loaded, facts.execution);
  const taken = fitting(pairings, nowMs);
  const appends = new EntryAppends();
  const matches: PlacedMatch[] = taken.map((pairing) => placeMatch(appends, pairing, nowMs));
  const plan = appends.plan(loaded, context);
  const [first] = matches;
  const waitsEnded =
    first === undefined
      ? []
      : facts.openWaits.map((waitId) => waitResolved(waitId, plan.position(first.placed)));
  const value: ExecutionRegistered = {
    execution: facts.execution,
    matched: matches.map((match) => matchedFeedback(match, plan.position(match.placed))),
    waitsEnded,
    forgetTimeUnixMs: BigInt(nowMs + receivedMs),
    closeTimeUnixMs: facts.closeTimeUnixMs,
    morePending: hasMore || taken.length < pairings.length,
    rematchTimeUnixMs: facts.rematchTimeUnixMs,
  };
  const entry = Entry.create({
    kind: { $case: "executionRegistered", value },
    batches: plan.batches,
  });
  const created =
    matches.length === 0 ? feedbackTopic(loaded, facts.execution, context) : plan.created;
  return {
    entries: [...created, entry],
    matched: matches.length,
    waitsEnded: waitsEnded.map(({ waitId }) => waitId),
  };
}
