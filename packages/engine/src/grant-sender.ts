import {
  type BatchRef,
  type Grant,
  type SubscriptionDelivery,
  stateKeys,
} from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import {
  type DeliveredBatch,
  deliveredBatchBytes,
  type RecordBatch,
  type StoredBatch,
} from "@opendxa/pubsub-protocol";
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

/** What was read for one consumer. */
interface ReadGrants {
  readonly items: { readonly grant: Grant; readonly batch: RecordBatch }[];
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
    const waiting = new Map<bigint, ReadGrants>();
    for (const grant of grants) {
      const stored = await this.read(grant.ref);
      if (stored?.batch === undefined) {
        this.#delivery.correctBytes(grant, 0);
        continue;
      }
      const read = waiting.get(grant.consumerId) ?? { items: [], bytes: 0 };
      waiting.set(grant.consumerId, read);
      read.items.push({ grant, batch: stored.batch });
      read.bytes += grant.ref.bytes;
      if (read.bytes < deliveryBytesMax) continue;
      waiting.delete(grant.consumerId);
      this.#deliverAll(grant.consumerId, read);
    }
    for (const [consumerId, read] of waiting) this.#deliverAll(consumerId, read);
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

  /** In one turn: what a consumer gave back while other grants were read is not sent to it any more. */
  #deliverAll(consumerId: bigint, { items }: ReadGrants): void {
    let batches: DeliveredBatch[] = [];
    let bytes = 0;
    for (const { grant, batch } of items) {
      const leased = this.#delivery.stillLeased(grant);
      let sentBytes = 0;
      for (const delivered of leased === undefined ? [] : deliveredBatches(leased, batch)) {
        const size = deliveredBatchBytes(delivered);
        sentBytes += size;
        if (batches.length > 0 && bytes + size > deliveryBytesMax) {
          this.#deliver(consumerId, batches);
          [batches, bytes] = [[], 0];
        }
        batches.push(delivered);
        bytes += size;
      }
      this.#delivery.correctBytes(grant, sentBytes);
    }
    if (batches.length > 0) this.#deliver(consumerId, batches);
  }

  #deliver(consumerId: bigint, batches: DeliveredBatch[]): void {
    const sink = this.#sinks.get(consumerId);
    if (sink === undefined) return;
    if (!sink.deliver({ batches })) this.#delivery.setWritable(consumerId, false);
  }
}
