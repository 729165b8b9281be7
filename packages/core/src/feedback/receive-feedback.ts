import {
  ENTRY_BYTES_MAX,
  Entry,
  type Execution,
  FeedbackEvent,
  type FeedbackMatch,
  FeedbackReceived,
  type OutgoingEvent,
  PendingState,
  type ReceivedState,
  topicsOf,
} from "@opendxa/pubsub-protocol";
import { appendReads } from "../publishing/stored-batch.js";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { required } from "../state/state-changes.js";
import { type AnyStateKey, type Loaded, missingKeys, noKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { boundedFeedback, checkIncoming, trimmedFeedback } from "./check-incoming.js";
import { EntryAppends, type Placed, type PlannedEvents } from "./entry-appends.js";
import { eventTime, type FeedbackPiece, pendingEventOf } from "./feedback-events.js";
import { feedbackKeyOf } from "./feedback-key.js";
import {
  matchedFeedback,
  matchTopics,
  type Pairing,
  type PlacedMatch,
  placeMatch,
  waitResolved,
} from "./feedback-match.js";
import type { ReceiveFeedbackCommand } from "./incoming-feedback.js";
import { becauseCharsMax, pendingPerKeyMax, receivedMs } from "./limits.js";
import { limitExceeded, passes } from "./validation.js";

/** What became of received feedback. */
export interface ReceiveFeedbackReply {
  /** It was received before; the rest is as it was then, or as it became. */
  readonly duplicate: boolean;
  /** Executions that it was matched to. */
  readonly matches: readonly FeedbackMatch[];
  /** It matched nothing and waits. */
  readonly pending: boolean;
  /** Offset of the raw event on its ingress topic; absent: none was stored. */
  readonly rawOffset: bigint | undefined;
  /** Waits that it ended. */
  readonly waitsEnded: readonly string[];
}

interface Target {
  readonly execution: Execution;
  readonly waits: readonly string[];
  readonly correlationKey: string;
  readonly because: string;
}

interface FoundExecution {
  readonly executionId: string;
  readonly correlationKey: string;
  readonly because: string;
}

/** Executions that own one of the keys, by the strongest key first, each once. */
function findExecutions(loaded: Loaded, command: ReceiveFeedbackCommand): FoundExecution[] {
  const found = new Map<string, FoundExecution>();
  for (const { key, because } of command.keys) {
    const owners = loaded.get(stateKeys.correlationKey(key))?.executionIds ?? [];
    for (const executionId of owners) {
      if (found.has(executionId)) continue;
      found.set(executionId, {
        executionId,
        correlationKey: key,
        because: because.slice(0, becauseCharsMax),
      });
    }
  }
  return [...found.values()];
}

function findTargets(loaded: Loaded, command: ReceiveFeedbackCommand): readonly Target[] {
  return findExecutions(loaded, command).map((found) => {
    const record = required(loaded.get(stateKeys.execution(found.executionId)), "execution");
    const execution = required(record.execution, "execution");
    return { ...found, execution, waits: record.waits };
  });
}

function topicsFor(command: ReceiveFeedbackCommand, targets: readonly Target[]): string[] {
  const topics = command.raw === undefined ? [] : [topicsOf.ingress(command.raw.system)];
  if (command.feedback === undefined) return topics;
  if (targets.length === 0) return [...topics, topicsOf.pending];
  return [...new Set([...topics, ...targets.flatMap(({ execution }) => matchTopics(execution))])];
}

function reads(command: ReceiveFeedbackCommand, loaded: Loaded): readonly AnyStateKey[] {
  if (!passes(() => checkIncoming(command))) return noKeys;
  const keys: AnyStateKey[] = command.keys.map(({ key }) => stateKeys.correlationKey(key));
  keys.push(stateKeys.received(feedbackKeyOf(command.source, command.id)));
  const first = missingKeys(loaded, keys);
  if (first.length > 0) return first;
  const found = findExecutions(loaded, command);
  const records = missingKeys(
    loaded,
    found.map(({ executionId }) => stateKeys.execution(executionId)),
  );
  if (records.length > 0) return records;
  return appendReads(topicsFor(command, findTargets(loaded, command)), loaded);
}

function answerDuplicate(received: ReceivedState): Decision<ReceiveFeedbackReply> {
  const { matches, pending, rawOffset } = received;
  return { entries: [], reply: { duplicate: true, matches, pending, rawOffset, waitsEnded: [] } };
}

function rawEventOf(
  { raw, source, id }: ReceiveFeedbackCommand,
  target: Target | undefined,
  nowMs: number,
): OutgoingEvent | undefined {
  if (raw === undefined) return undefined;
  return {
    id,
    source,
    type: raw.type,
    subject: raw.subject,
    timeUnixNs: eventTime(raw.occurredAtMs ?? nowMs),
    correlationId: target?.execution.correlationId,
    data: raw.body,
    dataContentType: raw.contentType,
  };
}

/** A key that holds its most pending feedback takes no more: then other keys must find it. */
function isOrphanAtOnce(loaded: Loaded, command: ReceiveFeedbackCommand): boolean {
  return !command.keys.some(({ key }) => {
    const state = loaded.get(stateKeys.correlationKey(key));
    return (state?.pending.length ?? 0) < pendingPerKeyMax;
  });
}

function pendingStateOf(
  loaded: Loaded,
  command: ReceiveFeedbackCommand,
  about: { readonly piece: FeedbackPiece; readonly context: DecideContext },
): PendingState {
  const { nowMs, nextSequence } = about.context;
  return PendingState.create({
    feedbackKey: feedbackKeyOf(command.source, command.id),
    correlationKeys: command.keys.map(({ key }) => key),
    because: command.keys.map(({ because }) => because.slice(0, becauseCharsMax)),
    feedback: FeedbackEvent.encode(about.piece.feedback).finish(),
    originalType: command.originalType,
    receiveTimeUnixMs: BigInt(nowMs),
    orphan: isOrphanAtOnce(loaded, command),
    orphanTimeUnixMs: BigInt(nowMs + command.pendingMs),
    receiveOrder: nextSequence,
    source: command.source,
    id: command.id,
  });
}

/** Everything in one entry. */
interface Draft {
  readonly plan: PlannedEvents;
  readonly entry: Entry;
  readonly value: FeedbackReceived;
}

/** What does not fit one entry. */
interface Oversize {
  readonly bytes: number;
}

interface DraftInput {
  readonly command: ReceiveFeedbackCommand;
  readonly targets: readonly Target[];
  readonly feedback: FeedbackEvent | undefined;
}

function pairingsOf({ command, targets, feedback }: DraftInput): readonly Pairing[] {
  if (feedback === undefined) return [];
  const piece = { source: command.source, id: command.id, feedback };
  return targets.map(({ execution, correlationKey, because }) => ({
    piece,
    execution,
    correlationKey,
    because,
    waited: false,
  }));
}

function placePending(
  appends: EntryAppends,
  { loaded, command, feedback, context }: DraftInput & { loaded: Loaded; context: DecideContext },
): PendingState | undefined {
  if (feedback === undefined) return undefined;
  const { nowMs } = context;
  const piece = { source: command.source, id: command.id, feedback };
  const pending = pendingStateOf(loaded, command, { piece, context });
  const orphanTimeMs = nowMs + command.pendingMs;
  const about = { keys: command.keys, orphanTimeMs, nowMs };
  appends.add(topicsOf.pending, pendingEventOf(piece, about));
  return pending;
}

function draft(loaded: Loaded, input: DraftInput, context: DecideContext): Draft | Oversize {
  const { command, targets, feedback } = input;
  const { nowMs } = context;
  const appends = new EntryAppends();
  const raw = rawEventOf(command, targets[0], nowMs);
  let rawPlaced: Placed | undefined;
  if (raw !== undefined) {
    rawPlaced = appends.add(topicsOf.ingress(command.raw?.system as string), raw);
  }
  const pairings = pairingsOf(input);
  const matches: PlacedMatch[] = pairings.map((pair) => placeMatch(appends, pair, nowMs));
  const pending =
    matches.length === 0 ? placePending(appends, { ...input, loaded, context }) : undefined;
  if (appends.bytes > ENTRY_BYTES_MAX) return { bytes: appends.bytes };
  const plan = appends.plan(loaded, context);
  const waitsEnded = matches.flatMap(({ placed }, i) =>
    (targets[i] as Target).waits.map((waitId) => waitResolved(waitId, plan.position(placed))),
  );
  const remembered = pending === undefined ? receivedMs : Math.max(receivedMs, command.pendingMs);
  const value = FeedbackReceived.create({
    feedbackKey: feedbackKeyOf(command.source, command.id),
    correlationKeys: command.keys.map(({ key }) => key),
    matched: matches.map((match) => matchedFeedback(match, plan.position(match.placed))),
    hasFeedback: feedback !== undefined,
    memory: command.memory.map(({ key, value: bytes }) => ({ key, value: bytes })),
    waitsEnded,
    pending,
    forgetTimeUnixMs: BigInt(nowMs + remembered),
    rawOffset: rawPlaced === undefined ? undefined : plan.position(rawPlaced).offset,
  });
  const entry = Entry.create({
    kind: { $case: "feedbackReceived", value },
    batches: plan.batches,
  });
  const bytes = Entry.encode(entry).finish().length;
  return bytes > ENTRY_BYTES_MAX ? { bytes } : { plan, entry, value };
}

/** The draft when it fits an entry; trimmed when the raw event holds the rest; else LIMIT_EXCEEDED. */
function fittingDraft(loaded: Loaded, input: DraftInput, context: DecideContext): Draft {
  const full = draft(loaded, input, context);
  if ("entry" in full) return full;
  const { feedback, command } = input;
  if (feedback === undefined || command.raw === undefined) throw tooLarge(full);
  const trimmed = trimmedFeedback(feedback, command.originalType);
  const small = draft(loaded, { ...input, feedback: trimmed }, context);
  if ("entry" in small) return small;
  throw tooLarge(small);
}

function tooLarge({ bytes }: Oversize): Error {
  return limitExceeded("feedback for all matching executions", ENTRY_BYTES_MAX, bytes);
}

function decide(
  loaded: Loaded,
  command: ReceiveFeedbackCommand,
  context: DecideContext,
): Decision<ReceiveFeedbackReply> {
  checkIncoming(command);
  const received = loaded.get(stateKeys.received(feedbackKeyOf(command.source, command.id)));
  if (received !== undefined) return answerDuplicate(received);
  const input = {
    command,
    targets: findTargets(loaded, command),
    feedback: boundedFeedback(command, context.nowMs),
  };
  const { plan, entry, value } = fittingDraft(loaded, input, context);
  return {
    entries: [...plan.created, entry],
    reply: {
      duplicate: false,
      matches: value.matched.map(({ match }) => required(match, "match")),
      pending: value.pending !== undefined,
      rawOffset: value.rawOffset,
      waitsEnded: value.waitsEnded.map(({ waitId }) => waitId),
    },
  };
}

/**
 * Takes feedback, from a caller or a webhook: raw event, a FeedbackEvent for each matching
 * execution, records of the matches, ended waits and connector memory in one entry; without a match
 * it becomes pending. The same (source, id) again changes nothing. Errors: BAD_REQUEST,
 * CORRELATION_KEY_INVALID, LIMIT_EXCEEDED.
 */
export const receiveFeedback: Operation<ReceiveFeedbackCommand, ReceiveFeedbackReply> = {
  name: "receive-feedback",
  reads,
  decide,
};
