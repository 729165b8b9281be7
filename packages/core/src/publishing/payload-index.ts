import {
  type BatchRef,
  type Entry,
  type EventsReleased,
  type ExpiredBatch,
  hasBit,
  PayloadRef,
  Priority,
  readBatch,
  type ScheduledCancelled,
  SequenceRef,
  SequenceRef_Batch,
  type StoredBatch,
  TopicIndex,
} from "@opendxa/pubsub-protocol";
import { laneOf } from "../delivery/lane.js";
import {
  type AnyStateKey,
  type StateKey,
  type StateWrite,
  stateWrite,
} from "../state/state-key.js";
import { type Present, present, stateKeys } from "../state/state-keys.js";

/** Whether single events of a topic can be asked for by id. */
export function indexesIds(index: TopicIndex): boolean {
  return index === TopicIndex.ID || index === TopicIndex.ID_AND_CORRELATION;
}

/** Refused and duplicate events of a stored batch: those that are not part of the log. */
export function excludedBits(stored: StoredBatch): Uint8Array {
  const { refused, duplicates } = stored;
  if (refused.length === 0) return duplicates;
  if (duplicates.length === 0) return refused;
  return refused.map((byte, i) => byte | (duplicates[i] ?? 0));
}

/** A stored batch as dispatch lists it. */
export function batchLineOf(stored: StoredBatch): SequenceRef_Batch {
  return SequenceRef_Batch.create({
    topicId: stored.topicId,
    partition: stored.batch?.partition ?? 0,
    baseOffset: stored.batch?.baseOffset ?? 0n,
    count: stored.batch?.count ?? 0,
    firstIndex: stored.firstIndex,
    bytes: (stored.batch?.heads.length ?? 0) + (stored.batch?.bodies.length ?? 0),
    excluded: excludedBits(stored),
    priority: stored.batch?.priority ?? Priority.UNSPECIFIED,
    expires: stored.expires,
    deadLetters: stored.deadLetters,
  });
}

/** Whether a stored batch waits for its release, and is no part of the log before. */
export function isScheduled({ batch }: StoredBatch): boolean {
  return batch?.deliverTimeUnixMs !== undefined;
}

/** The batches that become part of the log with an entry: what dispatch looks at instead of payload. */
export function sequenceRefOf({ kind, batches }: Entry): SequenceRef {
  const listed: SequenceRef_Batch[] = [];
  for (const stored of batches) if (!isScheduled(stored)) listed.push(batchLineOf(stored));
  if (kind?.$case === "eventsReleased" && kind.value.batch !== undefined) {
    listed.push(kind.value.batch);
  }
  return SequenceRef.create({ batches: listed });
}

/** Index entries of the single events of a stored batch, or of some of them. */
function eventWrites(
  stored: StoredBatch,
  sequence: bigint,
  index: TopicIndex,
  indexes: readonly number[] = [],
): StateWrite[] {
  const { batch, topicId, firstIndex } = stored;
  if (batch === undefined || !indexesIds(index)) return [];
  const heads = readBatch(batch, { verifyChecksums: false });
  const excluded = excludedBits(stored);
  const writes: StateWrite[] = [];
  const wanted = indexes.length > 0 ? indexes : Array.from({ length: batch.count }, (_, i) => i);
  for (const i of wanted) {
    if (hasBit(excluded, i)) continue;
    const position = { sequence, index: firstIndex + i };
    const identity = { source: heads.source(i), id: heads.id(i) };
    writes.push(stateWrite(stateKeys.eventId(topicId, identity, position), present));
    const correlationId = heads.correlationId(i);
    if (index === TopicIndex.ID_AND_CORRELATION && correlationId !== undefined) {
      const key = stateKeys.correlated(correlationId, sequence, position.index);
      writes.push(stateWrite(key, present));
    }
  }
  return writes;
}

/** Tells which single events of a topic can be asked for. */
export type IndexOf = (topicId: number) => TopicIndex;

/** The lane's own entry of a batch; those of the lane NORMAL have none. */
function laneKeys(priority: Priority, sequence: bigint, firstIndex: number): StateKey<Present>[] {
  const lane = laneOf(priority);
  return lane === Priority.NORMAL ? [] : [stateKeys.lane(lane, sequence, firstIndex)];
}

/** Index entries by which dispatch and readers find a batch of the log. */
function listingWrites(line: SequenceRef_Batch, sequence: bigint, ref: BatchRef): StateWrite[] {
  const { topicId, partition, baseOffset, firstIndex, priority } = line;
  const lanes = laneKeys(priority, sequence, firstIndex);
  return [
    stateWrite(stateKeys.sequence(sequence, firstIndex), line),
    stateWrite(stateKeys.batch(topicId, partition, baseOffset), ref),
    ...lanes.map((key) => stateWrite(key, present)),
  ];
}

