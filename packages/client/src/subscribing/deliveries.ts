import type { DeliveredBatch, PubSubError } from "@opendxa/pubsub-protocol";
import { originsOf } from "../reading/stored-event.js";
import { ReceivedEvent, type Settler } from "./received-event.js";

interface Held {
  readonly events: Set<ReceivedEvent>;
  readonly sinceMs: number;
}

interface Queued {
  readonly event: ReceivedEvent;
  /** Credit that comes back when the application takes this event. */
  readonly credit: number;
}

/** Events that were delivered and not settled, and the credit that they hold. */
export class Deliveries {
  /** The subscription keeps the order of keys. */
  keepsOrder = false;
  readonly #settler: Settler;
  readonly #creditBytes: number;
  #queue: Queued[] = [];
  #next = 0;
  #held = new Map<bigint, Held>();
  #consumedBytes = 0;
  /** Keys of which nothing is handed out, with how often that was asked for. */
  readonly #parked = new Map<string, number>();
  /** Nacks without a verdict, by key. */
  readonly #nacked = new Map<string, Set<ReceivedEvent>>();
  /** The last offset that waits of a key, where order is kept. */
  readonly #lastWaiting = new Map<string, bigint>();

  /** Starts empty, with the whole credit given to the broker. */
  constructor(settler: Settler, creditBytes: number) {
    this.#settler = settler;
    this.#creditBytes = creditBytes;
  }

  /** Events that wait for the application. */
  get waiting(): number {
    return this.#queue.length - this.#next;
  }

  /**
   * Takes delivered batches.
   *
   * @param bytes what they cost of the credit
   * @returns batches that cannot be read, with why
   */
  add(
    batches: readonly DeliveredBatch[],
    bytes: number,
    nowMs: number,
  ): { batch: DeliveredBatch; error: PubSubError }[] {
    const broken: { batch: DeliveredBatch; error: PubSubError }[] = [];
    let last: ReceivedEvent | undefined;
    for (const batch of batches) {
      const events: ReceivedEvent[] = [];
      if (batch.batch === undefined) continue;
      try {
        for (const origin of originsOf(batch.batch, batch.selected)) {
          events.push(new ReceivedEvent(origin, batch, this.#settler));
        }
      } catch (error) {
        broken.push({ batch, error: error as PubSubError });
        continue;
      }
      const held = this.#held.get(batch.lease) ?? { events: new Set(), sinceMs: nowMs };
      this.#held.set(batch.lease, held);
      for (const event of events) {
        held.events.add(event);
        if (this.keepsOrder) this.#renew(event);
        this.#queue.push({ event, credit: 0 });
        last = event;
      }
    }
    if (last === undefined) this.#consumedBytes += bytes;
    else this.#queue[this.#queue.length - 1] = { event: last, credit: bytes };
    return broken;
  }

  /** The next event for the application, of keys that are not parked. */
  take(): ReceivedEvent | undefined {
    let at = this.#next;
    if (this.#parked.size > 0) {
      while (at < this.#queue.length && this.#isParked(this.#queue[at] as Queued)) at += 1;
    }
    const queued = this.#queue[at];
    if (queued === undefined) return undefined;
    if (at > this.#next) this.#queue.splice(at, 1);
    else this.#next += 1;
    if (this.#next === this.#queue.length) {
      this.#queue = [];
      this.#next = 0;
    }
    this.#consumedBytes += queued.credit;
    if (this.keepsOrder) this.#noteTaken(queued.event);
    return queued.event;
  }

  /** Credit to give back now, in bytes: 0 until half of it was consumed. */
  takeCredit(): number {
    if (this.#consumedBytes * 2 < this.#creditBytes) return 0;
    const bytes = this.#consumedBytes;
    this.#consumedBytes = 0;
    return bytes;
  }

  /** An event is settled. */
  settled(event: ReceivedEvent): void {
    const held = this.#held.get(event.position.lease);
    held?.events.delete(event);
    if (held?.events.size === 0) this.#held.delete(event.position.lease);
  }

  /** Hands out nothing more of an event's key, in its topic-partition, until `unpark`. */
  park(event: ReceivedEvent): void {
    const name = keyNameOf(event);
    this.#parked.set(name, (this.#parked.get(name) ?? 0) + 1);
  }

  /** Ends one `park`. */
  unpark(event: ReceivedEvent): void {
    const name = keyNameOf(event);
    const left = (this.#parked.get(name) ?? 1) - 1;
    if (left > 0) this.#parked.set(name, left);
    else this.#parked.delete(name);
  }

  /** An event was nacked: nothing of its key is handed out until the verdict, or until it comes again. */
  nacked(event: ReceivedEvent): void {
    const name = keyNameOf(event);
    const nacked = this.#nacked.get(name) ?? new Set();
    this.#nacked.set(name, nacked.add(event));
    this.park(event);
  }

  /**
   * The verdict on such a nack. An accepted one ended the leases of what waits of the key. What waits
   * behind a stale one may be leased anew.
   */
  nackTold(event: ReceivedEvent, isAccepted: boolean): void {
    const name = keyNameOf(event);
    const nacked = this.#nacked.get(name);
    if (nacked?.delete(event) !== true) return;
    if (nacked.size === 0) this.#nacked.delete(name);
    if (isAccepted) this.#dropKey(name);
    this.unpark(event);
  }

  /** Takes back what waits of a key: its leases ended, and the broker delivers it again. */
  #dropKey(name: string): void {
    if (!this.#lastWaiting.delete(name)) return;
    const isOfKey = ({ event }: Queued) => keyNameOf(event) === name;
    const waiting = this.#queue.slice(this.#next);
    const dropped = waiting.filter(isOfKey);
    this.#queue = waiting.filter((queued) => !isOfKey(queued));
    this.#next = 0;
    for (const { event, credit } of dropped) {
      this.#consumedBytes += credit;
      this.settled(event);
    }
  }

  /** Unsettled events of leases that are not older than `heldMsMax`. */
  *heldSince(nowMs: number, heldMsMax: number): Generator<ReceivedEvent> {
    for (const { events, sinceMs } of this.#held.values()) {
      if (nowMs - sinceMs < heldMsMax) yield* events;
    }
  }

  /** The stream broke: all leases ended, and the credit is given anew. */
  reset(): void {
    this.#queue = [];
    this.#next = 0;
    this.#held = new Map();
    this.#lastWaiting.clear();
    this.#consumedBytes = 0;
  }

  /** An event of a key that comes again ended the leases of what waits behind it, and answers a nack. */
  #renew(event: ReceivedEvent): void {
    if (event.orderingKey === undefined) return;
    const name = keyNameOf(event);
    if (event.offset <= (this.#lastWaiting.get(name) ?? -1n)) this.#dropKey(name);
    for (const nacked of this.#nacked.get(name) ?? []) {
      if (event.offset <= nacked.offset) this.nackTold(nacked, true);
    }
    this.#lastWaiting.set(name, event.offset);
  }

  #noteTaken(event: ReceivedEvent): void {
    if (event.orderingKey === undefined) return;
    const name = keyNameOf(event);
    if (this.#lastWaiting.get(name) === event.offset) this.#lastWaiting.delete(name);
  }

  #isParked({ event }: Queued): boolean {
    return event.orderingKey !== undefined && this.#parked.has(keyNameOf(event));
  }
}

/** A key is one of its topic-partition. */
function keyNameOf({ topic, partition, orderingKey }: ReceivedEvent): string {
  return JSON.stringify([topic, partition, orderingKey]);
}
