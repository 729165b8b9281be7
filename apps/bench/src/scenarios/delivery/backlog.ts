import { join } from "node:path";
import type { Consumed } from "../../children/consume-task.js";
import type { BrokerProcess } from "../../processes/broker-process.js";
import { type BrokerUsage, usageBetween } from "../../processes/broker-usage.js";
import { startConsumers } from "../../processes/opaque-consumers.js";
import { publish } from "../../processes/publishing.js";
import { whileServing } from "../../processes/while-serving.js";
import { createTopic, deliver, loadOf, type MeasuredDelivery } from "./loads.js";
import { type DeliveryPart, inRounds, type PartContext } from "./part.js";
import { FRAME_EVENTS } from "./sizes.js";

const TOPIC = "bench/backlog";

/** Under 30 % there is no difference. */
const COST_RATIO_REQUIRED = 1.3;
/** Events a second out of a backlog, with acks. */
const BACKLOG_RATE = { required: 20_000, goal: 500_000 };

/** Live delivery behind a long log, and how fast the log itself is consumed. */
export const backlog: DeliveryPart = {
  name: "backlog",
  title: "delivery from an empty log, from a long one, and of the long one",
  limitMs: 1_800_000,
  run: async (context) => {
    const { sizes, folder, progress } = context;
    return await whileServing(join(folder, "long"), async (long) => {
      await createTopic(long, TOPIC);
      const stored = { topic: TOPIC, order: "none", events: sizes.logEvents } as const;
      const { eventsAcked } = await publish(long, loadOf(stored, sizes));
      progress(`  ${eventsAcked} events stored`);
      const rounds = await inRounds(context, async (round) => ({
        empty: await inEmptyLog(context, round),
        long: await deliver(long, liveOf(context, round), sizes),
        caughtUp: await catchUp(long, context, round),
      }));
      return { figures: figuresOf(rounds) };
    });
  },
};

interface CaughtUp {
  readonly consumed: Consumed;
  readonly usage: BrokerUsage;
}

interface Round {
  readonly empty: MeasuredDelivery;
  readonly long: MeasuredDelivery;
  readonly caughtUp: CaughtUp;
}

function liveOf({ sizes }: PartContext, round: number) {
  const subscriptions = [`live-${round}`];
  return { topic: TOPIC, order: "none", subscriptions, events: sizes.loadEvents } as const;
}

async function inEmptyLog(context: PartContext, round: number): Promise<MeasuredDelivery> {
  return await whileServing(join(context.folder, `empty-${round}`), async (broker) => {
    await createTopic(broker, TOPIC);
    return await deliver(broker, liveOf(context, round), context.sizes);
  });
}

/** Everything that was stored first, by a subscription that begins with it. */
async function catchUp(
  broker: BrokerProcess,
  { sizes }: PartContext,
  round: number,
): Promise<CaughtUp> {
  const events = Math.ceil(sizes.logEvents / FRAME_EVENTS) * FRAME_EVENTS;
  const before = await broker.read();
  const consumers = await startConsumers(broker, {
    topic: TOPIC,
    order: "none",
    subscriptions: [`behind-${round}`],
    start: "earliest",
    settling: "batches",
    events,
  });
  try {
    const consumed = await consumers.next(sizes.loadMsMax);
    return { consumed, usage: usageBetween(before, await broker.read(), consumed.events) };
  } finally {
    consumers.stop();
  }
}

function figuresOf(rounds: readonly Round[]) {
  return [
    {
      name: "processor time per live event, behind a long log by an empty one",
      unit: "ratio",
      values: rounds.map(
        ({ empty, long }) => long.usage.microsecondsPerEvent / empty.usage.microsecondsPerEvent,
      ),
      required: { at: "most", value: COST_RATIO_REQUIRED } as const,
    },
    {
      name: "consumed out of the backlog, with acks",
      unit: "events/s",
      values: rounds.map(({ caughtUp }) => caughtUp.consumed.eventsPerSecond),
      required: { at: "least", value: BACKLOG_RATE.required } as const,
      goal: { at: "least", value: BACKLOG_RATE.goal } as const,
    },
    {
      name: "processor time per event of the backlog",
      unit: "us",
      values: rounds.map(({ caughtUp }) => caughtUp.usage.microsecondsPerEvent),
    },
    {
      name: "event-loop delay p99 while it is consumed",
      unit: "ms",
      values: rounds.map(({ caughtUp }) => caughtUp.usage.loopDelayMs.p99),
    },
    {
      name: "published and delivered, empty log",
      unit: "events/s",
      values: rounds.map(({ empty }) => empty.consumed.eventsPerSecond),
    },
    {
      name: "published and delivered, long log",
      unit: "events/s",
      values: rounds.map(({ long }) => long.consumed.eventsPerSecond),
    },
  ];
}
