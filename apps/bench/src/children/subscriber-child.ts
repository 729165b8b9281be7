import { PubSubClient, PubSubError } from "@opendxa/pubsub-client";
import { answerTask } from "../processes/child.js";
import type { Subscribed, SubscribeTask } from "./subscribe-task.js";

/** Unsettled events: enough that the consumer is what bounds it, not its credit. */
const CREDIT_EVENTS = 50_000;
/** Handlers at a time: they do nothing, so this only keeps acks together. */
const CONCURRENCY = 256;

/** Acks everything as it comes. Acks of one turn go out together, as the client does it. */
async function subscribe(task: SubscribeTask): Promise<Subscribed> {
  const client = await PubSubClient.connect({ address: task.address, name: "bench" });
  try {
    await open(client, task, task.order);
    return { order: task.order };
  } catch (error) {
    if (!(error instanceof PubSubError) || error.reason !== "NOT_SERVED_YET") throw error;
    await open(client, task, "none");
    return { order: "none" };
  }
}

async function open(
  client: PubSubClient,
  { topic, subscription }: SubscribeTask,
  order: SubscribeTask["order"],
): Promise<void> {
  await client.subscribe(
    { topic, subscription, order, creditEvents: CREDIT_EVENTS, concurrency: CONCURRENCY },
    () => undefined,
  );
}

await answerTask(subscribe);
