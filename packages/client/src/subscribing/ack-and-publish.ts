import { randomUUID } from "node:crypto";
import {
  type BatchResult,
  badRequest,
  encodeBatch,
  type OutgoingEvent,
  PubSubError,
  type RecordBatch,
} from "@opendxa/pubsub-protocol";
import type { Connection } from "../connection/connection.js";
import type { Partitions } from "../publishing/partitions.js";
import { checkedOptions, type PublishOptions } from "../publishing/publish-options.js";
import { durabilityName, eventOutcomes, type PublishReceipt } from "../publishing/receipt.js";
import type { ReceivedEvent } from "./received-event.js";
import { positionRangesOf } from "./settlements.js";

/** What became of events that were acked together with a publish. */
export interface AckAndPublishOutcome {
  /** A lease was over: nothing was acked and nothing stored; the events come, or came, again. */
  readonly isStale: boolean;
  /** Where the published events lie, in their order; empty when it was stale. */
  readonly receipts: readonly PublishReceipt[];
}

/** An event of one call, with its place in the call's order. */
interface Placed {
  readonly event: OutgoingEvent & { readonly id: string };
  readonly at: number;
}

/** A batch of one call with where its events stand in the call's order. */
interface PlacedBatch {
  readonly batch: RecordBatch;
  readonly events: readonly Placed[];
}

/** Settles received events and publishes others in one step of the broker. */
export class AckAndPublish {
  readonly #connection: Connection;
  readonly #partitions: Partitions;

  /** Works over a connection and chooses partitions as the publisher does. */
  constructor(connection: Connection, partitions: Partitions) {
    this.#connection = connection;
    this.#partitions = partitions;
  }

  /** Acks and publishes. Throws what refuses an event; then nothing happened. */
  async run(
    events: readonly ReceivedEvent[],
    topic: string,
    outgoing: readonly OutgoingEvent[],
    options: PublishOptions,
  ): Promise<AckAndPublishOutcome> {
    const subscription = subscriptionOf(events);
    const stale = { isStale: true, receipts: [] };
    const claimed = events.filter((event) => event.claim());
    if (claimed.length < new Set(events).size) {
      for (const event of claimed) event.giveUpClaim();
      return stale;
    }
    try {
      const batches = await this.#batchesOf(topic, outgoing, options);
      const { namespace } = this.#connection;
      const frame = { number: 0n, batches: batches.map(({ batch }) => batch), atomic: true };
      const acks = positionRangesOf(events.map(({ position }) => position));
      const answer = await this.#connection.unary(
        "publisher",
        "ackAndPublish",
        { namespace, subscription, acks, frame },
        // A second attempt after a lost answer would only say that the leases are over.
        { signal: options.signal, isRepeatable: false },
      );
      if (answer.stale) {
        for (const event of claimed) event.settledByCall();
        return stale;
      }
      const receipts = receiptsOf(batches, answer.results);
      for (const event of claimed) event.settledByCall();
      return { isStale: false, receipts };
    } catch (error) {
      for (const event of claimed) event.giveUpClaim();
      throw error;
    }
  }

  async #batchesOf(
    topic: string,
    outgoing: readonly OutgoingEvent[],
    options: PublishOptions,
  ): Promise<PlacedBatch[]> {
    const { priority, deliverTimeUnixMs } = checkedOptions(options);
    if (outgoing.length === 0) throw badRequest("outputs", "at least one event is published");
    await this.#partitions.count(topic);
    const turn = this.#partitions.inTurn(topic);
    const byPartition = new Map<number, Placed[]>();
    for (const [at, event] of outgoing.entries()) {
      const partition = this.#partitions.ofKey(topic, event.orderingKey) ?? turn;
      const group = byPartition.get(partition) ?? [];
      byPartition.set(partition, group);
      group.push({ event: { ...event, id: event.id ?? randomUUID() }, at });
    }
    return [...byPartition].map(([partition, events]) => ({
      batch: encodeBatch({
        topic,
        partition,
        events: events.map(({ event }) => event),
        priority,
        deliverTimeUnixMs,
      }),
      events,
    }));
  }
}

function subscriptionOf(events: readonly ReceivedEvent[]): string {
  const [first] = events;
  if (first === undefined) throw badRequest("events", "at least one event is acked");
  const { subscription } = first;
  if (events.every((event) => event.subscription === subscription)) return subscription;
  throw badRequest("events", "all of one subscription");
}

function receiptsOf(
  batches: readonly PlacedBatch[],
  results: readonly BatchResult[],
): PublishReceipt[] {
  const receipts: PublishReceipt[] = [];
  const refusals: PubSubError[] = [];
  for (const [i, { batch, events }] of batches.entries()) {
    const result = results[i];
    if (result === undefined) throw PubSubError.of("INTERNAL", "the answer lacks a result");
    const outcomeOf = eventOutcomes(result);
    const { topic, partition } = batch;
    for (const [index, { event, at }] of events.entries()) {
      const outcome = outcomeOf(index);
      if ("error" in outcome) {
        refusals.push(outcome.error);
        continue;
      }
      const { scheduled } = result;
      const offset = scheduled ? 0n : outcome.offset;
      const { duplicate } = outcome;
      const durability = durabilityName(result);
      const { id } = event;
      receipts[at] = { id, topic, partition, offset, duplicate, scheduled, durability };
    }
  }
  // Of an atomic frame the batches without a fault are refused too, and say only that.
  const cause = refusals.find(({ metadata }) => metadata["field"] !== "frame.atomic");
  const refusal = cause ?? refusals[0];
  if (refusal !== undefined) throw refusal;
  return receipts;
}
