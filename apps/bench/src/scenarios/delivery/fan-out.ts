import { join } from "node:path";
import { whileServing } from "../../processes/while-serving.js";
import { createTopic, deliver, type MeasuredDelivery } from "./loads.js";
import { type DeliveryPart, inRounds } from "./part.js";

const SUBSCRIPTIONS = [1, 10, 100] as const;

/** Every event to many subscriptions at the same time. */
export const fanOut: DeliveryPart = {
  name: "fan-out",
  title: "every event to 1, 10 and 100 live subscriptions",
  limitMs: 1_200_000,
  run: (context) =>
    whileServing(join(context.folder, "data"), async (broker) => {
      for (const count of SUBSCRIPTIONS) await createTopic(broker, topicOf(count));
      const rounds = await inRounds(context, async (round) => {
        const measured = new Map<number, MeasuredDelivery>();
        for (const count of SUBSCRIPTIONS) {
          const subscriptions = Array.from(
            { length: count },
            (_, at) => `s-${count}-${round}-${at}`,
          );
          const events = context.sizes.fanOutDeliveries / count;
          const live = { topic: topicOf(count), order: "none", subscriptions, events } as const;
          measured.set(count, await deliver(broker, live, context.sizes));
        }
        return measured;
      });
      return { figures: SUBSCRIPTIONS.flatMap((count) => figuresOf(count, rounds)) };
    }),
};

function topicOf(count: number): string {
  return `bench/fan-out-${count}`;
}

function figuresOf(count: number, rounds: readonly ReadonlyMap<number, MeasuredDelivery>[]) {
  const of = (value: (measured: MeasuredDelivery) => number) =>
    rounds.map((round) => value(round.get(count) as MeasuredDelivery));
  return [
    {
      name: `${count} live: delivered, all together`,
      unit: "events/s",
      values: of(({ consumed }) => consumed.eventsPerSecond),
    },
    {
      name: `${count} live: processor time per delivered event`,
      unit: "us",
      values: of(({ usage }) => usage.microsecondsPerEvent),
    },
    {
      name: `${count} live: event-loop delay p99`,
      unit: "ms",
      values: of(({ usage }) => usage.loopDelayMs.p99),
    },
  ];
}
