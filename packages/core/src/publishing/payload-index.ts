import {
  type Entry,
  type ExpiredBatch,
  hasBit,
  readBatch,
  SequenceRef,
  SequenceRef_Batch,
  type StoredBatch,
  TopicIndex,
} from "@opendxa/pubsub-protocol";
import { type StateWrite, stateWrite } from "../state/state-key.js";
import { present, stateKeys } from "../state/state-keys.js";
import { indexesIds } from "./publish.js";

/** Refused and duplicate events of a stored batch: those that are not part of the log. */
export function excludedBits(stored: StoredBatch): Uint8Array {
  const { refused, duplicates } = stored;
  if (refused.length === 0) return duplicates;
  if (duplicates.length === 0) return refused;
  return refused.map((byte, i) => byte | (duplicates[i] ?? 0));
}

function batchLineOf(stored: StoredBatch): SequenceRef_Batch {
  return SequenceRef_Batch.create({
    topicId: stored.topicId,
    partition: stored.batch?.partition ?? 0,
    baseOffset: stored.batch?.baseOffset ?? 0n,
    count: stored.batch?.count ?? 0,
    firstIndex: stored.firstIndex,
    bytes: (stored.batch?.heads.length ?? 0) + (stored.batch?.bodies.length ?? 0),
    excluded: excludedBits(stored),
  });
}

/** The batches of an entry: what dispatch looks at instead of payload. */
export function sequenceRefOf(entry: Entry): SequenceRef {
  return SequenceRef.create({ batches: entry.batches.map(batchLineOf) });
}

function eventWrites(stored: StoredBatch, sequence: bigint, index: TopicIndex): StateWrite[] {
  const { batch, topicId, firstIndex } = stored;
  if (batch === undefined || !indexesIds(index)) return [];
  const heads = readBatch(batch, { verifyChecksums: false });
  const excluded = excludedBits(stored);
  const writes: StateWrite[] = [];
  for (let i = 0; i < batch.count; i++) {
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

/** Index entries of one stored batch. */
function batchWrites(stored: StoredBatch, sequence: bigint, indexOf: IndexOf): StateWrite[] {
  const { batch, topicId, firstIndex } = stored;
  if (batch === undefined) return [];
  const { partition, baseOffset, count, appendTimeUnixMs } = batch;
  const ref = { sequence, firstIndex, count, appendTimeUnixMs };
  return [
    stateWrite(stateKeys.sequence(sequence, firstIndex), batchLineOf(stored)),
    stateWrite(stateKeys.batch(topicId, partition, baseOffset), ref),
    ...eventWrites(stored, sequence, indexOf(topicId)),
  ];
}

/**
 * Index entries of the payload that an entry holds: per batch always, per event where the topic
 * asks for it. A function of the entry alone, so that it can run off the publish path and be done
 * again from retained payload. No two batches share a key, so that each can be taken away alone.
 */
export function payloadIndex(entry: Entry, sequence: bigint, indexOf: IndexOf): StateWrite[] {
  return entry.batches.flatMap((stored) => batchWrites(stored, sequence, indexOf));
}

/** A batch of a topic-partition that leaves the index. */
export interface LeavingBatch extends ExpiredBatch {
  /** Number of its topic. */
  readonly topicId: number;
  /** Its partition. */
  readonly partition: number;
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
  const { topicId, partition, baseOffset, sequence, firstIndex } = batch;
  const stored = entry?.batches.find((each) => each.firstIndex === firstIndex);
  return [
    stateWrite(stateKeys.sequence(sequence, firstIndex), undefined),
    stateWrite(stateKeys.batch(topicId, partition, baseOffset), undefined),
    ...(stored === undefined ? [] : eventWrites(stored, sequence, indexOf(topicId))).map(
      ({ key }) => ({ key, value: undefined }),
    ),
  ];
}
