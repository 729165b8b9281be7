import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Settling } from "../../children/consume-task.js";
import { startConsumers } from "../../processes/opaque-consumers.js";
import { publish } from "../../processes/publishing.js";
import { whileServing } from "../../processes/while-serving.js";
import { createTopic, loadOf, type Order } from "./loads.js";
import type { DeliveryPart, PartContext } from "./part.js";
import { FRAME_EVENTS } from "./sizes.js";

const TOPIC = "bench/settling";

interface Case {
  readonly name: string;
  readonly order: Order;
  readonly settling: Settling;
  readonly events: (context: PartContext) => number;
  readonly bytesRequired: number;
}

const inBatches = {
  name: "journal bytes per event, acked batch by batch",
  settling: "batches",
  events: ({ sizes }: PartContext) => sizes.settledInBatches,
  bytesRequired: 2,
} as const;

const oneByOne = {
  name: "journal bytes per event, acked one by one in any order",
  settling: "random-events",
  events: ({ sizes }: PartContext) => sizes.settledAtRandom,
  bytesRequired: 24,
} as const;

const cases: readonly Case[] = [
  { ...inBatches, order: "none" },
  { ...oneByOne, order: "none" },
  { ...inBatches, order: "key", name: `order KEY, ${inBatches.name}` },
  { ...oneByOne, order: "key", name: `order KEY, ${oneByOne.name}` },
];

/** What settling costs the journal. Counts, not times: one round tells all. */
export const settling: DeliveryPart = {
  name: "settling",
  title: "journal bytes per settled event",
  limitMs: 600_000,
  run: async (context) => {
    const figures = [];
    for (const one of cases) {
      const { bytes, rate } = await measure(one, context);
      figures.push(
        {
          name: one.name,
          unit: "bytes",
          values: [bytes],
          required: { at: "most", value: one.bytesRequired } as const,
        },
        { name: `${one.name}: consumed`, unit: "events/s", values: [rate] },
      );
      context.progress(`  ${one.name}`);
    }
    return { figures };
  },
};

async function measure(one: Case, context: PartContext): Promise<{ bytes: number; rate: number }> {
  const { sizes, folder } = context;
  const { order } = one;
  const data = join(folder, `${order}-${one.settling}`);
  const events = Math.ceil(one.events(context) / FRAME_EVENTS) * FRAME_EVENTS;
  return await whileServing(data, async (broker) => {
    await createTopic(broker, TOPIC);
    await publish(broker, loadOf({ topic: TOPIC, order, events }, sizes));
    const before = await journalBytes(data);
    const consumers = await startConsumers(broker, {
      topic: TOPIC,
      order,
      subscriptions: ["settling"],
      start: "earliest",
      settling: one.settling,
      events,
    });
    try {
      const consumed = await consumers.next(sizes.loadMsMax);
      const bytes = ((await journalBytes(data)) - before) / consumed.events;
      return { bytes, rate: consumed.eventsPerSecond };
    } finally {
      consumers.stop();
    }
  });
}

/** Bytes of all segments; nothing leaves them while this part runs. */
async function journalBytes(data: string): Promise<number> {
  const folder = join(data, "default", "journal");
  let bytes = 0;
  for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size;
  return bytes;
}
