import { randomUUID } from "node:crypto";
import { badRequest, type OutgoingEvent } from "@opendxa/pubsub-protocol";
import type { Connection } from "../connection/connection.js";
import { atomicBatches, atomicReceipts } from "../publishing/atomic-batches.js";
import type { Partitions } from "../publishing/partitions.js";
import type { PublishOptions } from "../publishing/publish-options.js";
import type { PublishReceipt } from "../publishing/receipt.js";
import type { ReceivedEvent } from "./received-event.js";
import { positionRangesOf } from "./settlements.js";

/** What became of events that were acked together with a publish. */
export interface AckAndPublishOutcome {
  /** A lease was over: nothing was acked and nothing stored; the events come, or came, again. */
  readonly isStale: boolean;
  /** Where the published events lie, in their order; empty when it was stale. */
  readonly receipts: readonly PublishReceipt[];
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
      if (outgoing.length === 0) throw badRequest("outputs", "at least one event is published");
      // Without a producer the broker derives no ids.
      const outputs = outgoing.map((event) => ({
        topic,
        event: { ...event, id: event.id ?? randomUUID() },
      }));
      const batches = await atomicBatches(outputs, options, this.#partitions);
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
      const receipts = atomicReceipts(batches, answer.results, ({ id = "" }) => id);
      for (const event of claimed) event.settledByCall();
      return { isStale: false, receipts };
    } catch (error) {
      for (const event of claimed) event.giveUpClaim();
      throw error;
    }
  }
}

function subscriptionOf(events: readonly ReceivedEvent[]): string {
  const [first] = events;
  if (first === undefined) throw badRequest("events", "at least one event is acked");
  const { subscription } = first;
  if (events.every((event) => event.subscription === subscription)) return subscription;
  throw badRequest("events", "all of one subscription");
}
