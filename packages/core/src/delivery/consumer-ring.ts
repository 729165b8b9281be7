import { CREDIT_BYTES_MAX, CREDIT_EVENTS_MAX, PubSubError } from "@opendxa/pubsub-protocol";
import type { KeyQueue } from "./key-queue.js";
import type { Lease } from "./lease.js";
import { consumersMax } from "./limits.js";

/** What a consumer may be sent. */
export interface ConsumerCredit {
  /** Serialized bytes of deliveries. */
  readonly bytes: bigint;
  /** Unsettled events. */
  readonly events: number;
}

/** A joined consumer. */
export interface ConsumerState {
  /** Unique while the engine runs. */
  readonly id: bigint;
  /** Bytes that may still be sent; below 0 after a delivery larger than the credit. */
  bytes: number;
  /** Unsettled events that it may hold. */
  window: number;
  /** Events leased to it. */
  leased: number;
  /** Its transport has room. */
  isWritable: boolean;
  /** Its leases. */
  readonly leases: Set<Lease>;
  /** Ordering keys that it holds and of which it may be given more at once. */
  readonly bound: Set<KeyQueue>;
}

function canReceive(consumer: ConsumerState): boolean {
  return consumer.isWritable && consumer.bytes > 0 && consumer.leased < consumer.window;
}

/** The consumers of a subscription and whose turn it is. */
export class ConsumerRing {
  readonly #consumers = new Map<bigint, ConsumerState>();
  #lastServed: bigint | undefined;

  /** Consumers now. */
  get size(): number {
    return this.#consumers.size;
  }

  /** A consumer. */
  get(id: bigint): ConsumerState | undefined {
    return this.#consumers.get(id);
  }

  /** Joins a consumer. Throws CONSUMER_LIMIT. */
  add(id: bigint, credit: ConsumerCredit): void {
    if (this.#consumers.has(id)) throw new Error(`consumer ${id} joined twice`);
    if (this.#consumers.size >= consumersMax) {
      throw PubSubError.of(
        "CONSUMER_LIMIT",
        `a subscription has at most ${consumersMax} consumers`,
        {
          metadata: { limit: consumersMax },
        },
      );
    }
    const state = {
      id,
      bytes: 0,
      window: 0,
      leased: 0,
      isWritable: true,
      leases: new Set<Lease>(),
      bound: new Set<KeyQueue>(),
    };
    this.#consumers.set(id, state);
    this.addCredit(id, credit);
  }

  /** Adds credit, up to what the contract allows to be outstanding. */
  addCredit(id: bigint, credit: ConsumerCredit): void {
    const consumer = this.#consumers.get(id);
    if (consumer === undefined) return;
    const bytes = credit.bytes > BigInt(CREDIT_BYTES_MAX) ? CREDIT_BYTES_MAX : Number(credit.bytes);
    consumer.bytes = Math.min(CREDIT_BYTES_MAX, consumer.bytes + bytes);
    consumer.window = Math.min(CREDIT_EVENTS_MAX, consumer.window + credit.events);
  }

  /** Lets a consumer go. */
  remove(id: bigint): ConsumerState | undefined {
    const consumer = this.#consumers.get(id);
    this.#consumers.delete(id);
    return consumer;
  }

  /** Those that can receive, beginning behind the one that was served last. */
  receivers(): ConsumerState[] {
    const all = [...this.#consumers.values()];
    const last = all.findIndex(({ id }) => id === this.#lastServed);
    return [...all.slice(last + 1), ...all.slice(0, last + 1)].filter(canReceive);
  }

  /** Remembers who was served, and moves the consumer behind the others while it can receive. */
  served(receivers: ConsumerState[], consumer: ConsumerState): void {
    this.#lastServed = consumer.id;
    const at = receivers.indexOf(consumer);
    receivers.push(...receivers.splice(0, at + 1));
    if (!canReceive(consumer)) receivers.pop();
  }
}
