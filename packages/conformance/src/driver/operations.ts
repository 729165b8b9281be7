import {
  Priority,
  type PublishReceipt,
  type PubSubClient,
  PubSubError,
  type ReceivedEvent,
  type Subscription,
} from "@opendxa/pubsub-client";
import { TAKE_TIMEOUT_MS_DEFAULT, TAKE_TURN_MS } from "../limits.js";
import { awaitIndexed } from "./broker-operations.js";
import { eventOf, type Fields, number, receivedJson, storedJson, text } from "./event-json.js";
import { rawOperations } from "./raw-frames.js";
import {
  subscriptionOperations,
  subscriptionOptionsOf,
  untilTrue,
} from "./subscription-operations.js";
import { awaitGone, topicJson, topicSettingsOf } from "./topic-operations.js";

const PRIORITIES: Readonly<Record<string, Priority>> = {
  high: Priority.HIGH,
  normal: Priority.NORMAL,
  low: Priority.LOW,
};

interface Consumer {
  readonly subscription: Subscription;
  readonly iterator: AsyncIterator<ReceivedEvent>;
  next: Promise<IteratorResult<ReceivedEvent>> | undefined;
}

/** What the operations of one client work on. */
export class Session {
  readonly client: PubSubClient;
  readonly #consumers = new Map<string, Consumer>();
  readonly #received = new Map<string, ReceivedEvent>();
  #publishing: readonly Promise<PublishReceipt>[] = [];
  readonly #waits = new Map<string, Promise<Fields>>();

  /** Works over a client. */
  constructor(client: PubSubClient) {
    this.client = client;
  }

