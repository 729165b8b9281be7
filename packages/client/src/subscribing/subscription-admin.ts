import type {
  BlockedKey,
  ConsumeRequest,
  ConsumeResponse,
  Delivery,
  GetAccountingResponse,
  Snapshot,
  Subscription as SubscriptionState,
} from "@opendxa/pubsub-protocol";
import { present, repeatable } from "../admin.js";
import { Backoff } from "../connection/backoff.js";
import type { Connection, RequestOptions } from "../connection/connection.js";
import { transportError } from "../connection/transport-error.js";
import { CREDIT_BYTES_DEFAULT, CREDIT_EVENTS_DEFAULT } from "../limits.js";
import { allPages } from "../reading/pages.js";
import { CallSettler } from "./call-settler.js";
import { Deliveries } from "./deliveries.js";
import type { ReceivedEvent } from "./received-event.js";
import {
  type ChangeableSubscriptionSettings,
  type SeekTarget,
  seekTargetOf,
  updateOf,
} from "./subscription-requests.js";

type ConsumeStated = Parameters<typeof ConsumeRequest.fromPartial>[0];

/** How much one call of `consume` takes. */
export interface ConsumeOptions {
  /** Events that may be unsettled, at most 100,000. Default 1,000. */
  readonly creditEvents?: number | undefined;
  /** Bytes that the call may deliver, at most 64 MiB. Default 4 MiB. */
  readonly creditBytes?: number | undefined;
  /** Ends after so many deliveries, at most 10,000. Default 0: no bound. */
  readonly deliveriesMax?: number | undefined;
  /** Ends when nothing came for so long, in milliseconds, at most 60,000. Default 10,000. */
  readonly waitMs?: number | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** Names events of one journal entry. */
export interface SkippedEvents {
  /** Sequence of the entry, as the events have it. */
  readonly sequence: bigint;
  /** Index of the first one in the entry. */
  readonly firstIndex: number;
  /** Index of the last one. Default: the first one. */
  readonly lastIndex?: number | undefined;
}

/**
 * Changes subscriptions that exist: settings, pauses, moves, snapshots; and consumes them by calls
 * where a stream in both directions does not fit.
 *
 * @example
 * ```ts
 * await client.subscriptions.createSnapshot("before-deploy", "learner");
 * await client.subscriptions.seek("learner", { snapshot: "before-deploy" });
 * ```
 */
export class SubscriptionAdmin {
  readonly #connection: Connection;
  readonly #clientName: string;

  /** Works over a connection. */
  constructor(connection: Connection, clientName: string) {
    this.#connection = connection;
    this.#clientName = clientName;
  }

  /**
   * Changes settings of a subscription: those that are given. One that is given as `undefined` gets
   * its default. Leases that are open keep their deadline.
   *
   * @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND, TOPIC_NOT_FOUND, BAD_REQUEST
   */
  async update(
    name: string,
    settings: ChangeableSubscriptionSettings,
    options: RequestOptions = {},
  ): Promise<SubscriptionState> {
    const { namespace } = this.#connection;
    const request = { namespace, name, ...updateOf(settings) };
    return present(
      (
        await this.#connection.unary(
          "subscription",
          "updateSubscription",
          request,
          repeatable(options),
        )
      ).subscription,
    );
  }

