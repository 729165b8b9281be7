import { PubSubClient } from "@opendxa/pubsub-client";
import { answerTask } from "../processes/child.js";
import type { SubscribeTask } from "./subscribe-task.js";

/** Unsettled events: enough that the consumer is what bounds it, not its credit. */
const CREDIT_EVENTS = 50_000;
/** Handlers at a time: they do nothing, so this only keeps acks together. */
const CONCURRENCY = 256;

/** Acks everything as it comes. Acks of one turn go out together, as the client does it. */
async function subscribe({ address, topic, subscription, order }: SubscribeTask): Promise<true> {
  const client = await PubSubClient.connect({ address, name: "bench" });
  const flow = { creditEvents: CREDIT_EVENTS, concurrency: CONCURRENCY };
  await client.subscribe({ topic, subscription, order, ...flow }, () => undefined);
  return true;
}

await answerTask(subscribe);
