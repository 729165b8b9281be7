import { PubSubClient } from "@opendxa/pubsub-client";
import { answerTask } from "../processes/child.js";
import { keyOf, type PacedTask } from "./paced-task.js";

const TICK_MS = 2;

/** Publishes each event at its moment, whatever the broker does; resolves when all are acknowledged. */
async function publish(task: PacedTask): Promise<{ readonly events: number }> {
  const { address, topic, eventsPerSecond, events } = task;
  const client = await PubSubClient.connect({ address, source: "/bench" });
  const begin = performance.now();
  const unanswered: Promise<unknown>[] = [];
  await new Promise<void>((resolve) => {
    const pace = setInterval(() => {
      const due = ((performance.now() - begin) / 1_000) * eventsPerSecond;
      for (; unanswered.length < Math.min(due, events); ) {
        const number = unanswered.length;
        const dueMs = performance.timeOrigin + begin + (number * 1_000) / eventsPerSecond;
        const orderingKey = `key-${keyOf(number, task)}`;
        unanswered.push(client.publish(topic, { type: "bench.event", orderingKey, json: dueMs }));
      }
      if (unanswered.length < events) return;
      clearInterval(pace);
      resolve();
    }, TICK_MS);
  });
  await Promise.all(unanswered);
  await client.close();
  return { events };
}

await answerTask(publish);
