import { randomBytes } from "node:crypto";
import {
  type GetBrokerResponse,
  PRODUCER_ID_BYTES,
  type RecordBatch,
  type Subscription as SubscriptionState,
  type Topic,
  type TopicSettings,
} from "@opendxa/pubsub-protocol";
import { Admin, type ChangeableTopicSettings, repeatable, type ScheduledEvent } from "./admin.js";
import { type ClientOptions, type ResolvedOptions, resolveOptions } from "./client-options.js";
import type { ClientState, StateListener } from "./connection/client-state.js";
import { Connection, type RequestOptions } from "./connection/connection.js";
import { Executions } from "./feedback/executions.js";
import { FeedbackCalls } from "./feedback/feedback-calls.js";
import { type AtomicEvent, checkedAtomicEvents } from "./publishing/atomic-batches.js";
import { outgoingEvent, type Publishable } from "./publishing/outgoing.js";
import { Partitions } from "./publishing/partitions.js";
import { Producer } from "./publishing/producer.js";
import type { PublishOptions } from "./publishing/publish-options.js";
import { Publisher } from "./publishing/publisher.js";
import type { BatchReceipt, PublishReceipt } from "./publishing/receipt.js";
import { AnsweredEvent } from "./reading/answered-event.js";
import { firstOffset } from "./reading/first-offset.js";
import { allPages } from "./reading/pages.js";
import { type ReadOptions, readEvents } from "./reading/read-events.js";
import type { StoredEvent } from "./reading/stored-event.js";
import { settledWithin } from "./settled-within.js";
import { AckAndPublish, type AckAndPublishOutcome } from "./subscribing/ack-and-publish.js";
import { NoticeListeners } from "./subscribing/notice-listeners.js";
import type { ReceivedEvent } from "./subscribing/received-event.js";
import {
  resolveSubscribe,
  type SubscribeOptions,
  type SubscriptionOptions,
} from "./subscribing/subscribe-options.js";
import { Subscription } from "./subscribing/subscription.js";
import { SubscriptionAdmin } from "./subscribing/subscription-admin.js";
import type { SubscriptionNotice } from "./subscribing/subscription-notice.js";

/** Handles one event: what resolves is acked, what rejects is nacked with the error's message. */
export type EventHandler = (event: ReceivedEvent) => unknown;

/**
 * A client of one broker: one connection, one producer, any number of subscriptions.
 *
 * @example
 * ```ts
 * const client = await PubSubClient.connect({ name: "learner" });
 * await client.publish("learning", { type: "learning", json: { ok: true } });
 * await client.close();
 * ```
 */
export class PubSubClient extends FeedbackCalls {
  /** Changes subscriptions, and consumes them by calls. */
  readonly subscriptions: SubscriptionAdmin;
  readonly #options: ResolvedOptions;
  readonly #connection: Connection;
  readonly #producer: Producer;
  readonly #publisher: Publisher;
  readonly #admin: Admin;
  readonly #ackAndPublish: AckAndPublish;
  readonly #subscriptions = new Set<Subscription>();
  readonly #notices = new NoticeListeners();
  #closing: Promise<void> | undefined;

