import {
  type BatchResult,
  encodeBatch,
  type OutgoingEvent,
  type Priority,
  PubSubError,
  type RecordBatch,
} from "@opendxa/pubsub-protocol";
import { type AtomicBatch, atomicReceipts } from "./atomic-batches.js";
import type { Frame, PlannedBatch } from "./batcher.js";
import type { Partitions } from "./partitions.js";
import type { Producer } from "./producer.js";
import {
  type BatchReceipt,
  durabilityName,
  eventOutcomes,
  type PublishReceipt,
  refusalError,
} from "./receipt.js";

/** What every waiting publish has. */
interface PendingBase {
  /** Bytes that it holds of the client's bound. */
  readonly bytes: number;
  /** When its caller gives up, milliseconds of the client's clock. */
  readonly deadlineMs: number;
  /** Tells its caller that it failed; only the first call has an effect. */
  readonly reject: (error: PubSubError) => void;
}

/** An event whose publish waits. */
export interface PendingEvent extends PendingBase {
  /** Which kind. */
  readonly kind: "event";
  /** Topic. */
  readonly topic: string;
  /** Partition; undefined: in turn. */
  readonly partition: number | undefined;
  /** Lane. */
  readonly priority: Priority;
  /** When it becomes deliverable. */
  readonly deliverTimeUnixMs: bigint | undefined;
  /** The event. */
  readonly event: OutgoingEvent;
  /** Tells its caller where it is stored. */
  readonly resolve: (receipt: PublishReceipt) => void;
}

/** A batch of the caller's own whose publish waits. */
export interface PendingBatch extends PendingBase {
  /** Which kind. */
  readonly kind: "batch";
  /** The batch. */
  readonly batch: RecordBatch;
  /** Tells its caller where it is stored. */
  readonly resolve: (receipt: BatchReceipt) => void;
}

/** Events whose publish waits, and which are stored together or not at all. */
export interface PendingAtomic extends PendingBase {
  /** Which kind. */
  readonly kind: "atomic";
  /** All that the frame holds; producer and sequences are given when it is first sent. */
  readonly batches: readonly AtomicBatch[];
  /** Tells its caller where they are stored. */
  readonly resolve: (receipts: PublishReceipt[]) => void;
}

/** A publish that waits. */
export type Pending = PendingEvent | PendingBatch | PendingAtomic;

/** Lane of atomic publishes: no topic has an empty name. */
export const ATOMIC_LANE = "";

/** All of a frame is stored or nothing. */
export function isAtomic({ batches }: Frame<Pending>): boolean {
  return batches[0]?.values[0]?.kind === "atomic";
}

/** Lane of an event: those that may share a batch. */
export function laneOf(
  event: Omit<PendingEvent, "kind" | "event" | "resolve" | "reject" | "bytes" | "deadlineMs">,
): string {
  const { topic, partition, priority, deliverTimeUnixMs } = event;
  return `${topic}\n${partition ?? "*"}\n${priority}\n${deliverTimeUnixMs ?? ""}`;
}

function placeOf(topic: string, partition: number | undefined): string {
  return `${topic}\n${partition ?? "*"}`;
}

/** Topic-partitions that a publish goes to, one a batch; `*`: the one in turn. */
export function placesOf(pending: Pending): string[] {
  if (pending.kind === "event") return [placeOf(pending.topic, pending.partition)];
  const batches = pending.kind === "batch" ? [pending] : pending.batches;
  return batches.map(({ batch: { topic, partition } }) => placeOf(topic, partition));
}

/**
 * Encodes a planned batch once and for all: a repetition must be the same. That of an atomic publish
 * is all batches of its frame.
 */
export function recordsOf(
  { values }: PlannedBatch<Pending>,
  producer: Producer,
  partitions: Partitions,
): readonly RecordBatch[] {
  const [first] = values;
  if (first === undefined) throw new Error("a batch without events was planned");
  if (first.kind === "atomic") return first.batches.map(({ batch }) => sequenced(batch, producer));
  if (first.kind === "batch") return [ownedBy(first.batch, producer)];
  const { topic, priority, deliverTimeUnixMs } = first;
  const partition = first.partition ?? partitions.inTurn(topic);
  const record = encodeBatch({
    topic,
    partition,
    priority,
    deliverTimeUnixMs,
    events: values.map((value) => (value as PendingEvent).event),
    producer: producer.take(topic, partition, values.length),
  });
  return [record];
}

function ownedBy(batch: RecordBatch, producer: Producer): RecordBatch {
  return batch.producerId.length > 0 ? batch : sequenced(batch, producer);
}

function sequenced(batch: RecordBatch, producer: Producer): RecordBatch {
  const { id, epoch, baseSequence } = producer.take(batch.topic, batch.partition, batch.count);
  return { ...batch, producerId: id, producerEpoch: epoch, baseSequence };
}

/** Tells the callers of one planned batch what became of its records. */
export function settleBatch(
  { values }: PlannedBatch<Pending>,
  records: readonly RecordBatch[],
  results: readonly BatchResult[],
  producer: Producer,
): void {
  const [first] = values;
  if (first?.kind === "atomic") {
    settleAtomic(first, records, results, producer);
    return;
  }
  const [record] = records;
  const [result] = results;
  if (record === undefined || result === undefined) throw new Error("an ack without results");
  if (first?.kind === "batch") settleWhole(first, record, result);
  else settleEvents(values as readonly PendingEvent[], record, result, producer);
}

function settleAtomic(
  { batches, resolve, reject }: PendingAtomic,
  records: readonly RecordBatch[],
  results: readonly BatchResult[],
  producer: Producer,
): void {
  const sent = records.map((batch, i) => ({ batch, events: batches[i]?.events ?? [] }));
  try {
    const receipts = atomicReceipts(sent, results, (event, at) => producer.eventId(event, at));
    resolve(receipts);
  } catch (error) {
    reject(PubSubError.from(error));
  }
}

function settleWhole(pending: PendingBatch, record: RecordBatch, result: BatchResult): void {
  if (result.refusal !== undefined) {
    pending.reject(refusalError(result.refusal));
    return;
  }
  const { topic, partition, count } = record;
  const { baseOffset, refused, duplicates, scheduled } = result;
  const durability = durabilityName(result);
  pending.resolve({
    topic,
    partition,
    count,
    baseOffset,
    refused,
    duplicates,
    scheduled,
    durability,
  });
}

function settleEvents(
  events: readonly PendingEvent[],
  record: RecordBatch,
  result: BatchResult,
  producer: Producer,
): void {
  const outcomeOf = eventOutcomes(result);
  const { topic, partition, baseSequence } = record;
  const { scheduled } = result;
  const durability = durabilityName(result);
  events.forEach(({ event, resolve, reject }, index) => {
    const outcome = outcomeOf(index);
    if ("error" in outcome) {
      reject(outcome.error);
      return;
    }
    const id = producer.eventId(event, baseSequence + BigInt(index));
    const offset = scheduled ? 0n : outcome.offset;
    resolve({ id, topic, partition, offset, duplicate: outcome.duplicate, scheduled, durability });
  });
}
