import { join } from "node:path";
import { TopicIndex } from "@opendxa/pubsub-client";
import { DiskCeilings } from "../../disk-figures.js";
import { usageFigures } from "../../processes/broker-usage.js";
import { whileConsumed } from "../../processes/consuming.js";
import { type MeasuredLoad, publish, publishOverHttp2 } from "../../processes/publishing.js";
import { whileServing } from "../../processes/while-serving.js";
import { withClient } from "../../processes/with-client.js";
import { fill, fullLoad, logShape } from "./loads.js";
import { inRounds, type PartContext, type StoragePart } from "./part.js";

const TOPIC = "bench/memory";
const shape = logShape(TOPIC);

/** Resident memory of the broker, in MB. */
const RESIDENT_MB = { required: 1_000, goal: 300 };
/** Peak with a backlog by peak without: under 30 % there is no difference. */
const BACKLOG_RATIO_REQUIRED = 1.3;

/** Memory at full load with a live subscriber, with and without a backlog of another subscription. */
export const memory: StoragePart = {
  name: "memory",
  title: "full load of 1 KB events with a live subscriber, log profile",
  limitMs: 600_000,
  run: async (context) => {
    const disk = new DiskCeilings(context.folder);
    const backlog = join(context.folder, "backlog");
    await makeBacklog(backlog, context);
    const rounds = await inRounds(context, async (round) => {
      await disk.measure();
      const transport = await publishOverHttp2(fullLoad(shape, context.sizes));
      const fresh = await loadOnce(join(context.folder, `fresh-${round}`), context);
      return { transport, fresh, behind: await loadOnce(backlog, context) };
    });
    return { figures: [...figuresOf(rounds, disk), ...disk.figures()], notes: [] };
  },
};

interface Round {
  readonly transport: { readonly eventsPerSecond: number };
  readonly fresh: MeasuredLoad;
  readonly behind: MeasuredLoad;
}

/** Events that a subscription has still to be given; nobody consumes it. */
async function makeBacklog(folder: string, { sizes, progress }: PartContext): Promise<void> {
  await whileServing(folder, async (broker) => {
    await withClient(broker, async (client) => {
      await client.createTopic(TOPIC, { index: TopicIndex.NONE });
      await client.createSubscription("behind", { topic: TOPIC, start: "earliest" });
    });
    const { eventsAcked } = await publish(broker, fill(shape, sizes.backlogBytes));
    progress(`  backlog of ${eventsAcked} events`);
  });
}

async function loadOnce(folder: string, { sizes }: PartContext): Promise<MeasuredLoad> {
  return await whileServing(folder, async (broker) => {
    await withClient(broker, (client) => client.createTopic(TOPIC, { index: TopicIndex.NONE }));
    const live = { topic: TOPIC, subscription: "live", order: "none" } as const;
    return await whileConsumed(broker, live, () => publish(broker, fullLoad(shape, sizes)));
  });
}

function figuresOf(rounds: readonly Round[], disk: DiskCeilings) {
  const peakMb = (load: MeasuredLoad) => load.usage.residentBytesPeak / 1e6;
  const bounds = {
    required: { at: "most", value: RESIDENT_MB.required },
    goal: { at: "most", value: RESIDENT_MB.goal },
  } as const;
  return [
    {
      name: "resident memory, peak",
      unit: "MB",
      values: rounds.map(({ fresh }) => peakMb(fresh)),
      ...bounds,
    },
    {
      name: "resident memory, peak, with a backlog",
      unit: "MB",
      values: rounds.map(({ behind }) => peakMb(behind)),
      ...bounds,
    },
    {
      name: "peak with a backlog by peak without",
      unit: "ratio",
      values: rounds.map(({ fresh, behind }) => peakMb(behind) / peakMb(fresh)),
      required: { at: "most", value: BACKLOG_RATIO_REQUIRED } as const,
    },
    {
      name: "publish",
      unit: "events/s",
      values: rounds.map(({ fresh }) => fresh.eventsPerSecond),
      ceiling: {
        name: "http2",
        values: rounds.map(({ transport }) => transport.eventsPerSecond),
      },
    },
    {
      name: "publish, payload bytes",
      unit: "MB/s",
      values: rounds.map(({ fresh }) => fresh.megabytesPerSecond),
      ceiling: disk.rate,
    },
    ...usageFigures(rounds.map(({ fresh }) => fresh.usage)),
  ];
}