  private constructor(options: ResolvedOptions) {
    const connection = new Connection(options);
    super(new Executions(connection, options.source));
    this.#options = options;
    this.#connection = connection;
    this.#producer = new Producer(options.producerId ?? randomBytes(PRODUCER_ID_BYTES));
    this.#admin = new Admin(this.#connection);
    this.subscriptions = new SubscriptionAdmin(this.#connection, options.name ?? "");
    const partitions = new Partitions(async (topic) => {
      const { settings } = await this.#admin.getTopic(topic);
      return settings?.partitions || 1;
    });
    this.#ackAndPublish = new AckAndPublish(this.#connection, partitions);
    this.#publisher = new Publisher({
      connection: this.#connection,
      producer: this.#producer,
      partitions,
      clientName: options.name ?? "",
      unackedBytesMax: options.unackedBytesMax,
      publishTimeoutMs: options.publishTimeoutMs,
    });
  }

  /**
   * Connects, trying again until the broker answers or `connectTimeoutMs` have passed.
   *
   * @throws {@link PubSubError} CONNECTION_LOST or TIMED_OUT when it does not answer
   */
  static async connect(options: ClientOptions = {}): Promise<PubSubClient> {
    const client = new PubSubClient(resolveOptions(options));
    const { connectTimeoutMs: timeoutMs, signal } = client.#options;
    try {
      await client.#admin.getBroker({ timeoutMs, signal });
      return client;
    } catch (error) {
      client.#connection.close();
      throw error;
    }
  }

  /** How the client stands with its broker. */
  get state(): ClientState {
    return this.#connection.states.state;
  }

  /** The producer id in hexadecimal: the first part of derived event ids. */
  get producerId(): string {
    return this.#producer.hex;
  }

  /** Bytes that are published and not acknowledged. */
  get unackedBytes(): number {
    return this.#publisher.unackedBytes;
  }

  /** Calls `listener` with every change of `state` from now on; the answer ends that. */
  onStateChange(listener: StateListener): () => void {
    return this.#connection.states.onChange(listener);
  }

  /**
   * Calls `listener` when a subscription says why it stands still; the answer ends that. While there
   * is no listener, notices are warnings of the process, so that none is missed.
   */
  onNotice(listener: (notice: SubscriptionNotice) => void): () => void {
    return this.#notices.add(listener);
  }

  /**
   * Publishes one event. Resolves when it is durable, with its place. Many publishes at a time share
   * batches; none waits for another. After a lost connection it is sent again under the same
   * sequence, and so never stored twice.
   *
   * @throws {@link PubSubError} EVENT_INVALID and LIMIT_EXCEEDED before anything is sent;
   * TOPIC_NOT_FOUND and other refusals for this event alone; BUFFER_FULL without room until the
   * timeout; TIMED_OUT when it is not known in time whether it is stored; PRODUCER_FENCED
   */
  async publish(
    topic: string,
    event: Publishable,
    options: PublishOptions = {},
  ): Promise<PublishReceipt> {
    const outgoing = outgoingEvent(topic, event, this.#options.source);
    return await this.#publisher.publish(topic, outgoing, options);
  }

  /**
   * Publishes several events, in order within a partition.
   *
   * @returns their receipts, in order
   * @throws the first error; the other events may be stored
   */
  async publishMany(
    topic: string,
    events: readonly Publishable[],
    options: PublishOptions = {},
  ): Promise<PublishReceipt[]> {
    const outgoing = events.map((event) => outgoingEvent(topic, event, this.#options.source));
    return await Promise.all(
      outgoing.map((event) => this.#publisher.publish(topic, event, options)),
    );
  }

  /**
   * Publishes events of one topic or several in one step: all are stored, in one journal entry, or
   * none is. Sent again after a lost connection as `publish`, but in no order with what it sends. At
   * most 256 topic-partitions, 65,535 events, and 1 MiB - 4 KiB together with their batches.
   *
   * @returns their receipts, in order
   * @throws {@link PubSubError} as `publish`, for the first event or batch at fault: none is stored
   */
  async publishAtomic(
    events: readonly AtomicEvent[],
    options: PublishOptions = {},
  ): Promise<PublishReceipt[]> {
    const checked = checkedAtomicEvents(events, this.#options.source);
    return await this.#publisher.publishAtomic(checked, options);
  }

  /**
   * Publishes a batch that was encoded with `encodeBatch`, as it is. Without a producer in it, it is
   * published under this client's.
   *
   * @throws {@link PubSubError} when all of it is refused; single refusals stand in the receipt
   */
  async publishBatch(
    batch: RecordBatch,
    options: Pick<PublishOptions, "signal"> = {},
  ): Promise<BatchReceipt> {
    return await this.#publisher.publishBatch(batch, options.signal);
  }

  /**
   * Acks received events and publishes what was made of them in one step: both are durable, or nothing
   * happened. This makes processing effectively once: an input whose outputs are stored does not come
   * again, and one that comes again has none. Published by a call of its own, not in the order of
   * `publish`; events without an id get a random one. At most 10,000 events are acked, and at most
   * about 960 KiB published.
   *
   * @param events of one subscription, leased and not settled yet
   * @returns the receipts of the outputs, in order; `isStale` when a lease was over or an input settled
   * @throws {@link PubSubError} what refuses an event: then nothing happened, and the events may be
   * acked or nacked; CONNECTION_LOST and TIMED_OUT when it is not known whether it happened: if not,
   * the events come again
   */
  async ackAndPublish(
    events: readonly ReceivedEvent[],
    topic: string,
    outputs: readonly Publishable[],
    options: PublishOptions = {},
  ): Promise<AckAndPublishOutcome> {
    const source = this.#options.source ?? `/producers/${this.#producer.hex}`;
    const outgoing = outputs.map((output) => outgoingEvent(topic, output, source));
    return await this.#ackAndPublish.run(events, topic, outgoing, options);
  }

  /** Resolves when everything published so far is acknowledged or failed: within the timeout. */
  async flush(): Promise<void> {
    await this.#publisher.flush();
  }

  /**
   * Consumes a subscription: with a handler, or by iterating over what is answered. Resolves when
   * the broker has opened it, so that events published from then on are not missed.
   *
   * @param options or a topic, where the client has a name
   * @throws {@link PubSubError} SUBSCRIPTION_EXISTS, SUBSCRIPTION_NOT_FOUND, TOPIC_PATTERN_INVALID,
   * BAD_REQUEST; TIMED_OUT when it is not open after `requestTimeoutMs`
   */
  async subscribe(
    options: SubscribeOptions | string,
    handler?: EventHandler,
  ): Promise<Subscription> {
    this.#connection.throwIfAborted(undefined);
    const asked = typeof options === "string" ? { topic: options } : options;
    const subscription = new Subscription({
      connection: this.#connection,
      options: resolveSubscribe(asked, this.#options.name),
      notice: (notice) => this.#notices.tell(notice),
      closed: (closed) => this.#subscriptions.delete(closed),
      openTimeoutMs: this.#options.requestTimeoutMs,
      closeTimeoutMs: this.#options.closeTimeoutMs,
    });
    this.#subscriptions.add(subscription);
    await subscription.open();
    if (handler !== undefined) subscription.run(handler);
    return subscription;
  }

  /**
   * Reads a topic-partition in order, without a subscription and without changing anything.
   *
   * @throws {@link PubSubError} TOPIC_NOT_FOUND, PARTITION_INVALID, OFFSET_OUT_OF_RANGE
   */
  async *read(
    topic: string,
    options: ReadOptions = {},
  ): AsyncGenerator<StoredEvent, void, undefined> {
    const { partition = 0, signal } = options;
    const offset =
      options.offset ?? firstOffset(await this.#admin.getTopic(topic, { signal }), partition);
    yield* readEvents(this.#connection, topic, { ...options, offset });
  }

  /** Events that carry a correlation id, over all topics, in the order in which they were stored. */
  eventsByCorrelationId(
    correlationId: string,
    options: RequestOptions = {},
  ): AsyncGenerator<AnsweredEvent, void, undefined> {
    const { namespace } = this.#connection;
    return allPages(async (pageToken) => {
      const request = { namespace, correlationId, pageSize: 0, pageToken };
      const answer = await this.#connection.unary(
        "query",
        "listCorrelatedEvents",
        request,
        repeatable(options),
      );
      const items = answer.events.map((event) => new AnsweredEvent(event));
      return { items, nextPageToken: answer.nextPageToken };
    });
  }

  /** What the broker is and can do. */
  async getBroker(options: RequestOptions = {}): Promise<GetBrokerResponse> {
    return await this.#admin.getBroker(options);
  }

  /**
   * Creates a topic, or answers the existing one when its settings are equal.
   *
   * @throws {@link PubSubError} TOPIC_NAME_INVALID, TOPIC_EXISTS, LIMIT_REACHED, BAD_REQUEST
   */
  async createTopic(
    name: string,
    settings: Partial<TopicSettings> = {},
    options: RequestOptions = {},
  ): Promise<Topic> {
    return await this.#admin.createTopic(name, settings, options);
  }

  /**
   * Changes settings of a topic: those that are given. One that is given as `undefined` gets its
   * default.
   *
   * @throws {@link PubSubError} TOPIC_NOT_FOUND, BAD_REQUEST
   */
  async updateTopic(
    name: string,
    settings: ChangeableTopicSettings,
    options: RequestOptions = {},
  ): Promise<Topic> {
    return await this.#admin.updateTopic(name, settings, options);
  }

  /** Deletes a topic and its events. @throws {@link PubSubError} TOPIC_NOT_FOUND */
  async deleteTopic(name: string, options: RequestOptions = {}): Promise<void> {
    await this.#admin.deleteTopic(name, options);
  }

  /**
   * Cancels an event that was published with a deliver time and was not released yet; its id may then
   * be stored again. Not repeated by itself after a lost connection.
   *
   * @returns false when it was released before, which is known while its topic indexes ids or
   * remembers them to deduplicate
   * @throws {@link PubSubError} TOPIC_NOT_FOUND, EVENT_NOT_FOUND
   */
  async cancelScheduledEvent(
    event: ScheduledEvent,
    options: RequestOptions = {},
  ): Promise<boolean> {
    return await this.#admin.cancelScheduledEvent(event, options);
  }

  /** One topic with the bounds of its partitions. @throws {@link PubSubError} TOPIC_NOT_FOUND */
  async getTopic(name: string, options: RequestOptions = {}): Promise<Topic> {
    return await this.#admin.getTopic(name, options);
  }

  /** Topics by name that match a pattern; without one, all that do not begin with `$`. */
  listTopics(pattern = "", options: RequestOptions = {}): AsyncGenerator<Topic, void, undefined> {
    return this.#admin.listTopics(pattern, options);
  }

  /**
   * Creates a subscription, or answers the existing one when its settings are equal.
   *
   * @throws {@link PubSubError} SUBSCRIPTION_EXISTS, TOPIC_PATTERN_INVALID, LIMIT_REACHED, BAD_REQUEST
   */
  async createSubscription(
    name: string,
    settings: SubscriptionOptions,
    options: RequestOptions = {},
  ): Promise<SubscriptionState> {
    return await this.#admin.createSubscription(name, settings, options);
  }

  /** One subscription. @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND */
  async getSubscription(name: string, options: RequestOptions = {}): Promise<SubscriptionState> {
    return await this.#admin.getSubscription(name, options);
  }

  /** Subscriptions by name. */
  listSubscriptions(
    options: RequestOptions = {},
  ): AsyncGenerator<SubscriptionState, void, undefined> {
    return this.#admin.listSubscriptions(options);
  }

  /** Deletes a subscription. @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND */
  async deleteSubscription(name: string, options: RequestOptions = {}): Promise<void> {
    await this.#admin.deleteSubscription(name, options);
  }

  /**
   * Closes: subscriptions settle what runs, publishes are acknowledged, for at most
   * `closeTimeoutMs`; what is left then fails with CLIENT_CLOSED.
   */
  close(): Promise<void> {
    this.#closing ??= this.#closeOnce();
    return this.#closing;
  }

  async #closeOnce(): Promise<void> {
    const subscriptions = [...this.#subscriptions].map((subscription) => subscription.close());
    const work = [...subscriptions, this.#publisher.flush()];
    await settledWithin(work, this.#options.closeTimeoutMs);
    this.#publisher.close();
    this.#connection.close();
  }
}