/** Index entries of one stored batch. */
function batchWrites(stored: StoredBatch, sequence: bigint, indexOf: IndexOf): StateWrite[] {
  const { batch, topicId, firstIndex } = stored;
  if (batch === undefined) return [];
  const { partition, count, appendTimeUnixMs } = batch;
  const events = eventWrites(stored, sequence, indexOf(topicId));
  if (isScheduled(stored)) {
    const waiting = PayloadRef.create({ topicId, partition });
    return [stateWrite(stateKeys.payload(sequence, firstIndex), waiting), ...events];
  }
  const ref = { sequence, firstIndex, count, appendTimeUnixMs };
  return [...listingWrites(batchLineOf(stored), sequence, ref), ...events];
}

/** Index entries of a scheduled batch that is part of the log from now on. */
function releaseWrites(
  { payloadSequence, payloadFirstIndex, batch }: EventsReleased,
  sequence: bigint,
  appendTimeUnixMs: bigint,
): StateWrite[] {
  if (batch === undefined) return [];
  const { topicId, partition, baseOffset, count } = batch;
  const released = { releasedSequence: sequence, appendTimeUnixMs };
  return [
    ...listingWrites(batch, sequence, {
      sequence: payloadSequence,
      firstIndex: payloadFirstIndex,
      count,
      ...released,
    }),
    stateWrite(stateKeys.payload(payloadSequence, payloadFirstIndex), {
      topicId,
      partition,
      baseOffset,
      ...released,
    }),
  ];
}

/**
 * Index entries of the payload that an entry holds, or releases: per batch always, per event where
 * the topic asks for it. A function of the entry alone, so that it can run off the publish path and
 * be done again from retained entries. No two batches share a key, so that each can be taken away
 * alone.
 */
export function payloadIndex(entry: Entry, sequence: bigint, indexOf: IndexOf): StateWrite[] {
  const { kind, batches, timeUnixMs } = entry;
  const stored = batches.flatMap((each) => batchWrites(each, sequence, indexOf));
  return kind?.$case === "eventsReleased"
    ? [...stored, ...releaseWrites(kind.value, sequence, timeUnixMs)]
    : stored;
}

/** A batch of a topic-partition that leaves the index. */
export interface LeavingBatch extends ExpiredBatch {
  /** Number of its topic. */
  readonly topicId: number;
  /** Its partition. */
  readonly partition: number;
}

function gone(keys: readonly AnyStateKey[]): StateWrite[] {
  return keys.map((key) => stateWrite(key, undefined));
}

function goneEvents(
  entry: Entry | undefined,
  at: { readonly sequence: bigint; readonly firstIndex: number },
  indexOf: IndexOf,
  indexes?: readonly number[],
): StateWrite[] {
  const stored = entry?.batches.find(({ firstIndex }) => firstIndex === at.firstIndex);
  if (stored === undefined) return [];
  const writes = eventWrites(stored, at.sequence, indexOf(stored.topicId), indexes);
  return gone(writes.map(({ key }) => key));
}

/**
 * Takes a batch out of the index: exactly what `payloadIndex` made of it. `entry` is the one that
 * holds the batch; without it, because the journal has let it go, only the batch's own keys are
 * named.
 */
export function payloadRemoval(
  batch: LeavingBatch,
  entry: Entry | undefined,
  indexOf: IndexOf,
): StateWrite[] {
  const { topicId, partition, baseOffset, sequence, firstIndex, priority } = batch;
  const { releasedSequence } = batch;
  const listed =
    releasedSequence === undefined
      ? { sequence, firstIndex }
      : { sequence: releasedSequence, firstIndex: 0 };
  const own: AnyStateKey[] = [
    stateKeys.sequence(listed.sequence, listed.firstIndex),
    stateKeys.batch(topicId, partition, baseOffset),
    ...laneKeys(priority, listed.sequence, listed.firstIndex),
  ];
  if (releasedSequence !== undefined) own.push(stateKeys.payload(sequence, firstIndex));
  return [...gone(own), ...goneEvents(entry, batch, indexOf)];
}

/**
 * Takes scheduled events out of the index that will not be released. `entry` is the one that holds
 * the batch, where the topic indexes single events and the journal has it still.
 */
export function cancelRemoval(
  fact: ScheduledCancelled,
  entry: Entry | undefined,
  indexOf: IndexOf,
): StateWrite[] {
  const at = { sequence: fact.payloadSequence, firstIndex: fact.payloadFirstIndex };
  const own = fact.nothingLeft ? [stateKeys.payload(at.sequence, at.firstIndex)] : [];
  return [...gone(own), ...goneEvents(entry, at, indexOf, fact.indexes)];
}
