import { TopicIndex } from "@opendxa/pubsub-client";
import type { Consumed, ConsumeTask } from "../../children/consume-task.js";
import type { FrameShape } from "../../children/publish-frames.js";
import type { BrokerProcess } from "../../processes/broker-process.js";
import { type BrokerUsage, usageBetween } from "../../processes/broker-usage.js";
import { startConsumers } from "../../processes/opaque-consumers.js";
import { type Load, type MeasuredLoad, publish } from "../../processes/publishing.js";
import { withClient } from "../../processes/with-client.js";
import { type DeliverySizes, EVENT_BYTES, FRAME_EVENTS, FRAMES_IN_FLIGHT } from "./sizes.js";

/** Order of deliveries; events have ordering keys only where these are looked at. */
export type Order = ConsumeTask["order"];

/** Events that do not compress, without an identity or an index of their own. */
export function shapeOf(topic: string, order: Order): FrameShape {
  return {
    topic,
    topics: 1,
    batches: 1,
    events: FRAME_EVENTS,
    eventBytes: EVENT_BYTES,
    content: "random",
    codec: "none",
    identity: order === "key" ? "keyed" : "derived",
  };
}

/** So many events, as fast as the broker takes them. */
export function loadOf(
  { topic, order, events }: Pick<LiveDelivery, "topic" | "order" | "events">,
  { loadMsMax }: DeliverySizes,
): Load {
  return {
    shape: shapeOf(topic, order),
    framesInFlight: FRAMES_IN_FLIGHT,
    warmUpMs: 0,
    measureMs: loadMsMax,
    framesMax: Math.ceil(events / FRAME_EVENTS),
  };
}

/** A topic of the log profile. */
export async function createTopic(broker: BrokerProcess, topic: string): Promise<void> {
  await withClient(broker, (client) => client.createTopic(topic, { index: TopicIndex.NONE }));
}

/** Creates subscriptions that nobody consumes. */
export async function createIdle(
  broker: BrokerProcess,
  topic: string,
  count: number,
): Promise<void> {
  await withClient(broker, async (client) => {
    for (let made = 0; made < count; made += 1) {
      await client.createSubscription(`idle-${made}`, { topic, start: "latest" });
    }
  });
}

/** What is published and consumed at the same time. */
export interface LiveDelivery {
  /** Topic. */
  readonly topic: string;
  /** Order in which they are delivered. */
  readonly order: Order;
  /** Names of the subscriptions, which are new: they begin with the first event of the load. */
  readonly subscriptions: readonly string[];
  /** Events that are published; each subscription gets all of them. */
  readonly events: number;
}

/** A load with live consumers, and what it cost. */
export interface MeasuredDelivery {
  /** What was published. */
  readonly published: MeasuredLoad;
  /** What was consumed. */
  readonly consumed: Consumed;
  /** What both cost the broker, per delivered event. */
  readonly usage: BrokerUsage;
}

/** Publishes while consumers settle everything in batches, and waits until they have all of it. */
export async function deliver(
  broker: BrokerProcess,
  { topic, order, subscriptions, events }: LiveDelivery,
  sizes: DeliverySizes,
): Promise<MeasuredDelivery> {
  const load = loadOf({ topic, order, events }, sizes);
  const exact = (load.framesMax ?? 0) * FRAME_EVENTS;
  const task = {
    topic,
    order,
    subscriptions,
    start: "latest",
    settling: "batches",
    events: exact,
  } as const;
  const consumers = await startConsumers(broker, task satisfies Omit<ConsumeTask, "address">);
  try {
    const before = await broker.read();
    const settled = consumers.next(sizes.loadMsMax);
    const published = await publish(broker, load);
    const consumed = await settled;
    return {
      published,
      consumed,
      usage: usageBetween(before, await broker.read(), consumed.events),
    };
  } finally {
    consumers.stop();
  }
}
