import {
  type Entry,
  NamespaceState,
  PartitionState,
  type ProducersForgotten,
  type StoredBatch,
} from "@opendxa/pubsub-protocol";
import type { Projection } from "../state/operation.js";
import { StateChanges } from "../state/state-changes.js";
import { type AnyStateKey, type Loaded, missingKeys, type StateWrite } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { producerHex } from "./open-producer.js";
import { isScheduled } from "./payload-index.js";
import { extendWindow } from "./producer-sequences.js";
import { applyRemembered, rememberedReads } from "./remembered-ids.js";
import {
  applyCancelled,
  applyReleased,
  putScheduled,
  scheduledReads,
} from "./scheduled-projection.js";

/** How exactly a producer's last activity is known, in milliseconds: one write an hour at most. */
const activityGrainMs = 60 * 60 * 1_000;

function producerOf(stored: StoredBatch): string | undefined {
  const id = stored.batch?.producerId;
  return id === undefined || id.length === 0 ? undefined : producerHex(id);
}

function storedReads({ batches }: Entry): AnyStateKey[] {
  const wanted: AnyStateKey[] = [];
  for (const stored of batches) {
    const { batch, topicId } = stored;
    if (batch === undefined) continue;
    wanted.push(stateKeys.partition(topicId, batch.partition), stateKeys.topic(batch.topic));
    if (isScheduled(stored)) wanted.push(stateKeys.namespace());
    const producer = producerOf(stored);
    if (producer !== undefined) {
      wanted.push(stateKeys.producer(producer));
      wanted.push(stateKeys.producerWindow(producer, topicId, batch.partition));
    }
  }
  return wanted;
}

/** Keys that an entry needs for its own fact. */
function kindReads(entry: Entry, loaded: Loaded): AnyStateKey[] {
  const { kind } = entry;
  switch (kind?.$case) {
    case "producerOpened":
      return [stateKeys.namespace(), stateKeys.producer(producerHex(kind.value.producerId))];
    case "producersForgotten":
      return [stateKeys.namespace()];
    case "eventsExpired":
      return [stateKeys.partition(kind.value.topicId, kind.value.partition)];
    case "eventsReleased":
    case "scheduledCancelled":
      return scheduledReads(entry, loaded);
    case "dedupForgotten":
      return rememberedReads(entry, loaded);
    default:
      return [];
  }
}

function reads(entry: Entry, _sequence: bigint, loaded: Loaded): readonly AnyStateKey[] {
  const own = missingKeys(loaded, kindReads(entry, loaded));
  if (own.length > 0 || entry.batches.length === 0) return own;
  const stored = missingKeys(loaded, storedReads(entry));
  return stored.length > 0 ? stored : missingKeys(loaded, rememberedReads(entry, loaded));
}

function applyProducer(changes: StateChanges, stored: StoredBatch, timeMs: bigint): void {
  const { batch, topicId } = stored;
  const producer = producerOf(stored);
  if (batch === undefined || producer === undefined) return;
  const windowKey = stateKeys.producerWindow(producer, topicId, batch.partition);
  const { baseSequence, count, baseOffset } = batch;
  const scheduled = isScheduled(stored);
  const { refused, duplicates } = stored;
  const remembered = { baseSequence, count, baseOffset, refused, duplicates, scheduled };
  changes.put(windowKey, extendWindow(changes.get(windowKey), remembered));
  const key = stateKeys.producer(producer);
  const state = changes.get(key);
  if (state !== undefined && timeMs - state.activeTimeUnixMs >= BigInt(activityGrainMs)) {
    changes.put(key, { ...state, activeTimeUnixMs: timeMs });
  }
}

function applyBatch(
  changes: StateChanges,
  stored: StoredBatch,
  entry: { readonly timeUnixMs: bigint; readonly sequence: bigint },
): void {
  const { batch, topicId } = stored;
  if (batch === undefined) return;
  applyProducer(changes, stored, entry.timeUnixMs);
  if (isScheduled(stored)) {
    putScheduled(changes, stored, entry.sequence);
    return;
  }
  const key = stateKeys.partition(topicId, batch.partition);
  const before = changes.get(key) ?? PartitionState.create();
  changes.put(key, {
    ...before,
    nextOffset: batch.baseOffset + BigInt(batch.count),
    bytes: before.bytes + BigInt(batch.heads.length + batch.bodies.length),
  });
}

function applyOpened(
  changes: StateChanges,
  producerId: Uint8Array,
  producer: { readonly epoch: number; readonly activeTimeUnixMs: bigint },
): void {
  const key = stateKeys.producer(producerHex(producerId));
  if (changes.get(key) === undefined) addProducers(changes, 1);
  changes.put(key, producer);
}

function addProducers(changes: StateChanges, count: number): void {
  const namespace = changes.get(stateKeys.namespace()) ?? NamespaceState.create();
  changes.put(stateKeys.namespace(), { ...namespace, producers: namespace.producers + count });
}

function applyForgotten(changes: StateChanges, fact: ProducersForgotten): void {
  for (const { topicId, partition, producerId } of fact.windows) {
    changes.remove(stateKeys.producerWindow(producerHex(producerId), topicId, partition));
  }
  for (const id of fact.producerIds) changes.remove(stateKeys.producer(producerHex(id)));
  if (fact.producerIds.length > 0) addProducers(changes, -fact.producerIds.length);
}

function applyKind(changes: StateChanges, { kind, timeUnixMs }: Entry): void {
  switch (kind?.$case) {
    case "producerOpened": {
      const { producerId, epoch } = kind.value;
      applyOpened(changes, producerId, { epoch, activeTimeUnixMs: timeUnixMs });
      break;
    }
    case "producersForgotten":
      applyForgotten(changes, kind.value);
      break;
    case "eventsExpired": {
      const { topicId, partition, firstOffset, bytes } = kind.value;
      const key = stateKeys.partition(topicId, partition);
      const before = changes.must(key);
      changes.put(key, { ...before, firstOffset, bytes: before.bytes - bytes });
      break;
    }
    case "eventsReleased":
      applyReleased(changes, kind.value);
      break;
    case "scheduledCancelled":
      applyCancelled(changes, kind.value);
      break;
    default:
      // Every other kind is another projection's, or says nothing beside its batches.
      break;
  }
}

function apply(loaded: Loaded, entry: Entry, sequence: bigint): readonly StateWrite[] {
  const changes = new StateChanges(loaded);
  const { timeUnixMs } = entry;
  applyKind(changes, entry);
  for (const stored of entry.batches) applyBatch(changes, stored, { timeUnixMs, sequence });
  applyRemembered(changes, entry);
  return changes.list();
}

/** Partitions, producers, scheduled batches and remembered ids: what entries that store events change. */
export const batchesProjection: Projection = { reads, apply };
