import { join } from "node:path";
import { TopicIndex } from "@opendxa/pubsub-client";
import { DiskCeilings } from "../../disk-figures.js";
import type { BrokerProcess } from "../../processes/broker-process.js";
import { publish } from "../../processes/publishing.js";
import { updateRetention } from "../../processes/update-topic.js";
import { whileServing } from "../../processes/while-serving.js";
import { withClient } from "../../processes/with-client.js";
import type { Figure } from "../../report/result.js";
import { percentile } from "../../statistics.js";
import { allocatedBytes } from "./folder-bytes.js";
import { fill, fullLoad, logShape, steadyLoad } from "./loads.js";
import { inRounds, type PartContext, type PartResult, type StoragePart } from "./part.js";

const RETAINED = logShape("bench/retained");
/** Small frames: a p99 needs some hundred of them. */
const LIVE = logShape("bench/live", { events: 50 });

/** p99 while retention works by p99 without. */
const P99_RATIO_REQUIRED = 2;
/** Share of what may go that must be free on the disk: whole segments stay a little longer. */
const FREED_SHARE_REQUIRED = 0.9;
/** 10,000 events a second: latency must be the broker's, not that of its queue. */
const FRAMES_PER_SECOND = 200;
/** Longest wait for the space of one round, in milliseconds: it is freed behind checkpoints only. */
const FREEING_MS_MAX = 120_000;

/** Half of what is stored is let go, a part in each round, under a steady load on another topic. */
export const retention: StoragePart = {
  name: "retention",
  title: "half of what is stored is let go under load",
  limitMs: 1_200_000,
  run: (context) =>
    whileServing(join(context.folder, "data"), async (broker) => {
      await withClient(broker, async (client) => {
        for (const { topic } of [RETAINED, LIVE]) {
          await client.createTopic(topic, { index: TopicIndex.NONE });
        }
      });
      const isServed = await updateRetention(broker, RETAINED.topic, { retentionBytes: 0n });
      return isServed ? await measure(broker, context) : notServed;
    }),
};

const names = {
  ratio: "publish p99 while space is freed by p99 without",
  freed: "freed on disk, of what may go",
} as const;

const notMeasured = {
  as: "skipped",
  why: "UpdateTopic is not served by this version: it answers NOT_SERVED_YET",
} as const;

const required = {
  ratio: { at: "most", value: P99_RATIO_REQUIRED },
  freed: { at: "least", value: FREED_SHARE_REQUIRED },
} as const;

const notServed: PartResult = {
  figures: (["ratio", "freed"] as const).map((key) => ({
    name: names[key],
    unit: "ratio",
    values: [],
    required: required[key],
    notMeasured,
  })),
};

async function measure(broker: BrokerProcess, context: PartContext): Promise<PartResult> {
  const { sizes, rounds, folder, progress } = context;
  const letGoBytes = sizes.retainedBytes / 2;
  await publish(broker, fill(RETAINED, sizes.retainedBytes));
  progress(`  stored ${sizes.retainedBytes / 1e6} MB`);
  const disk = new DiskCeilings(folder);
  const live = new LiveLoad(broker, context);
  const before = await live.otherBytes();
  const measured = await inRounds(context, async (round) => {
    await disk.measure();
    const without = percentile(await live.latencies(), P99);
    const roundBytes = (letGoBytes * round) / rounds;
    const retentionBytes = BigInt(Math.round(sizes.retainedBytes - roundBytes));
    await updateRetention(broker, RETAINED.topic, { retentionBytes });
    const goalBytes = before - roundBytes * FREED_SHARE_REQUIRED;
    return { without, during: percentile(await live.latenciesUntil(goalBytes), P99) };
  });
  const freedShare = (before - (await live.otherBytes())) / letGoBytes;
  return { figures: [...figuresOf(measured, freedShare, disk), ...disk.figures()] };
}

const P99 = 0.99;

/** The load whose latency must not suffer, and what it leaves of the disk to the rest. */
class LiveLoad {
  readonly #broker: BrokerProcess;
  readonly #context: PartContext;
  #publishedBytes = 0;

  constructor(broker: BrokerProcess, context: PartContext) {
    this.#broker = broker;
    this.#context = context;
  }

  /** Bytes that everything but this load takes on the disk. */
  async otherBytes(): Promise<number> {
    return (await allocatedBytes(join(this.#context.folder, "data"))) - this.#publishedBytes;
  }

  /** Latencies of one measurement, in milliseconds. */
  async latencies(): Promise<number[]> {
    const load = steadyLoad(fullLoad(LIVE, this.#context.sizes), FRAMES_PER_SECOND);
    const { samples, payloadBytesAcked } = await publish(this.#broker, load);
    this.#publishedBytes += payloadBytesAcked;
    return samples.map(([, latencyMs]) => latencyMs);
  }

  /** Latencies until the rest has shrunk to so many bytes, of one measurement at least. */
  async latenciesUntil(bytes: number): Promise<number[]> {
    const begin = performance.now();
    const all = await this.latencies();
    while ((await this.otherBytes()) > bytes && performance.now() - begin < FREEING_MS_MAX) {
      all.push(...(await this.latencies()));
    }
    return all;
  }
}

interface Round {
  readonly without: number;
  readonly during: number;
}

function figuresOf(rounds: readonly Round[], freedShare: number, disk: DiskCeilings): Figure[] {
  const during = rounds.map((round) => round.during);
  const without = rounds.map((round) => round.without);
  return [
    {
      name: names.ratio,
      unit: "ratio",
      values: rounds.map((round) => round.during / round.without),
      required: required.ratio,
    },
    { name: names.freed, unit: "ratio", values: [freedShare], required: required.freed },
    {
      name: "publish p99 while space is freed",
      unit: "ms",
      values: during,
      ceiling: disk.syncP99,
    },
    { name: "publish p99 without", unit: "ms", values: without, ceiling: disk.syncP99 },
  ];
}
