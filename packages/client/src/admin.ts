import {
  type GetBrokerResponse,
  PubSubError,
  type Subscription as SubscriptionState,
  type Topic,
  type TopicSettings,
} from "@opendxa/pubsub-protocol";
import type { Connection, RequestOptions } from "./connection/connection.js";
import { allPages } from "./reading/pages.js";
import { type SubscriptionOptions, settingsOf } from "./subscribing/subscribe-options.js";

/** Settings of a topic that may change; those that are not named stay as they are. */
export type ChangeableTopicSettings = Partial<
  Pick<TopicSettings, "durability" | "dedup" | "retentionMs" | "retentionBytes">
>;

const settingNames: Readonly<Record<keyof ChangeableTopicSettings, string>> = {
  durability: "durability",
  dedup: "dedup",
  retentionMs: "retention_ms",
  retentionBytes: "retention_bytes",
};

/** Names a scheduled event. */
export interface ScheduledEvent {
  /** Its topic. */
  readonly topic: string;
  /** Its source, as it was published. */
  readonly source: string;
  /** Its id, as the receipt has it. */
  readonly id: string;
}

/** Topics, subscriptions and the broker itself. */
export class Admin {
  readonly #connection: Connection;

  /** Works over a connection. */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** What the broker is and can do. */
  async getBroker(options: RequestOptions = {}): Promise<GetBrokerResponse> {
    return await this.#connection.unary("broker", "getBroker", {}, repeatable(options));
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
    const { namespace } = this.#connection;
    const request = { namespace, name, settings };
    return present(
      (await this.#connection.unary("topic", "createTopic", request, repeatable(options))).topic,
    );
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
    const { namespace } = this.#connection;
    const fields = Object.keys(settings).map(
      (field) => settingNames[field as keyof ChangeableTopicSettings] ?? field,
    );
    const request = { namespace, name, settings, fields };
    return present(
      (await this.#connection.unary("topic", "updateTopic", request, repeatable(options))).topic,
    );
  }

  /**
   * Deletes a topic and its events; its name is free at once. Not repeated by itself: the name may
   * be another topic's by then.
   *
   * @throws {@link PubSubError} TOPIC_NOT_FOUND
   */
  async deleteTopic(name: string, options: RequestOptions = {}): Promise<void> {
    const { namespace } = this.#connection;
    await this.#connection.unary(
      "topic",
      "deleteTopic",
      { namespace, name },
      { ...options, isRepeatable: false },
    );
  }

  /** One topic with the bounds of its partitions. @throws {@link PubSubError} TOPIC_NOT_FOUND */
  async getTopic(name: string, options: RequestOptions = {}): Promise<Topic> {
    const { namespace } = this.#connection;
    return present(
      (await this.#connection.unary("topic", "getTopic", { namespace, name }, repeatable(options)))
        .topic,
    );
  }

  /**
   * Cancels an event that waits for its deliver time; its id may then be stored again.
   *
   * @returns false when it was released before, which is known while its topic indexes ids or
   * remembers them to deduplicate
   * @throws {@link PubSubError} TOPIC_NOT_FOUND, EVENT_NOT_FOUND
   */
  async cancelScheduledEvent(
    event: ScheduledEvent,
    options: RequestOptions = {},
  ): Promise<boolean> {
    const { namespace } = this.#connection;
    const { topic, source, id } = event;
    const request = { namespace, topic, source, id };
    const answer = await this.#connection.unary("publisher", "cancelScheduledEvent", request, {
      ...options,
      isRepeatable: false,
    });
    return answer.cancelled;
  }

  /** Topics by name that match a pattern; without one, all that do not begin with `$`. */
  listTopics(pattern = "", options: RequestOptions = {}): AsyncGenerator<Topic, void, undefined> {
    const { namespace } = this.#connection;
    return allPages(async (pageToken) => {
      const request = { namespace, pattern, pageSize: 0, pageToken };
      const { topics, nextPageToken } = await this.#connection.unary(
        "topic",
        "listTopics",
        request,
        repeatable(options),
      );
      return { items: topics, nextPageToken };
    });
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
    const { namespace } = this.#connection;
    const request = { namespace, name, settings: settingsOf(settings) };
    return present(
      (
        await this.#connection.unary(
          "subscription",
          "createSubscription",
          request,
          repeatable(options),
        )
      ).subscription,
    );
  }

  /** One subscription. @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND */
  async getSubscription(name: string, options: RequestOptions = {}): Promise<SubscriptionState> {
    const { namespace } = this.#connection;
    const answer = await this.#connection.unary(
      "subscription",
      "getSubscription",
      { namespace, name },
      repeatable(options),
    );
    return present(answer.subscription);
  }

  /** Subscriptions by name. */
  listSubscriptions(
    options: RequestOptions = {},
  ): AsyncGenerator<SubscriptionState, void, undefined> {
    const { namespace } = this.#connection;
    return allPages(async (pageToken) => {
      const request = { namespace, pageSize: 0, pageToken };
      const answer = await this.#connection.unary(
        "subscription",
        "listSubscriptions",
        request,
        repeatable(options),
      );
      return { items: answer.subscriptions, nextPageToken: answer.nextPageToken };
    });
  }

  /**
   * Deletes a subscription with its position; its consumers end.
   *
   * @throws {@link PubSubError} SUBSCRIPTION_NOT_FOUND, also when a lost answer hid that it was deleted
   */
  async deleteSubscription(name: string, options: RequestOptions = {}): Promise<void> {
    const { namespace } = this.#connection;
    await this.#connection.unary(
      "subscription",
      "deleteSubscription",
      { namespace, name },
      repeatable(options),
    );
  }
}

/** These requests name what they want to be so: carrying one out twice changes nothing more. */
export function repeatable<T extends RequestOptions>(options: T): T & { isRepeatable: true } {
  return { ...options, isRepeatable: true };
}

/** What an answer must hold. @throws {@link PubSubError} INTERNAL */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw PubSubError.of("INTERNAL", "the broker's answer is incomplete");
  return value;
}
