import {
  createBitmap,
  type Entry,
  type EventsReleased,
  hasBit,
  readBatch,
  type ScheduledCancelled,
  type ScheduledState,
  type StoredBatch,
  setBit,
} from "@opendxa/pubsub-protocol";
import { required, type StateChanges } from "../state/state-changes.js";
import type { AnyStateKey, Loaded } from "../state/state-key.js";
import { type EventIdentity, stateKeys } from "../state/state-keys.js";
import { packNames, unpackNames } from "./event-names.js";
import { batchLineOf } from "./payload-index.js";
import { type PayloadPosition, scheduledTimer } from "./scheduled-timer.js";

function scheduledKey({ payloadSequence, payloadFirstIndex }: PayloadPosition) {
  return stateKeys.scheduled(payloadSequence, payloadFirstIndex);
}

function dedupKeys(state: ScheduledState, names: readonly (EventIdentity | undefined)[]) {
  return names
    .filter((name) => name !== undefined)
    .map(({ source, id }) => stateKeys.dedup(state.topicId, source, id));
}

/** The names that a fact is about, by index. */
function namesOf(state: ScheduledState, indexes: readonly number[]) {
  const names = unpackNames(state.names);
  if (indexes.length === 0) return names;
  const wanted = new Set(indexes);
  return names.map((name, index) => (wanted.has(index) ? name : undefined));
}

/** Keys of a scheduled batch that is released or cancelled, and of what is remembered of its ids. */
function settledReads(at: PayloadPosition, indexes: readonly number[], loaded: Loaded) {
  const key = scheduledKey(at);
  if (!loaded.has(key)) return [key];
  const state = loaded.get(key);
  if (state === undefined) return [];
  const topic = stateKeys.topic(state.topic);
  if (!loaded.has(topic)) return [topic];
  return isDeduplicated(loaded, state) ? dedupKeys(state, namesOf(state, indexes)) : [];
}

function isDeduplicated(loaded: Loaded, { topic, topicId }: ScheduledState): boolean {
  const known = loaded.get(stateKeys.topic(topic));
  return known?.topicId === topicId && known.topic?.settings?.dedup !== undefined;
}

/** Keys that an entry needs for scheduled batches. */
export function scheduledReads({ kind }: Entry, loaded: Loaded): AnyStateKey[] {
  if (kind?.$case === "scheduledCancelled") {
    return [stateKeys.namespace(), ...settledReads(kind.value, kind.value.indexes, loaded)];
  }
  if (kind?.$case !== "eventsReleased") return [];
  const { batch } = kind.value;
  const partition = stateKeys.partition(batch?.topicId ?? 0, batch?.partition ?? 0);
  return [stateKeys.namespace(), partition, ...settledReads(kind.value, [], loaded)];
}

function addToWaiting(changes: StateChanges, events: number): void {
  const key = stateKeys.namespace();
  const namespace = changes.must(key);
  changes.put(key, { ...namespace, scheduledEvents: namespace.scheduledEvents + events });
}

/** A scheduled batch was stored: it waits. */
export function putScheduled(changes: StateChanges, stored: StoredBatch, sequence: bigint): void {
  const batch = required(stored.batch, "scheduled batch");
  const { topicId, firstIndex } = stored;
  const line = batchLineOf(stored);
  const heads = readBatch(batch, { verifyChecksums: false });
  const names = Array.from({ length: batch.count }, (_, i) =>
    hasBit(line.excluded, i) ? undefined : { source: heads.source(i), id: heads.id(i) },
  );
  const at = { payloadSequence: sequence, payloadFirstIndex: firstIndex };
  const dueMs = required(batch.deliverTimeUnixMs, "deliver time");
  changes.put(scheduledKey(at), {
    topicId,
    topic: batch.topic,
    deliverTimeUnixMs: dueMs,
    batch: { ...line, firstIndex: 0, ...at },
    names: packNames(names),
  });
  changes.put(scheduledTimer(Number(dueMs), at), {
    target: { $case: "scheduled", value: { ...at, index: 0 } },
  });
  let waiting = 0;
  for (const [index, name] of names.entries()) {
    if (name === undefined) continue;
    changes.put(stateKeys.scheduledEvent(topicId, name), { ...at, index });
    waiting += 1;
  }
  addToWaiting(changes, waiting);
}

/** Nothing of a batch waits any more. */
function dropScheduled(changes: StateChanges, at: PayloadPosition, state: ScheduledState): void {
  changes.remove(scheduledKey(at));
  changes.remove(scheduledTimer(Number(state.deliverTimeUnixMs), at));
}

/** A scheduled batch became part of the log. */
export function applyReleased(changes: StateChanges, fact: EventsReleased): void {
  const state = changes.must(scheduledKey(fact));
  const batch = required(fact.batch, "released batch");
  dropScheduled(changes, fact, state);
  const partition = stateKeys.partition(batch.topicId, batch.partition);
  const before = changes.get(partition) ?? { nextOffset: 0n, firstOffset: 0n, bytes: 0n };
  changes.put(partition, {
    ...before,
    nextOffset: batch.baseOffset + BigInt(batch.count),
    bytes: before.bytes + BigInt(batch.bytes),
  });
  let released = 0;
  for (const [index, name] of unpackNames(state.names).entries()) {
    if (name === undefined) continue;
    released += 1;
    changes.remove(stateKeys.scheduledEvent(state.topicId, name));
    const remembered = waitingId(changes, state, name);
    if (remembered === undefined) continue;
    const offset = batch.baseOffset + BigInt(index);
    changes.put(remembered.key, { ...remembered.value, offset, scheduled: false });
  }
  addToWaiting(changes, -released);
}

/** What a topic that deduplicates remembers of a scheduled event. */
function waitingId(changes: StateChanges, state: ScheduledState, { source, id }: EventIdentity) {
  if (!isDeduplicated(changes, state)) return undefined;
  const key = stateKeys.dedup(state.topicId, source, id);
  const value = changes.get(key);
  return value?.scheduled === true ? { key, value } : undefined;
}

/** Scheduled events will not be released; their ids may be stored again. */
export function applyCancelled(changes: StateChanges, fact: ScheduledCancelled): void {
  const state = changes.must(scheduledKey(fact));
  const line = required(state.batch, "scheduled batch");
  const names = unpackNames(state.names);
  const excluded = line.excluded.length > 0 ? line.excluded.slice() : createBitmap(line.count);
  let cancelled = 0;
  for (const [index, name] of namesOf(state, fact.indexes).entries()) {
    if (name === undefined) continue;
    cancelled += 1;
    setBit(excluded, index);
    names[index] = undefined;
    changes.remove(stateKeys.scheduledEvent(state.topicId, name));
    const remembered = waitingId(changes, state, name);
    if (remembered !== undefined) changes.remove(remembered.key);
  }
  addToWaiting(changes, -cancelled);
  if (fact.nothingLeft) {
    dropScheduled(changes, fact, state);
    return;
  }
  changes.put(scheduledKey(fact), {
    ...state,
    batch: { ...line, excluded },
    names: packNames(names),
  });
}
