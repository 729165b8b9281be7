import {
  type Entry,
  hasBit,
  NamespaceState,
  PartitionState,
  readBatch,
  type StoredBatch,
} from "@opendxa/pubsub-protocol";
import type { Projection } from "../state/operation.js";
import { StateChanges } from "../state/state-changes.js";
import {
  type AnyStateKey,
  type Loaded,
  missingKeys,
  noKeys,
  type StateWrite,
} from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { producerHex } from "./open-producer.js";
import { extendWindow } from "./producer-sequences.js";

/** How exactly a producer's last activity is known, in milliseconds: one write an hour at most. */
const activityGrainMs = 60 * 60 * 1_000;

function producerOf(stored: StoredBatch): string | undefined {
  const id = stored.batch?.producerId;
  return id === undefined || id.length === 0 ? undefined : producerHex(id);
}

function reads(entry: Entry, _sequence: bigint, loaded: Loaded): readonly AnyStateKey[] {
  if (entry.kind?.$case === "producerOpened") {
    const producer = producerHex(entry.kind.value.producerId);
    return missingKeys(loaded, [stateKeys.namespace(), stateKeys.producer(producer)]);
  }
  if (entry.kind?.$case === "eventsExpired") {
    const { topicId, partition } = entry.kind.value;
    return missingKeys(loaded, [stateKeys.partition(topicId, partition)]);
  }
  if (entry.batches.length === 0) return noKeys;
  const wanted: AnyStateKey[] = [];
  for (const stored of entry.batches) {
    const { batch, topicId } = stored;
    if (batch === undefined) continue;
    wanted.push(stateKeys.partition(topicId, batch.partition), stateKeys.topic(batch.topic));
    const producer = producerOf(stored);
    if (producer !== undefined) {
      wanted.push(stateKeys.producer(producer));
      wanted.push(stateKeys.producerWindow(producer, topicId, batch.partition));
    }
  }
  return missingKeys(loaded, wanted);
}

function applyProducer(changes: StateChanges, stored: StoredBatch, timeMs: bigint): void {
  const { batch, topicId } = stored;
  const producer = producerOf(stored);
  if (batch === undefined || producer === undefined) return;
  const windowKey = stateKeys.producerWindow(producer, topicId, batch.partition);
  const { baseSequence, count, baseOffset } = batch;
  const remembered = { baseSequence, count, baseOffset, refused: stored.refused };
  changes.put(windowKey, extendWindow(changes.get(windowKey), remembered));
  const key = stateKeys.producer(producer);
  const state = changes.get(key);
  if (state !== undefined && timeMs - state.activeTimeUnixMs >= BigInt(activityGrainMs)) {
    changes.put(key, { ...state, activeTimeUnixMs: timeMs });
  }
}

function applyDedup(changes: StateChanges, stored: StoredBatch, timeMs: bigint): void {
  const { batch, topicId } = stored;
  if (batch === undefined) return;
  const dedup = changes.get(stateKeys.topic(batch.topic))?.topic?.settings?.dedup;
  if (dedup === undefined) return;
  const heads = readBatch(batch, { verifyChecksums: false });
  for (let i = 0; i < batch.count; i++) {
    if (hasBit(stored.refused, i) || hasBit(stored.duplicates, i)) continue;
    changes.put(stateKeys.dedup(topicId, heads.source(i), heads.id(i)), {
      offset: batch.baseOffset + BigInt(i),
      expireTimeUnixMs: timeMs + dedup.windowMs,
    });
  }
}

function applyBatch(changes: StateChanges, stored: StoredBatch, timeMs: bigint): void {
  const { batch, topicId } = stored;
  if (batch === undefined) return;
  const key = stateKeys.partition(topicId, batch.partition);
  const before = changes.get(key) ?? PartitionState.create();
  changes.put(key, {
    ...before,
    nextOffset: batch.baseOffset + BigInt(batch.count),
    bytes: before.bytes + BigInt(batch.heads.length + batch.bodies.length),
  });
  applyProducer(changes, stored, timeMs);
  applyDedup(changes, stored, timeMs);
}

function apply(loaded: Loaded, entry: Entry): readonly StateWrite[] {
  const changes = new StateChanges(loaded);
  if (entry.kind?.$case === "producerOpened") {
    const { producerId, epoch } = entry.kind.value;
    const key = stateKeys.producer(producerHex(producerId));
    if (changes.get(key) === undefined) {
      const namespace = changes.get(stateKeys.namespace()) ?? NamespaceState.create();
      const next = { ...namespace, producers: namespace.producers + 1 };
      changes.put(stateKeys.namespace(), next);
    }
    changes.put(key, { epoch, activeTimeUnixMs: entry.timeUnixMs });
  }
  if (entry.kind?.$case === "eventsExpired") {
    const { topicId, partition, firstOffset, bytes } = entry.kind.value;
    const key = stateKeys.partition(topicId, partition);
    const before = changes.must(key);
    changes.put(key, { ...before, firstOffset, bytes: before.bytes - bytes });
  }
  for (const stored of entry.batches) applyBatch(changes, stored, entry.timeUnixMs);
  return changes.list();
}

/** Partitions, producers and remembered ids: what every entry that stores events changes. */
export const batchesProjection: Projection = { reads, apply };
