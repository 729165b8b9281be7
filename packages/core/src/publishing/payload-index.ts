import {
  type Entry,
  hasBit,
  readBatch,
  SequenceRef,
  type StoredBatch,
  TopicIndex,
} from "@opendxa/pubsub-protocol";
import { type StateWrite, stateWrite } from "../state/state-key.js";
import { present, stateKeys } from "../state/state-keys.js";
import { indexesIds } from "./publish.js";

/** Position of an event as the value of an id index: 8 bytes of sequence, 4 of index. */
export function encodePosition(sequence: bigint, index: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, sequence);
  view.setUint32(8, index);
  return bytes;
}

/** Where an event lies in the journal. */
export interface EventPosition {
  /** Sequence of its entry. */
  readonly sequence: bigint;
  /** Index within the entry. */
  readonly index: number;
}

/** Reads what `encodePosition` wrote. */
export function decodePosition(bytes: Uint8Array): EventPosition {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { sequence: view.getBigUint64(0), index: view.getUint32(8) };
}

/** Refused and duplicate events of a stored batch: those that are not part of the log. */
export function excludedBits(stored: StoredBatch): Uint8Array {
  const { refused, duplicates } = stored;
  if (refused.length === 0) return duplicates;
  if (duplicates.length === 0) return refused;
  return refused.map((byte, i) => byte | (duplicates[i] ?? 0));
}

/** The entry's line in the index of sequences; what dispatch scans instead of payload. */
export function sequenceRefOf(entry: Entry): SequenceRef {
  const batches = entry.batches.map((stored) => ({
    topicId: stored.topicId,
    partition: stored.batch?.partition ?? 0,
    baseOffset: stored.batch?.baseOffset ?? 0n,
    count: stored.batch?.count ?? 0,
    firstIndex: stored.firstIndex,
    bytes: (stored.batch?.heads.length ?? 0) + (stored.batch?.bodies.length ?? 0),
    excluded: excludedBits(stored),
  }));
  return SequenceRef.create({ batches });
}

function eventWrites(stored: StoredBatch, sequence: bigint, index: TopicIndex): StateWrite[] {
  const { batch, topicId, firstIndex } = stored;
  if (batch === undefined || !indexesIds(index)) return [];
  const heads = readBatch(batch, { verifyChecksums: false });
  const excluded = excludedBits(stored);
  const writes: StateWrite[] = [];
  for (let i = 0; i < batch.count; i++) {
    if (hasBit(excluded, i)) continue;
    const at = firstIndex + i;
    const id = stateKeys.eventId(topicId, heads.source(i), heads.id(i));
    writes.push(stateWrite(id, encodePosition(sequence, at)));
    const correlationId = heads.correlationId(i);
    if (index === TopicIndex.ID_AND_CORRELATION && correlationId !== undefined) {
      writes.push(stateWrite(stateKeys.correlated(correlationId, sequence, at), present));
    }
  }
  return writes;
}

/**
 * Index entries of the payload that an entry holds: per batch always, per event where the topic
 * asks for it. A function of the entry alone, so that it can run off the publish path and be done
 * again from retained payload.
 */
export function payloadIndex(
  entry: Entry,
  sequence: bigint,
  indexOf: (topicId: number) => TopicIndex,
): StateWrite[] {
  if (entry.batches.length === 0) return [];
  const writes = [stateWrite(stateKeys.sequence(sequence), sequenceRefOf(entry))];
  for (const stored of entry.batches) {
    const { batch, topicId, firstIndex } = stored;
    if (batch === undefined) continue;
    writes.push(
      stateWrite(stateKeys.batch(topicId, batch.partition, batch.baseOffset), {
        sequence,
        firstIndex,
        count: batch.count,
        appendTimeUnixMs: batch.appendTimeUnixMs,
      }),
      ...eventWrites(stored, sequence, indexOf(topicId)),
    );
  }
  return writes;
}
