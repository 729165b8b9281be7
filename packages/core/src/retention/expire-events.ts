import {
  Entry,
  EventsExpired,
  type ExpiredBatch,
  type ExpiredCount,
  Priority,
  type TopicState,
} from "@opendxa/pubsub-protocol";
import type { BatchRef } from "../delivery/batch-ref.js";
import { type ExpiredEvents, unsettledOf } from "../delivery/expired-events.js";
import type { SubscriptionDelivery } from "../delivery/subscription-delivery.js";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { heldUntilMs, holdReads } from "./execution-holds.js";

/** A batch that may go. */
export interface ExpiryCandidate {
  /** The batch. */
  readonly ref: BatchRef;
  /** Correlation ids of its events. */
  readonly correlationIds: ReadonlySet<string>;
}

/** A subscription with consumers. */
export interface ResidentDelivery {
  /** Number of the subscription. */
  readonly subscriptionId: number;
  /** Its resident state. */
  readonly delivery: SubscriptionDelivery;
}

/** The subscriptions that match the topic, as they are when they are asked for. */
export interface ConcernedSubscriptions {
  /** Those with consumers. */
  readonly resident: readonly ResidentDelivery[];
  /** Numbers of those without that may lie behind these batches. */
  readonly idle: readonly number[];
}

/** Batches of one topic-partition to drop. */
export interface ExpireEventsCommand {
  /** The topic as it was when the batches were chosen. */
  readonly topic: TopicState;
  /** The topic is deleted: everything goes, whatever holds it. */
  readonly isDeleted: boolean;
  /** Partition. */
  readonly partition: number;
  /** The batches, ascending. */
  readonly candidates: readonly ExpiryCandidate[];
  /** Offset of the oldest batch below or among the candidates that stays. Absent: none does. */
  readonly keptOffset: bigint | undefined;
  /** Offset of the oldest batch above all candidates, or the next offset. */
  readonly aboveOffset: bigint;
  /** Who is concerned, asked each time: it changes while the command waits. */
  readonly subscriptions: () => ConcernedSubscriptions;
}

/** A batch that stays, because executions are open. */
export interface HeldBatch {
  /** Offset of its event 0. */
  readonly baseOffset: bigint;
  /** Until when, milliseconds since the Unix epoch. */
  readonly untilMs: number;
}

/** What became of the batches. */
export interface ExpireEventsReply {
  /** Batches that expired. */
  readonly expired: number;
  /** Batches that stay for now. */
  readonly held: readonly HeldBatch[];
  /** The topic changed meanwhile: nothing was done, choose again. */
  readonly isOutdated: boolean;
}

function correlationIdsOf({ candidates }: ExpireEventsCommand): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { correlationIds } of candidates) for (const id of correlationIds) ids.add(id);
  return ids;
}

function idleReads(command: ExpireEventsCommand, loaded: Loaded): readonly AnyStateKey[] {
  const { idle } = command.subscriptions();
  const cursors = missingKeys(
    loaded,
    idle.map((id) => stateKeys.cursor(id)),
  );
  if (cursors.length > 0) return cursors;
  const wanted: AnyStateKey[] = [];
  for (const id of idle) {
    const cursor = loaded.get(stateKeys.cursor(id));
    if (cursor === undefined) continue;
    for (const sequence of new Set(command.candidates.map(({ ref }) => ref.sequence))) {
      if (sequence >= cursor.sequence) wanted.push(stateKeys.cursorException(id, sequence));
    }
  }
  return missingKeys(loaded, wanted);
}

function reads(command: ExpireEventsCommand, loaded: Loaded): readonly AnyStateKey[] {
  const { topic, partition, isDeleted } = command;
  const first = missingKeys(loaded, [
    topicKey(command),
    stateKeys.partition(topic.topicId, partition),
  ]);
  if (first.length > 0) return first;
  const holds = isDeleted ? [] : holdReads(correlationIdsOf(command), loaded);
  return holds.length > 0 ? holds : idleReads(command, loaded);
}

function topicKey({ topic, isDeleted }: ExpireEventsCommand) {
  return isDeleted
    ? stateKeys.deletedTopic(topic.topicId)
    : stateKeys.topic(topic.topic?.name ?? "");
}

