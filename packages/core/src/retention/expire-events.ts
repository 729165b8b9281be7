import {
  Entry,
  EventsExpired,
  type ExpiredBatch,
  ExpiredCount,
  type PartitionStart,
  Priority,
  type TopicState,
} from "@opendxa/pubsub-protocol";
import type { BatchRef } from "../delivery/batch-ref.js";
import { type ExpiredEvents, nothingExpired, unsettledOf } from "../delivery/expired-events.js";
import type { Lane } from "../delivery/lane.js";
import { takeSettledEntries } from "../delivery/settled-entries.js";
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

/** A subscription without consumers. */
export interface IdleSubscription {
  /** Number of the subscription. */
  readonly subscriptionId: number;
  /** Topic-partitions that begin elsewhere than its cursors say. */
  readonly partitionStarts: readonly PartitionStart[];
}

/** The subscriptions that match the topic, as they are when they are asked for. */
export interface ConcernedSubscriptions {
  /** Those with consumers. */
  readonly resident: readonly ResidentDelivery[];
  /** Those without that may lie behind these batches. */
  readonly idle: readonly IdleSubscription[];
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

/** Lanes in which an idle subscription may count the batches: its order is not known here. */
function lanesOf({ candidates }: ExpireEventsCommand): readonly Lane[] {
  return [...new Set([Priority.NORMAL, ...candidates.map(({ ref }) => ref.lane)])];
}

/** The lane in which a subscription counts a batch: with order KEY it has NORMAL alone. */
function laneIn(loaded: Loaded, subscriptionId: number, lane: Lane): Lane {
  return loaded.get(stateKeys.cursor(subscriptionId, lane)) === undefined ? Priority.NORMAL : lane;
}

function idleReads(command: ExpireEventsCommand, loaded: Loaded): readonly AnyStateKey[] {
  const { idle } = command.subscriptions();
  const lanes = lanesOf(command);
  const cursors = missingKeys(
    loaded,
    idle.flatMap(({ subscriptionId }) =>
      lanes.map((lane) => stateKeys.cursor(subscriptionId, lane)),
    ),
  );
  if (cursors.length > 0) return cursors;
  const wanted = new Map<string, AnyStateKey>();
  for (const { subscriptionId } of idle) {
    for (const { ref } of command.candidates) {
      const lane = laneIn(loaded, subscriptionId, ref.lane);
      const cursor = loaded.get(stateKeys.cursor(subscriptionId, lane));
      if (cursor === undefined || ref.sequence < cursor.sequence) continue;
      const key = stateKeys.cursorException(subscriptionId, ref.sequence, lane);
      wanted.set(key.name, key);
    }
  }
  return missingKeys(loaded, [...wanted.values()]);
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

function idleCount(
  loaded: Loaded,
  { subscriptionId, partitionStarts: starts }: IdleSubscription,
  ref: BatchRef,
): ExpiredEvents {
  const lane = laneIn(loaded, subscriptionId, ref.lane);
  const cursor = loaded.get(stateKeys.cursor(subscriptionId, lane));
  if (cursor === undefined || ref.sequence < cursor.sequence) return nothingExpired;
  const exception = loaded.get(stateKeys.cursorException(subscriptionId, ref.sequence, lane));
  return unsettledOf({ lane, cursor, exception, starts }, ref);
}

/** How a subscription counts batches. */
interface BatchCounter {
  readonly subscriptionId: number;
  laneOf(ref: BatchRef): Lane;
  expire(ref: BatchRef): ExpiredEvents;
}

function countsOf(
  { subscriptionId, laneOf, expire }: BatchCounter,
  refs: readonly BatchRef[],
): ExpiredCount[] {
  const counts = new Map<Lane, ExpiredCount>();
  for (const ref of refs) {
    const expired = expire(ref);
    if (expired.count === 0) continue;
    const lane = laneOf(ref);
    const count = counts.get(lane) ?? ExpiredCount.create({ subscriptionId, lane });
    count.count += BigInt(expired.count);
    count.enteredCount += BigInt(expired.entered);
    counts.set(lane, count);
  }
  return [...counts.values()];
}

function residentCounter({ subscriptionId, delivery }: ResidentDelivery): BatchCounter {
  return {
    subscriptionId,
    laneOf: (ref) => delivery.laneOf(ref),
    expire: (ref) => delivery.expireBatch(ref),
  };
}

function idleCounter(loaded: Loaded, idle: IdleSubscription): BatchCounter {
  const { subscriptionId } = idle;
  return {
    subscriptionId,
    laneOf: (ref) => laneIn(loaded, subscriptionId, ref.lane),
    expire: (ref) => idleCount(loaded, idle, ref),
  };
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
  // What the deliveries have to say comes first: an acked event never counts as expired.
  const entries = resident.flatMap(({ delivery }) => takeSettledEntries(delivery));
  const value = EventsExpired.create({
    topicId: command.topic.topicId,
    partition: command.partition,
    batches: refs.map(expiredBatchOf),
    firstOffset: oldestKept(command, held),
    bytes: BigInt(refs.reduce((sum, { bytes }) => sum + bytes, 0)),
    counts: [
      ...resident.flatMap((each) => countsOf(residentCounter(each), refs)),
      ...idle.flatMap((each) => countsOf(idleCounter(loaded, each), refs)),
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