  /**
   * Stops dispatch until `resume`, also over restarts of the broker. Consumers are told the reason.
   *
   * @param reason at most 1 KiB
   * @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND, LIMIT_EXCEEDED
   */
  async pause(name: string, reason = "", options: RequestOptions = {}): Promise<SubscriptionState> {
    const { namespace } = this.#connection;
    const answer = await this.#connection.unary(
      "subscription",
      "pauseSubscription",
      { namespace, name, reason },
      repeatable(options),
    );
    return present(answer.subscription);
  }

  /** Ends a pause. @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND */
  async resume(name: string, options: RequestOptions = {}): Promise<SubscriptionState> {
    const { namespace } = this.#connection;
    const answer = await this.#connection.unary(
      "subscription",
      "resumeSubscription",
      { namespace, name },
      repeatable(options),
    );
    return present(answer.subscription);
  }

  /**
   * Moves a subscription; its consumers open their streams again by themselves, and what was leased
   * before is stale. Not repeated by itself: it may have been carried out, and events settled since.
   *
   * @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND, SNAPSHOT_NOT_FOUND, TOPIC_NOT_FOUND,
   * OFFSET_OUT_OF_RANGE, LIMIT_REACHED, BAD_REQUEST
   */
  async seek(
    name: string,
    target: SeekTarget,
    options: RequestOptions = {},
  ): Promise<SubscriptionState> {
    const { namespace } = this.#connection;
    const request = { namespace, name, target: seekTargetOf(target) };
    const once = { ...options, isRepeatable: false };
    return present(
      (await this.#connection.unary("subscription", "seekSubscription", request, once))
        .subscription,
    );
  }

  /**
   * Remembers which events of a subscription are settled. It keeps no events from leaving. Not
   * repeated by itself: the name may be taken by the first attempt.
   *
   * @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND, LIMIT_REACHED, BAD_REQUEST
   */
  async createSnapshot(
    name: string,
    subscription: string,
    options: RequestOptions = {},
  ): Promise<Snapshot> {
    const { namespace } = this.#connection;
    const request = { namespace, name, subscription };
    const once = { ...options, isRepeatable: false };
    return present(
      (await this.#connection.unary("subscription", "createSnapshot", request, once)).snapshot,
    );
  }

  /** Snapshots by name, of one subscription or of all. */
  listSnapshots(
    subscription = "",
    options: RequestOptions = {},
  ): AsyncGenerator<Snapshot, void, undefined> {
    const { namespace } = this.#connection;
    return allPages(async (pageToken) => {
      const request = { namespace, subscription, pageSize: 0, pageToken };
      const answer = await this.#connection.unary(
        "subscription",
        "listSnapshots",
        request,
        repeatable(options),
      );
      return { items: answer.snapshots, nextPageToken: answer.nextPageToken };
    });
  }

  /** Forgets a snapshot. @throws {@link PubSubError} SNAPSHOT_NOT_FOUND */
  async deleteSnapshot(name: string, options: RequestOptions = {}): Promise<void> {
    const { namespace } = this.#connection;
    await this.#connection.unary(
      "subscription",
      "deleteSnapshot",
      { namespace, name },
      repeatable(options),
    );
  }

  /**
   * Where every event of the subscription's epoch is, exact at the answered sequence: entered =
   * acked + deadLettered + expired + filtered + skipped + leased + waiting + unexamined. Counts what
   * was not looked at yet, which takes time where much is.
   *
   * @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND
   */
  async getAccounting(name: string, options: RequestOptions = {}): Promise<GetAccountingResponse> {
    const { namespace } = this.#connection;
    const request = { namespace, subscription: name };
    return await this.#connection.unary(
      "subscription",
      "getAccounting",
      request,
      repeatable(options),
    );
  }

  /**
   * Ordering keys whose first unsettled event failed and keeps the later ones waiting, in the order of
   * their bytes. Empty without order `KEY`.
   *
   * @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND
   */
  listBlockedKeys(
    name: string,
    options: RequestOptions = {},
  ): AsyncGenerator<BlockedKey, void, undefined> {
    const { namespace } = this.#connection;
    return allPages(async (pageToken) => {
      const request = { namespace, subscription: name, pageSize: 0, pageToken };
      const answer = await this.#connection.unary(
        "subscription",
        "listBlockedKeys",
        request,
        repeatable(options),
      );
      return { items: answer.keys, nextPageToken: answer.nextPageToken };
    });
  }

  /**
   * Settles events of one entry as skipped, also leased ones, whose acks are then stale. Repeated after
   * a lost answer it skips nothing twice, but counts only what the last attempt skipped.
   *
   * @returns how many were not settled before
   * @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND, EVENT_NOT_FOUND, BAD_REQUEST, LIMIT_REACHED
   */
  async skipEvents(
    name: string,
    events: SkippedEvents,
    options: RequestOptions = {},
  ): Promise<number> {
    const { namespace } = this.#connection;
    const { sequence, firstIndex, lastIndex = firstIndex } = events;
    const request = { namespace, subscription: name, sequence, firstIndex, lastIndex };
    return (
      await this.#connection.unary("subscription", "skipEvents", request, repeatable(options))
    ).skipped;
  }

  /**
   * Lets the first event of a blocked key be tried again now; no attempt is counted.
   *
   * @param topic where the key is blocked; empty: everywhere
   * @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND, TOPIC_NOT_FOUND, EVENT_NOT_FOUND (the key is
   * not blocked)
   */
  async releaseKey(
    name: string,
    orderingKey: string,
    topic = "",
    options: RequestOptions = {},
  ): Promise<void> {
    const { namespace } = this.#connection;
    const request = { namespace, subscription: name, orderingKey, topic };
    await this.#connection.unary("subscription", "releaseKey", request, {
      ...options,
      isRepeatable: false,
    });
  }

  /**
   * Takes events of a subscription by one call that ends. What is said of an event goes out by a
   * call of its own; leases outlive this call and end by their deadline. Leaving the loop ends it. It
   * is opened again, within the request timeout, as long as nothing came.
   *
   * @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND, BAD_REQUEST, LIMIT_EXCEEDED, CONNECTION_LOST
   */
  async *consume(
    subscription: string,
    options: ConsumeOptions = {},
  ): AsyncGenerator<ReceivedEvent, void, undefined> {
    const { namespace } = this.#connection;
    const settler = new CallSettler(subscription, (settlement) => {
      const request = { namespace, subscription, settlement };
      return this.#connection.unary("subscriber", "settle", request, repeatable({}));
    });
    const { creditBytes = CREDIT_BYTES_DEFAULT, creditEvents = CREDIT_EVENTS_DEFAULT } = options;
    const { deliveriesMax = 0, waitMs = 0 } = options;
    const credit = { bytes: creditBytes, events: creditEvents };
    const open = { namespace, subscription, consumerName: this.#clientName, credit };
    const request = { open, deliveriesMax, waitMs };
    try {
      for await (const delivery of this.#deliveries(request, options.signal)) {
        yield* eventsOf(delivery, settler);
      }
    } finally {
      await settler.finished();
    }
  }

  async *#deliveries(
    request: ConsumeStated,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Delivery, void, undefined> {
    const deadline = Date.now() + this.#connection.requestTimeoutMs;
    const backoff = new Backoff();
    let hasCome = false;
    for (;;) {
      try {
        for await (const { message } of this.#consumeOnce(request, signal)) {
          if (message?.$case !== "delivery") continue;
          hasCome = true;
          yield message.value;
        }
        return;
      } catch (caught) {
        this.#connection.throwIfAborted(signal);
        const error = transportError(caught);
        const pauseMs = Math.max(backoff.next(), error.retryAfterMs ?? 0);
        if (hasCome || !error.retryable || Date.now() + pauseMs >= deadline) throw error;
        await this.#connection.pause(pauseMs, signal);
      }
    }
  }

  async *#consumeOnce(
    request: ConsumeStated,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ConsumeResponse, void, undefined> {
    const call = this.#connection.serverStream("subscriber", "consume", request, signal);
    try {
      yield* call as AsyncIterable<ConsumeResponse>;
    } finally {
      call.on("error", () => undefined);
      call.cancel();
    }
  }
}

/** Events of one delivery; a batch that cannot be read ends the call. */
function* eventsOf(delivery: Delivery, settler: CallSettler): Generator<ReceivedEvent> {
  const deliveries = new Deliveries(settler, 0);
  const [broken] = deliveries.add(delivery.batches, 0, 0);
  for (let event = deliveries.take(); event !== undefined; event = deliveries.take()) yield event;
  if (broken !== undefined) throw broken.error;
}
