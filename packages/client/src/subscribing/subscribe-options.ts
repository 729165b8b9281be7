import {
  ACK_DEADLINE_MS_MAX,
  badRequest,
  DeliveryOrder,
  type StartPosition,
  SubscriptionSettings,
  validateSubscriptionName,
} from "@opendxa/pubsub-protocol";
import { list, oneOf, text, whole } from "../arguments.js";
import { writeRequest } from "../connection/write-request.js";
import {
  CONCURRENCY_MAX,
  CREDIT_BYTES_DEFAULT,
  CREDIT_BYTES_LIMIT,
  CREDIT_BYTES_MIN,
  CREDIT_EVENTS_DEFAULT,
  CREDIT_EVENTS_LIMIT,
  LEASE_HELD_MS_DEFAULT,
} from "../limits.js";

const ORDERS = ["none", "key"] as const;

/** A subscription begins with what was stored from a time on. */
export interface StartTime {
  /** The time, milliseconds since the Unix epoch. */
  readonly timeUnixMs: bigint;
}

/** Where a new subscription begins: new events only, the oldest stored ones, or from a time on. */
export type SubscriptionStart = "latest" | "earliest" | StartTime;

/** Backoff between attempts: full jitter over `minMs` x 2^(attempt - 1), at most `maxMs`. */
export interface RetryBackoff {
  /** Shortest base, in milliseconds. */
  readonly minMs: number;
  /** Longest wait, in milliseconds, at most 7 days. */
  readonly maxMs: number;
}

/** Settings of a subscription that has to be created when it is first opened. */
export interface SubscriptionOptions {
  /** One topic or pattern. */
  readonly topic?: string | undefined;
  /** Several topics or patterns, 1 to 64. */
  readonly topics?: readonly string[] | undefined;
  /** Where it begins when it is created. Default `latest`. */
  readonly start?: SubscriptionStart | undefined;
  /** How long a consumer may keep an event, in milliseconds, 1,000 to 600,000. Default 30,000. */
  readonly ackDeadlineMs?: number | undefined;
  /** Backoff between attempts. Default 1,000 to 600,000 ms. */
  readonly retry?: RetryBackoff | undefined;
  /** Attempts after which an event is dead-lettered. Default: no bound. */
  readonly attemptsMax?: number | undefined;
  /**
   * Topic of dead letters, which must exist with one partition and match none of the topics. Default:
   * `$dead-letter/<subscription>`, which is created with the first one.
   */
  readonly deadLetterTopic?: string | undefined;
  /**
   * `key`: events of one ordering key come strictly in order; one that failed is tried alone, those behind
   * it come once it is settled. Default `none`.
   */
  readonly order?: "none" | "key" | undefined;
  /**
   * It is deleted after so long without a consumer, in milliseconds, 1,000 to 365 days. Default:
   * never.
   */
  readonly expiryMs?: number | undefined;
  /** Further settings of the contract, such as a filter. */
  readonly settings?: Partial<SubscriptionSettings> | undefined;
}

