import { join } from "node:path";
import { usageFigures } from "../../processes/broker-usage.js";
import { whileServing } from "../../processes/while-serving.js";
import { createIdle, createTopic, deliver, type MeasuredDelivery, type Order } from "./loads.js";
import { type DeliveryPart, inRounds } from "./part.js";

const TOPIC = "bench/idle";

/** Under 30 % there is no difference. */
const COST_RATIO_REQUIRED = 1.3;

/** What a live subscription pays for others that nobody consumes. */
export const idle: DeliveryPart = {
  name: "idle",
  title: "delivery with many idle subscriptions on the same topic, against one",
  limitMs: 1_200_000,
  run: async (context) =>
    await whileServing(join(context.folder, "few"), (few) =>
      whileServing(join(context.folder, "many"), async (many) => {
        for (const broker of [few, many]) await createTopic(broker, TOPIC);
        await createIdle(few, TOPIC, 1);
        await createIdle(many, TOPIC, context.sizes.idleSubscriptions);
        const rounds = await inRounds(context, async (round) => {
          const measure = async (order: Order): Promise<Pair> => {
            const live = {
              topic: TOPIC,
              order,
              subscriptions: [`live-${order}-${round}`],
              events: context.sizes.loadEvents,
            };
            const first = await deliver(few, live, context.sizes);
            return { few: first, many: await deliver(many, live, context.sizes) };
          };
          return { none: await measure("none"), key: await measure("key") };
        });
        const none = rounds.map((round) => round.none);
        return {
          figures: [
            ...figuresOf("", none),
            ...usageFigures(none.map(({ many }) => many.usage)),
            ...figuresOf(
              "order KEY, ",
              rounds.map((round) => round.key),
            ),
          ],
        };
      }),
    ),
};

interface Pair {
  readonly few: MeasuredDelivery;
  readonly many: MeasuredDelivery;
}

function figuresOf(order: string, rounds: readonly Pair[]) {
  return [
    {
      name: `${order}processor time per delivered event, with all by with one`,
      unit: "ratio",
      values: rounds.map(
        ({ few, many }) => many.usage.microsecondsPerEvent / few.usage.microsecondsPerEvent,
      ),
      required: { at: "most", value: COST_RATIO_REQUIRED } as const,
    },
    {
      name: `${order}processor time per delivered event, one idle`,
      unit: "us",
      values: rounds.map(({ few }) => few.usage.microsecondsPerEvent),
    },
    {
      name: `${order}published and delivered, one idle`,
      unit: "events/s",
      values: rounds.map(({ few }) => few.consumed.eventsPerSecond),
    },
    {
      name: `${order}published and delivered, all idle`,
      unit: "events/s",
      values: rounds.map(({ many }) => many.consumed.eventsPerSecond),
    },
  ];
}