/** Retention by what the candidates were chosen must be the topic's still. */
function isOutdated(loaded: Loaded, command: ExpireEventsCommand): boolean {
  const now = loaded.get(topicKey(command));
  const before = command.topic;
  return (
    now?.topicId !== before.topicId ||
    now.topic?.settings?.retentionMs !== before.topic?.settings?.retentionMs ||
    now.topic?.settings?.retentionBytes !== before.topic?.settings?.retentionBytes
  );
}

function idleCount(loaded: Loaded, subscriptionId: number, ref: BatchRef): ExpiredEvents {
  const cursor = loaded.get(stateKeys.cursor(subscriptionId));
  if (cursor === undefined || ref.sequence < cursor.sequence) return { count: 0, entered: 0 };
  const exception = loaded.get(stateKeys.cursorException(subscriptionId, ref.sequence));
  return unsettledOf({ cursor, exception }, ref);
}

function total(
  subscriptionId: number,
  refs: readonly BatchRef[],
  of: (ref: BatchRef) => ExpiredEvents,
): ExpiredCount[] {
  let count = 0;
  let enteredCount = 0;
  for (const ref of refs) {
    const expired = of(ref);
    count += expired.count;
    enteredCount += expired.entered;
  }
  if (count === 0) return [];
  const lane = Priority.NORMAL;
  return [{ subscriptionId, count: BigInt(count), enteredCount: BigInt(enteredCount), lane }];
}

function oldestKept(command: ExpireEventsCommand, held: readonly HeldBatch[]): bigint {
  const kept = [command.keptOffset, held[0]?.baseOffset, command.aboveOffset];
  return kept.reduce<bigint>(
    (least, offset) => (offset !== undefined && offset < least ? offset : least),
    command.aboveOffset,
  );
}

/** A batch as the fact of its expiry names it. */
export function expiredBatchOf({ baseOffset, payload, sequence, lane }: BatchRef): ExpiredBatch {
  const isReleased = payload.sequence !== sequence;
  const releasedSequence = isReleased ? sequence : undefined;
  return { baseOffset, ...payload, priority: lane, releasedSequence };
}

/** Everything that the deliveries have to say comes first: an acked event never counts as expired. */
function settledBefore(resident: readonly ResidentDelivery[]): Entry[] {
  const entries: Entry[] = [];
  for (const { delivery } of resident) {
    for (let value = delivery.takeChange(); value; value = delivery.takeChange()) {
      entries.push(Entry.create({ kind: { $case: "eventsSettled", value } }));
    }
  }
  return entries;
}

function decide(
  loaded: Loaded,
  command: ExpireEventsCommand,
  _context: DecideContext,
): Decision<ExpireEventsReply> {
  if (isOutdated(loaded, command)) {
    return { entries: [], reply: { expired: 0, held: [], isOutdated: true } };
  }
  const held: HeldBatch[] = [];
  const refs: BatchRef[] = [];
  for (const { ref, correlationIds } of command.candidates) {
    const untilMs = command.isDeleted ? undefined : heldUntilMs(loaded, correlationIds);
    if (untilMs === undefined) refs.push(ref);
    else held.push({ baseOffset: ref.baseOffset, untilMs });
  }
  const reply = { expired: refs.length, held, isOutdated: false };
  if (refs.length === 0) return { entries: [], reply };
  const { resident, idle } = command.subscriptions();
  const entries = settledBefore(resident);
  const value = EventsExpired.create({
    topicId: command.topic.topicId,
    partition: command.partition,
    batches: refs.map(expiredBatchOf),
    firstOffset: oldestKept(command, held),
    bytes: BigInt(refs.reduce((sum, { bytes }) => sum + bytes, 0)),
    counts: [
      ...resident.flatMap(({ subscriptionId, delivery }) =>
        total(subscriptionId, refs, (ref) => delivery.expireBatch(ref)),
      ),
      ...idle.flatMap((id) => total(id, refs, (ref) => idleCount(loaded, id, ref))),
    ],
  });
  entries.push(Entry.create({ kind: { $case: "eventsExpired", value } }));
  return { entries, reply };
}

/**
 * Drops batches of one topic-partition whose retention is over, or whose topic is deleted. Batches
 * with events of open executions stay. Subscriptions that match and had not settled everything
 * count the rest as expired. At most `expiredBatchesMax` batches.
 */
export const expireEvents: Operation<ExpireEventsCommand, ExpireEventsReply> = {
  name: "expire-events",
  reads,
  decide,
};
