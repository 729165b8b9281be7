import {
  type BatchRef,
  type Grant,
  type SubscriptionDelivery,
  stateKeys,
} from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import { type Delivery, deliveredBatchBytes, type StoredBatch } from "@opendxa/pubsub-protocol";
import { deliveredBatches, type EntryReader } from "./delivery-builder.js";
import type { ConsumerSink } from "./engine-api.js";
import { entryGone } from "./entry-gone.js";
import { deliveryBytesMax } from "./limits.js";

/** Where batches are read. */
export interface GrantSenderParts {
  /** Entries by sequence. */
  readonly reader: EntryReader;
  /** Tells what expired. */
  readonly index: IndexStore;
}

interface OpenDelivery {
  readonly delivery: Delivery;
  bytes: number;
}

/** Sends consumers what was granted to them, in messages of bounded size. */
export class GrantSender {
  readonly #parts: GrantSenderParts;
  readonly #delivery: SubscriptionDelivery;
  readonly #sinks: ReadonlyMap<bigint, ConsumerSink>;

  constructor(
    parts: GrantSenderParts,
    delivery: SubscriptionDelivery,
    sinks: ReadonlyMap<bigint, ConsumerSink>,
  ) {
    this.#parts = parts;
    this.#delivery = delivery;
    this.#sinks = sinks;
  }

  /** Reads what was granted and sends it. Throws DATA_CORRUPT. */
  async send(grants: readonly Grant[]): Promise<void> {
    const open = new Map<bigint, OpenDelivery>();
    for (const grant of grants) {
      const stored = await this.read(grant.ref);
      if (stored?.batch === undefined) {
        this.#delivery.correctBytes(grant, 0);
        continue;
      }
      let sentBytes = 0;
      for (const delivered of deliveredBatches(grant, stored.batch)) {
        const bytes = deliveredBatchBytes(delivered);
        sentBytes += bytes;
        let pending = open.get(grant.consumerId);
        if (pending !== undefined && pending.bytes + bytes > deliveryBytesMax) {
          this.#deliver(grant.consumerId, pending.delivery);
          pending = undefined;
        }
        pending ??= { delivery: { batches: [] }, bytes: 0 };
        pending.delivery.batches.push(delivered);
        pending.bytes += bytes;
        open.set(grant.consumerId, pending);
      }
      this.#delivery.correctBytes(grant, sentBytes);
    }
    for (const [consumerId, { delivery }] of open) this.#deliver(consumerId, delivery);
  }

  /** A batch; `undefined` when it expired, which ended its leases. Throws DATA_CORRUPT. */
  async read(ref: BatchRef): Promise<StoredBatch | undefined> {
    const { sequence, topicId, partition, baseOffset } = ref;
    const stored = await this.#parts.reader.readListed(ref);
    if (stored?.batch !== undefined) return stored;
    const { name } = stateKeys.batch(topicId, partition, baseOffset);
    if ((await this.#parts.index.get(name)) === undefined) return undefined;
    throw entryGone(sequence);
  }

  #deliver(consumerId: bigint, delivery: Delivery): void {
    const sink = this.#sinks.get(consumerId);
    if (sink === undefined) return;
    if (!sink.deliver(delivery)) this.#delivery.setWritable(consumerId, false);
  }
}