  /** Opens a consumer under a name. */
  async subscribe(args: Fields): Promise<Fields> {
    const subscription = await this.client.subscribe({
      ...subscriptionOptionsOf(args),
      subscription: text(args, "subscription"),
      isEphemeral: args["ephemeral"] === true,
      creditEvents: number(args, "credit_events"),
    });
    const iterator = subscription[Symbol.asyncIterator]();
    this.#consumers.set(text(args, "consumer") ?? "main", {
      subscription,
      iterator,
      next: undefined,
    });
    return { subscription: subscription.name };
  }

  /**
   * Takes events, of one consumer or as they come to any of several, until there are `count` or the
   * time is over; says how many consumers got some, and whether one came before a time.
   */
  async take(args: Fields): Promise<Fields> {
    const names = [args["consumer"] ?? "main"].flat();
    const count = number(args, "count") ?? 1;
    const notBeforeMs = number(args, "not_before_unix_ms") ?? 0;
    const deadline = Date.now() + (number(args, "timeout_ms") ?? TAKE_TIMEOUT_MS_DEFAULT);
    const events: Fields[] = [];
    const takers = new Set<unknown>();
    let early = false;
    for (let turn = 0; events.length < count && Date.now() <= deadline; turn += 1) {
      const consumer = names[turn % names.length];
      const leftMs = Math.min(deadline - Date.now(), TAKE_TURN_MS);
      const result = await nextWithin(this.#consumer({ consumer }), leftMs);
      if (result === undefined) continue;
      if (result.done === true) break;
      const event = result.value;
      early ||= Date.now() < notBeforeMs;
      takers.add(consumer);
      this.#received.set(event.id, event);
      events.push(receivedJson(event));
    }
    return { events, ids: events.map(({ id }) => id), consumers: takers.size, early };
  }

  /** Says something of events by id, and waits for the verdicts. */
  async settle(op: "ack" | "nack" | "extend", args: Fields): Promise<Fields> {
    const outcomes = (args["ids"] as string[]).map(async (id) => {
      const event = this.#receivedAs(id);
      if (op === "ack") return await event.ack();
      if (op === "extend") return await event.extend(number(args, "deadline_ms"));
      return await event.nack({ delayMs: number(args, "delay_ms"), reason: text(args, "reason") });
    });
    return { outcomes: await Promise.all(outcomes) };
  }

  /** Takes events by a call, and acks those that are named. */
  async consume(args: Fields): Promise<Fields> {
    const acked = args["acked"] as string[];
    const events: Fields[] = [];
    const options = { waitMs: number(args, "wait_ms") };
    const name = text(args, "subscription") ?? "";
    for await (const event of this.client.subscriptions.consume(name, options)) {
      this.#received.set(event.id, event);
      events.push(receivedJson(event));
      if (acked.includes(event.id)) await event.ack();
    }
    return { events };
  }

  /** Acks events by id and publishes others in one step. */
  async ackAndPublish(args: Fields): Promise<Fields> {
    const events = (args["ids"] as string[]).map((id) => this.#receivedAs(id));
    const outputs = (args["events"] as Fields[]).map(eventOf);
    const { isStale, receipts } = await this.client.ackAndPublish(
      events,
      text(args, "topic") ?? "",
      outputs,
    );
    return { stale: isStale, offsets: receipts.map(({ offset }) => String(offset)) };
  }

  /** Waits until a consumer is told why it stands still. */
  async awaitNotice(args: Fields): Promise<Fields> {
    const { subscription } = this.#consumer(args);
    await untilTrue(() => subscription.notice !== undefined);
    return { message: subscription.notice?.message };
  }

  /** Closes a consumer. */
  async unsubscribe(args: Fields): Promise<Fields> {
    await this.#consumer(args).subscription.close();
    return {};
  }

  /** Publishes so many events of so many bytes at once, and waits for none. */
  beginPublishMany(args: Fields): Fields {
    const data = Buffer.alloc(number(args, "bytes") ?? 0, "x");
    const isKeyed = args["keyed"] === true;
    this.#publishing = Array.from({ length: number(args, "count") ?? 0 }, (_, id) =>
      this.client.publish(text(args, "topic") ?? "", {
        id: String(id),
        type: "conformance",
        data,
        ...(isKeyed ? { orderingKey: String(id) } : {}),
      }),
    );
    for (const each of this.#publishing) each.catch(() => undefined);
    return {};
  }

  /** Waits for all of them. */
  async endPublishMany(): Promise<Fields> {
    const receipts = await Promise.all(this.#publishing);
    const inOrder = receipts.every(({ offset }, at) => offset === BigInt(at));
    return { acked: receipts.length, in_order: inOrder };
  }

  /** Begins a wait for feedback. */
  beginAwait(args: Fields): Fields {
    const waitId = text(args, "wait_id") ?? "wait";
    const deadlineMs = number(args, "within_ms") ?? TAKE_TIMEOUT_MS_DEFAULT;
    const outcome = this.client
      .awaitFeedback(text(args, "execution_id") ?? "", {
        waitId,
        deadline: new Date(Date.now() + deadlineMs),
      })
      .then(({ outcome: ended, feedback }) => ({
        outcome: ended,
        feedback: feedback.map((event) => event.json()),
      }));
    outcome.catch(() => undefined);
    this.#waits.set(waitId, outcome);
    return {};
  }

  /** Ends it with its outcome. */
  async endAwait(args: Fields): Promise<Fields> {
    const wait = this.#waits.get(text(args, "wait_id") ?? "wait");
    if (wait === undefined) throw new Error("no such wait was begun");
    return await wait;
  }

  #receivedAs(id: string): ReceivedEvent {
    const event = this.#received.get(id);
    if (event === undefined) throw new Error(`${id} was not received`);
    return event;
  }

  #consumer(args: Fields): Consumer {
    const found = this.#consumers.get(text(args, "consumer") ?? "main");
    if (found === undefined) throw new Error("no such consumer was opened");
    return found;
  }
}

async function nextWithin(
  consumer: Consumer,
  leftMs: number,
): Promise<IteratorResult<ReceivedEvent> | undefined> {
  consumer.next ??= consumer.iterator.next();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, leftMs));
  });
  const result = await Promise.race([consumer.next, late]);
  clearTimeout(timer);
  if (result !== undefined) consumer.next = undefined;
  return result;
}

type Operation = (session: Session, args: Fields) => Promise<Fields> | Fields;

