import { PubSubClient, type ReceivedEvent } from "@opendxa/pubsub-client";
import { answerTask } from "../processes/child.js";
import { percentile } from "../statistics.js";
import type { ConsumersOpen } from "./consume-task.js";
import type { Handled, HandleTask } from "./paced-task.js";

/** Handles events until enough of those came that are measured. */
async function handle(task: HandleTask): Promise<Handled> {
  const { address, topic, subscription, order, consumers, stuck, creditEvents } = task;
  const client = await PubSubClient.connect({ address });
  const latencies: number[] = [];
  const done = new Promise<void>((resolve) => {
    const take = (event: ReceivedEvent) => {
      if (event.attempt > 1) return;
      latencies.push(performance.timeOrigin + performance.now() - (event.json() as number));
      if (latencies.length === task.events) resolve();
    };
    void openAll(take).then(() => {
      const ready: ConsumersOpen = { isOpen: true };
      process.send?.(ready);
    });
  });

  async function openAll(take: (event: ReceivedEvent) => void): Promise<void> {
    for (let number = 0; number < consumers; number += 1) {
      const options = { topic, subscription, order, creditEvents, leaseHeldMsMax: 0 };
      const opened = await client.subscribe(options);
      void settleAll(opened, number < stuck, take);
    }
  }

  async function settleAll(
    events: AsyncIterable<ReceivedEvent>,
    isStuck: boolean,
    take: (event: ReceivedEvent) => void,
  ): Promise<void> {
    for await (const event of events) {
      if (isStuck) continue;
      const isApart = event.orderingKey === task.keyApart;
      if (!isApart) take(event);
      void (isApart && task.isPoisoned ? event.nack({ delayMs: 100 }) : event.ack());
    }
  }

  await done;
  const looked = latencies.slice(task.warmUpEvents);
  return { msP50: percentile(looked, 0.5), msP99: percentile(looked, 0.99) };
}

await answerTask(handle);