/** How to consume a subscription. */
export interface SubscribeOptions extends SubscriptionOptions {
  /**
   * Name of the subscription. Default, only where the client was given a `name` and there is one
   * topic: `<client name>:<topic>`. With topics it is created when it does not exist; without, it
   * must exist.
   */
  readonly subscription?: string | undefined;
  /**
   * It ends with this consumer and has no name of its own: for what is only looked at. After a lost
   * connection it begins anew at `start`, so that events in between may be missed.
   */
  readonly isEphemeral?: boolean | undefined;
  /** Shown in the broker's lists. Default: the client's name. */
  readonly consumerName?: string | undefined;
  /** Bytes that may be on their way or waiting here, 2 to 64 MiB. Default 4 MiB. */
  readonly creditBytes?: number | undefined;
  /** Events that may be unsettled here, at most 100,000. Default 1,000. */
  readonly creditEvents?: number | undefined;
  /** Handlers that run at a time. Default 1: one after another. */
  readonly concurrency?: number | undefined;
  /**
   * Leases of events that wait here or are being handled are extended for so long, in milliseconds;
   * 0: never. Default 600,000.
   */
  readonly leaseHeldMsMax?: number | undefined;
  /** Closes the subscription when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** Options with everything decided. */
export interface ResolvedSubscribe {
  /** Name. */
  readonly subscription: string;
  /** Settings to create it with. */
  readonly settings: SubscriptionSettings | undefined;
  /** Shown in lists. */
  readonly consumerName: string;
  /** Credit in bytes. */
  readonly creditBytes: number;
  /** Credit in events. */
  readonly creditEvents: number;
  /** Handlers at a time. */
  readonly concurrency: number;
  /** Longest time that leases are extended for. */
  readonly leaseHeldMsMax: number;
  /** Ends it. */
  readonly signal: AbortSignal | undefined;
}

/** Decides everything. @throws {@link PubSubError} BAD_REQUEST with `field` and `rule` */
export function resolveSubscribe(
  options: SubscribeOptions,
  clientName: string | undefined,
): ResolvedSubscribe {
  const subscription = nameOf(options, clientName);
  return {
    subscription,
    settings: settingsOf(options),
    consumerName: text("consumerName", options.consumerName ?? clientName ?? ""),
    creditBytes: whole(
      "creditBytes",
      options.creditBytes ?? CREDIT_BYTES_DEFAULT,
      CREDIT_BYTES_MIN,
      CREDIT_BYTES_LIMIT,
    ),
    creditEvents: whole(
      "creditEvents",
      options.creditEvents ?? CREDIT_EVENTS_DEFAULT,
      1,
      CREDIT_EVENTS_LIMIT,
    ),
    concurrency: whole("concurrency", options.concurrency ?? 1, 1, CONCURRENCY_MAX),
    leaseHeldMsMax: whole(
      "leaseHeldMsMax",
      options.leaseHeldMsMax ?? LEASE_HELD_MS_DEFAULT,
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    signal: options.signal,
  };
}

/** Empty: the broker names it. */
function nameOf(options: SubscribeOptions, clientName: string | undefined): string {
  if (options.isEphemeral === true) {
    if (options.subscription !== undefined) {
      throw badRequest("subscription", "not together with isEphemeral");
    }
    if (topicsOf(options).length === 0) throw badRequest("topic", "required with isEphemeral");
    return "";
  }
  const name = options.subscription ?? defaultName(options, clientName);
  validateSubscriptionName(name);
  return name;
}

/** Settings of the contract; undefined without topics: then the subscription must exist. */
export function settingsOf(options: SubscriptionOptions): SubscriptionSettings | undefined {
  const patterns = topicsOf(options);
  if (patterns.length === 0) return undefined;
  const { ackDeadlineMs, order = "none" } = options;
  if (ackDeadlineMs !== undefined) whole("ackDeadlineMs", ackDeadlineMs, 0, ACK_DEADLINE_MS_MAX);
  const stated = {
    patterns,
    start: startOf(options.start ?? "latest"),
    ackDeadlineMs: ackDeadlineMs ?? 0,
    ...(options.retry === undefined ? {} : { retry: options.retry }),
    attemptsMax: options.attemptsMax ?? 0,
    deadLetterTopic: options.deadLetterTopic ?? "",
    expiryMs: options.expiryMs ?? 0,
    order: oneOf("order", order, ORDERS) === "key" ? DeliveryOrder.KEY : DeliveryOrder.NONE,
    ...options.settings,
  };
  return SubscriptionSettings.decode(writeRequest(SubscriptionSettings, stated));
}

function topicsOf({ topic, topics = [] }: SubscriptionOptions): string[] {
  const listed = list("topics", topics);
  return topic === undefined ? listed : [topic, ...listed];
}

/** A start in the contract's form. */
export function startOf(start: SubscriptionStart): StartPosition {
  if (start === "latest") return { position: { $case: "latest", value: true } };
  if (start === "earliest") return { position: { $case: "earliest", value: true } };
  // A caller in JavaScript may give anything.
  if (typeof (start as StartTime | null)?.timeUnixMs !== "bigint") {
    throw badRequest("start", "'latest', 'earliest' or { timeUnixMs: bigint }");
  }
  return { position: { $case: "timeUnixMs", value: start.timeUnixMs } };
}

/**
 * Two programs that never chose a name must not share a subscription without knowing it, and take
 * each other's events.
 */
function defaultName(options: SubscribeOptions, clientName: string | undefined): string {
  const [topic, another] = topicsOf(options);
  if (clientName === undefined || topic === undefined || another !== undefined) {
    throw badRequest(
      "subscription",
      "required unless the client has a name and there is one topic",
    );
  }
  return `${clientName}:${text("topic", topic).replaceAll("**", "_rest").replaceAll("*", "_any")}`;
}