/** The operations of the protocol by name. */
export const operations: Readonly<Record<string, Operation>> = {
  async create_topic({ client }, args) {
    await client.createTopic(text(args, "topic") ?? "", topicSettingsOf(args));
    return {};
  },
  async update_topic({ client }, args) {
    await client.updateTopic(text(args, "topic") ?? "", topicSettingsOf(args));
    return {};
  },
  async delete_topic({ client }, args) {
    await client.deleteTopic(text(args, "topic") ?? "");
    return {};
  },
  await_indexed: ({ client }, args) => awaitIndexed(client, args),
  await_gone: ({ client }, args) => awaitGone(client, args),
  async publish({ client }, args) {
    const inMs = number(args, "deliver_in_ms");
    const expireMs = number(args, "expire_in_ms");
    const event = eventOf((args["event"] ?? {}) as Fields);
    const receipt = await client.publish(
      text(args, "topic") ?? "",
      expireMs === undefined
        ? event
        : { ...event, expireTimeUnixMs: BigInt(Date.now() + expireMs) },
      {
        priority: PRIORITIES[text(args, "priority") ?? "normal"],
        ...(inMs === undefined ? {} : { deliverTimeUnixMs: BigInt(Date.now() + inMs) }),
      },
    );
    const { scheduled, offset, ...rest } = receipt;
    return { ...rest, scheduled, offset: scheduled ? null : String(offset) };
  },
  async publish_together({ client }, args) {
    const topic = text(args, "topic") ?? "";
    const events = (args["events"] as Fields[]).map(eventOf);
    const settled = await Promise.allSettled(events.map((event) => client.publish(topic, event)));
    const outcomes = settled.map((each) => {
      if (each.status === "fulfilled") return { offset: String(each.value.offset) };
      const { reason, metadata } = PubSubError.from(each.reason);
      return { reason, field: metadata["field"] ?? null };
    });
    return { outcomes };
  },
  async publish_atomic({ client }, args) {
    const events = (args["events"] as Fields[]).map((each) => {
      return { topic: text(each, "topic") ?? "", event: eventOf(each["event"] as Fields) };
    });
    const receipts = await client.publishAtomic(events);
    return { receipts: receipts.map(({ topic, offset }) => ({ topic, offset: String(offset) })) };
  },
  async publish_many(session, args) {
    session.beginPublishMany(args);
    return await session.endPublishMany();
  },
  begin_publish_many: (session, args) => session.beginPublishMany(args),
  end_publish_many: (session) => session.endPublishMany(),
  async read_ids({ client }, args) {
    let count = 0;
    let inOrder = true;
    for await (const { id } of client.read(text(args, "topic") ?? "")) {
      inOrder &&= id === String(count);
      count += 1;
    }
    return { count, in_order: inOrder };
  },
  async cancel_scheduled_event({ client }, args) {
    const topic = text(args, "topic") ?? "";
    const event = { topic, source: text(args, "source") ?? "", id: text(args, "id") ?? "" };
    return { cancelled: await client.cancelScheduledEvent(event) };
  },
  async read({ client }, args) {
    const events: Fields[] = [];
    const offset = text(args, "offset");
    const options = {
      eventsMax: number(args, "events_max"),
      ...(offset === undefined ? {} : { offset: BigInt(offset) }),
    };
    for await (const event of client.read(text(args, "topic") ?? "", options)) {
      events.push(storedJson(event));
    }
    return { events };
  },
  async events_by_correlation_id({ client }, args) {
    const events: Fields[] = [];
    for await (const event of client.eventsByCorrelationId(text(args, "correlation_id") ?? "")) {
      const { topic, id, type } = event;
      events.push({ topic, id, type, correlation_id: event.correlationId ?? null });
    }
    return { events };
  },
  ...subscriptionOperations,
  ...rawOperations,
  get_topic: ({ client }, args) => topicJson(client, args),
  await_notice: (session, args) => session.awaitNotice(args),
  subscribe: (session, args) => session.subscribe(args),
  take: (session, args) => session.take(args),
  ack: (session, args) => session.settle("ack", args),
  nack: (session, args) => session.settle("nack", args),
  extend: (session, args) => session.settle("extend", args),
  consume: (session, args) => session.consume(args),
  ack_and_publish: (session, args) => session.ackAndPublish(args),
  unsubscribe: (session, args) => session.unsubscribe(args),
  async register_execution({ client }, args) {
    await client.registerExecution({
      executionId: text(args, "execution_id") ?? "",
      functionName: text(args, "function_name") ?? "",
      correlationId: text(args, "correlation_id"),
      correlationKeys: (args["correlation_keys"] ?? []) as string[],
    });
    return {};
  },
  async submit_feedback({ client }, args) {
    const { matches, pending, duplicate } = await client.submitFeedback({
      id: text(args, "id"),
      source: "/conformance",
      correlationKeys: args["correlation_keys"] as string[],
      feedback: { feedbackType: "success", comments: text(args, "comments") },
    });
    return { execution_ids: matches.map(({ executionId }) => executionId), pending, duplicate };
  },
  begin_await: (session, args) => session.beginAwait(args),
  end_await: (session, args) => session.endAwait(args),
};
