import {
  type BatchProducer,
  type BatchResult,
  badRequest,
  batchBytes,
  encodeBatch,
  FRAME_BATCHES_MAX,
  FRAME_BYTES_MAX,
  type OutgoingEvent,
  PRODUCER_SEQUENCE_MAX,
  PubSubError,
  type RecordBatch,
} from "@opendxa/pubsub-protocol";
import { outgoingEvent, type Publishable } from "./outgoing.js";
import type { Partitions } from "./partitions.js";
import { checkedOptions, type PublishOptions } from "./publish-options.js";
import { durabilityName, eventOutcomes, type PublishReceipt } from "./receipt.js";

/** An event that is published together with others, of its topic or not. */
export interface AtomicEvent {
  /** Topic that is to hold it. */
  readonly topic: string;
  /** The event. */
  readonly event: Publishable;
}

/** The same, checked. */
export interface CheckedAtomicEvent {
  /** Topic that is to hold it. */
  readonly topic: string;
  /** The event. */
  readonly event: OutgoingEvent;
}

/** A batch of an atomic frame. */
export interface AtomicBatch {
  /** The batch. */
  readonly batch: RecordBatch;
  /** Its events, and where each stands in its call. */
  readonly events: readonly { readonly event: OutgoingEvent; readonly at: number }[];
}

interface Group {
  readonly topic: string;
  readonly partition: number;
  readonly events: AtomicBatch["events"][number][];
}

/** Tag and length of a batch in its frame. */
const BATCH_FRAMING_BYTES = 4;
/** A frame's number and that it is atomic. */
const FRAME_FRAMING_BYTES = 13;
const EPOCH_MAX = 2 ** 32 - 1;

/**
 * Checks events by every rule of the contract.
 *
 * @throws {@link PubSubError} BAD_REQUEST, and as `outgoingEvent`
 */
export function checkedAtomicEvents(
  events: readonly AtomicEvent[],
  source: string | undefined,
): CheckedAtomicEvent[] {
  // A caller in JavaScript may give anything.
  if (!Array.isArray(events) || events.length === 0) {
    throw badRequest("events", "at least one event with its topic");
  }
  return events.map((each: Partial<AtomicEvent> | null | undefined) => {
    const { topic, event } = (each ?? {}) as AtomicEvent;
    return { topic, event: outgoingEvent(topic, event, source) };
  });
}

/** A producer whose batches take as many bytes as those of any epoch and sequence of this id. */
export function largestProducer(id: Uint8Array): BatchProducer {
  return { id, epoch: EPOCH_MAX, baseSequence: PRODUCER_SEQUENCE_MAX };
}

/**
 * Packs events into one batch for each of their topic-partitions; of each topic those without a key
 * share the partition whose turn it is.
 *
 * @throws {@link PubSubError} LIMIT_EXCEEDED, BATCH_COUNT_MISMATCH, BAD_REQUEST
 */
export async function atomicBatches(
  events: readonly CheckedAtomicEvent[],
  options: PublishOptions,
  partitions: Partitions,
  producer?: BatchProducer,
): Promise<AtomicBatch[]> {
  const { priority, deliverTimeUnixMs } = checkedOptions(options);
  const topics = [...new Set(events.map(({ topic }) => topic))];
  await Promise.all(topics.map((topic) => partitions.count(topic)));
  const turns = new Map(topics.map((topic) => [topic, partitions.inTurn(topic)]));
  const groups = new Map<string, Group>();
  for (const [at, { topic, event }] of events.entries()) {
    const partition = partitions.ofKey(topic, event.orderingKey) ?? turns.get(topic) ?? 0;
    const key = `${topic}\n${partition}`;
    const group = groups.get(key) ?? { topic, partition, events: [] };
    groups.set(key, group);
    group.events.push({ event, at });
  }
  return Array.from(groups.values(), (group) => {
    const outgoing = group.events.map(({ event }) => event);
    const { topic, partition } = group;
    const placed = { topic, partition, priority, deliverTimeUnixMs, producer };
    return { batch: encodeBatch({ ...placed, events: outgoing }), events: group.events };
  });
}

/**
 * Bytes of the frame that batches make, from above: a frame over a limit would end the stream for
 * every other publish.
 *
 * @throws {@link PubSubError} LIMIT_EXCEEDED
 */
export function atomicFrameBytes(batches: readonly AtomicBatch[]): number {
  requireWithin("batches", FRAME_BATCHES_MAX, batches.length);
  const sizes = batches.map(({ batch }) => batchBytes(batch) + BATCH_FRAMING_BYTES);
  const bytes = sizes.reduce((sum, size) => sum + size, FRAME_FRAMING_BYTES);
  requireWithin("frame", FRAME_BYTES_MAX, bytes);
  return bytes;
}

function requireWithin(field: string, limit: number, size: number): void {
  if (size <= limit) return;
  throw PubSubError.of("LIMIT_EXCEEDED", `${field}: ${size}, at most ${limit}`, {
    metadata: { field, limit, size },
  });
}

/**
 * Where the events of an atomic frame lie, in the order of their call.
 *
 * @param idOf id of an event under its producer's sequence
 * @throws {@link PubSubError} what refused an event or batch: nothing of the frame was stored
 */
export function atomicReceipts(
  batches: readonly AtomicBatch[],
  results: readonly BatchResult[],
  idOf: (event: OutgoingEvent, sequence: bigint) => string,
): PublishReceipt[] {
  const receipts: PublishReceipt[] = [];
  const refusals: PubSubError[] = [];
  for (const [i, { batch, events }] of batches.entries()) {
    const result = results[i];
    if (result === undefined) throw PubSubError.of("INTERNAL", "the answer lacks a result");
    const outcomeOf = eventOutcomes(result);
    const { topic, partition, baseSequence } = batch;
    const { scheduled } = result;
    const durability = durabilityName(result);
    for (const [index, { event, at }] of events.entries()) {
      const outcome = outcomeOf(index);
      if ("error" in outcome) {
        refusals.push(outcome.error);
        continue;
      }
      const id = idOf(event, baseSequence + BigInt(index));
      const offset = scheduled ? 0n : outcome.offset;
      const { duplicate } = outcome;
      receipts[at] = { id, topic, partition, offset, duplicate, scheduled, durability };
    }
  }
  // Of an atomic frame the batches without a fault are refused too, and say only that.
  const cause = refusals.find(({ metadata }) => metadata["field"] !== "frame.atomic");
  const refusal = cause ?? refusals[0];
  if (refusal !== undefined) throw refusal;
  return receipts;
}
