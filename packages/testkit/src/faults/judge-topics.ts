import type { CrashMode } from "@opendxa/pubsub-simulated";
import type { SimulatedEngine } from "./simulated-engine.js";
import type { ReadEvent, StoredTopic } from "./stored-events.js";
import { PASSING, TOPICS, VOLATILE } from "./topics.js";
import type { AckedEvent, Witness } from "./witness.js";

/** A topic whose deletion was not answered is there, then it was not deleted, or it is not. */
export function resolvePassing(witness: Witness, topics: readonly StoredTopic[]): void {
  const { passing } = witness;
  const isThere = topics.some(({ name, isThere: exists }) => name === PASSING && exists);
  if (passing.asked !== undefined && isThere) passing.asked = undefined;
  else if (passing.asked !== undefined) passing.deleted();
  passing.isMissing = !isThere;
}

/**
 * Takes out of the witness what a loss of power took of the topic with durability OS: only what was
 * not synced, and only from its end.
 */
export function resolveVolatile(
  witness: Witness,
  topics: readonly StoredTopic[],
  mode: CrashMode,
): string[] {
  const events = topics.find(({ name }) => name === VOLATILE)?.events ?? [];
  const found = new Set(events.map(({ key }) => key));
  const orderOf = (key: string) => witness.issued.get(key)?.event.order ?? 0;
  const newest = events.reduce((order, { key }) => Math.max(order, orderOf(key)), 0);
  const faults: string[] = [];
  for (const key of witness.unsynced) {
    if (found.has(key)) continue;
    if (mode === "keep") faults.push(`lost though the system lived on: ${key}`);
    else if (orderOf(key) < newest) faults.push(`lost from the middle: ${key}`);
    witness.lostByOs += 1;
    witness.forget(key);
  }
  // What was found is synced by the start.
  witness.unsynced = [];
  return faults;
}

/**
 * What nobody will send again and is not there now never will be; but what was delivered was stored, in
 * a topic that is deleted by now.
 */
export function forgetUnanswered(witness: Witness, topics: readonly StoredTopic[]): void {
  const found = new Set(topics.flatMap(({ events }) => events.map(({ key }) => key)));
  const isRepeated = new Map(TOPICS.map(({ name, hasProducer }) => [name, hasProducer]));
  for (const [key, { event }] of [...witness.issued]) {
    if (isRepeated.get(event.topic) === true || witness.acked.has(key)) continue;
    const wasStored = event.topic === PASSING && witness.settlementSent.has(key);
    if (!found.has(key) && !wasStored) witness.forget(key);
  }
}

/** Faults of one event by itself. */
function judgeEvent(witness: Witness, { key, offset, data }: ReadEvent): string[] {
  const issued = witness.issued.get(key);
  if (issued === undefined) return [`invented: ${key} at offset ${offset}`];
  const faults: string[] = [];
  if (issued.event.data !== data) faults.push(`altered: ${key}`);
  if (witness.refused.has(key)) faults.push(`stored though it was refused: ${key}`);
  const { incarnation, topic } = issued.batch;
  if (incarnation !== witness.incarnationOf(topic)) {
    faults.push(`came back with a deleted topic: ${key}`);
  }
  return faults;
}

function isDue(witness: Witness, { batch }: AckedEvent, name: string): boolean {
  return (
    batch.topic === name &&
    batch.mayBeGone === undefined &&
    batch.incarnation === witness.incarnationOf(name)
  );
}

/** What a topic holds that it never may, and what it lacks. */
export function judgeTopic({ witness, time }: SimulatedEngine, topic: StoredTopic): string[] {
  const faults: string[] = [];
  const offsets = new Map<string, bigint>();
  let newest = 0;
  for (const event of topic.events) {
    const { key, offset } = event;
    faults.push(...judgeEvent(witness, event));
    if (offsets.has(key)) faults.push(`twice: ${key} at ${offsets.get(key)} and ${offset}`);
    offsets.set(key, offset);
    const order = witness.issued.get(key)?.event.order ?? 0;
    if (order <= newest) faults.push(`out of order: ${key}`);
    newest = order;
    time.saw(event.appendMs);
  }
  for (const [key, acked] of witness.acked) {
    const at = offsets.get(key);
    if (at === acked.offset || (at === undefined && !isDue(witness, acked, topic.name))) continue;
    if (acked.batch.topic !== topic.name) continue;
    faults.push(`lost: ${key}, acknowledged at ${acked.offset}, is at ${at}`);
  }
  return faults;
}
