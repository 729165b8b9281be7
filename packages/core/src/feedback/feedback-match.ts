import {
  type Execution,
  type FeedbackMatch,
  type MatchedFeedback,
  topicsOf,
  WaitEnded,
  WaitOutcome,
} from "@opendxa/pubsub-protocol";
import type { AppendPosition } from "../publishing/stored-batch.js";
import type { EntryAppends, Placed } from "./entry-appends.js";
import { type FeedbackPiece, feedbackEventOf, processedEventOf } from "./feedback-events.js";
import { feedbackKeyOf } from "./feedback-key.js";

/** A piece of feedback and the execution that it belongs to. */
export interface Pairing {
  /** The feedback. */
  readonly piece: FeedbackPiece;
  /** The execution. */
  readonly execution: Execution;
  /** The key that both have. */
  readonly correlationKey: string;
  /** Why the feedback carries the key. */
  readonly because: string;
  /** The feedback came before the execution was registered. */
  readonly waited: boolean;
}

/** A pairing whose events are placed. */
export interface PlacedMatch {
  /** (source, id). */
  readonly feedbackKey: string;
  /** The match. */
  readonly match: FeedbackMatch;
  /** Its FeedbackEvent. */
  readonly placed: Placed;
}

/** Topics that the events of a match go to. */
export function matchTopics(execution: Execution): readonly string[] {
  return [topicsOf.feedback(execution.functionName), topicsOf.processed];
}

/** Adds a match's FeedbackEvent and its record. */
export function placeMatch(appends: EntryAppends, pairing: Pairing, nowMs: number): PlacedMatch {
  const { piece, execution, correlationKey, because, waited } = pairing;
  const { executionId, functionName } = execution;
  const match: FeedbackMatch = { executionId, functionName, correlationKey, because };
  const event = feedbackEventOf(piece, execution, nowMs);
  const placed = appends.add(topicsOf.feedback(functionName), event);
  appends.add(topicsOf.processed, processedEventOf(match, { piece, event, waited }));
  return { feedbackKey: feedbackKeyOf(piece.source, piece.id), match, placed };
}

/** The match as its entry states it. */
export function matchedFeedback(match: PlacedMatch, position: AppendPosition): MatchedFeedback {
  return { feedbackKey: match.feedbackKey, match: match.match, index: position.index };
}

/** The end of a wait with the feedback at a position. */
export function waitResolved(waitId: string, { sequence, index }: AppendPosition): WaitEnded {
  return WaitEnded.create({
    waitId,
    outcome: WaitOutcome.FEEDBACK,
    feedback: [{ sequence, first: index, last: index }],
  });
}
