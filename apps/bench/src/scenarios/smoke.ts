import { join } from "node:path";
import { type Topic, TopicIndex } from "@opendxa/pubsub-client";
import { withFolder } from "../bench-folder.js";
import type { PublishRate } from "../children/publish-task.js";
import { DiskCeilings } from "../disk-figures.js";
import {
  SCENARIO_LIMIT_MS,
  SMOKE_EVENT_BYTES,
  SMOKE_FRAME_EVENTS,
  SMOKE_FRAMES_IN_FLIGHT,
  WARM_UP_MS,
} from "../limits.js";
import { type BrokerProcess, startBroker } from "../processes/broker-process.js";
import { usageFigures } from "../processes/broker-usage.js";
import {
  type Load,
  type MeasuredLoad,
  publish,
  publishOverHttp2,
} from "../processes/publishing.js";
import { withClient } from "../processes/with-client.js";
import type { Figure, Result } from "../report/result.js";
import type { Scenario, ScenarioOptions } from "../scenario.js";

/** Events a second that the first part of the plan must reach on two processors. */
const EVENTS_PER_SECOND_REQUIRED = 150_000;
/** Events a second that the table of requirements names as our goal. */
const EVENTS_PER_SECOND_GOAL = 400_000;
/** Share of the disk's own sequential rate that the table of requirements names as our goal. */
const DISK_SHARE_GOAL = 0.6;

const TOPIC = "bench/smoke";

interface Round {
  readonly diskRate: number;
  readonly transport: PublishRate;
  readonly broker: MeasuredLoad;
  readonly startLine: BrokerProcess["startLine"];
}

/** Opaque publish with fsync before every ack, beside the disk and raw HTTP/2. */
export const smoke: Scenario = {
  name: "smoke",
  summary: "publish 200 B events, fsynced before the ack, beside the disk and raw node:http2",
  limitMs: SCENARIO_LIMIT_MS,
  run: (options) =>
    withFolder(options.folder, async (folder) => {
      const disk = new DiskCeilings(folder);
      const rounds: Round[] = [];
      for (let round = 1; round <= options.rounds; round += 1) {
        rounds.push(await withFolder(folder, (data) => runRound(data, disk, options)));
        const rate = Math.round(rounds.at(-1)!.broker.eventsPerSecond).toLocaleString("en-US");
        options.progress(`round ${round} of ${options.rounds}: ${rate} events/s`);
      }
      return resultOf(rounds, disk, options);
    }),
};

/** Every measurement once, one after another, so that what the machine does besides hits all alike. */
async function runRound(
  folder: string,
  disk: DiskCeilings,
  options: ScenarioOptions,
): Promise<Round> {
  const { megabytesPerSecond: diskRate } = await disk.measure();
  const load = loadOf(options);
  const transport = await publishOverHttp2(load);
  const broker = await startBroker(join(folder, "data"));
  try {
    const published = await publishToBroker(broker, load);
    return { diskRate, transport, broker: published, startLine: broker.startLine };
  } finally {
    await broker.stop();
  }
}

function loadOf({ measureMs }: ScenarioOptions): Load {
  return {
    shape: {
      topic: TOPIC,
      topics: 1,
      batches: 1,
      events: SMOKE_FRAME_EVENTS,
      eventBytes: SMOKE_EVENT_BYTES,
      content: "random",
      codec: "none",
      identity: "derived",
    },
    framesInFlight: SMOKE_FRAMES_IN_FLIGHT,
    warmUpMs: WARM_UP_MS,
    measureMs,
  };
}

function publishToBroker(broker: BrokerProcess, load: Load): Promise<MeasuredLoad> {
  return withClient(broker, async (client) => {
    // No index of single events: the log profile.
    await client.createTopic(TOPIC, { index: TopicIndex.NONE });
    const published = await publish(broker, load);
    checkStored(await client.getTopic(TOPIC), published.eventsAcked);
    return published;
  });
}

/** A rate of events that are not there would be no rate. */
function checkStored(topic: Topic, acked: number): void {
  const stored = topic.partitions[0]?.nextOffset;
  if (stored !== BigInt(acked)) throw new Error(`${acked} events acked, ${stored} stored`);
}

function resultOf(
  rounds: readonly Round[],
  disk: DiskCeilings,
  { measureMs }: ScenarioOptions,
): Result {
  return {
    scenario: "smoke",
    setting: {
      eventBytes: SMOKE_EVENT_BYTES,
      eventsPerFrame: SMOKE_FRAME_EVENTS,
      framesInFlight: SMOKE_FRAMES_IN_FLIGHT,
      publishers: 1,
      rounds: rounds.length,
      measureMs,
      index: String(rounds[0]?.startLine["index"]),
      journal: String(rounds[0]?.startLine["journal"]),
    },
    figures: figuresOf(rounds, disk),
    notes: [
      "The publisher encodes its events once and numbers them anew in every frame, so that the broker is measured and not the encoder.",
      "Publisher and broker are processes of their own on this machine; raw node:http2 carries the same frames with as many in flight.",
      "All acked events were counted in the broker after each round.",
    ],
  };
}

function figuresOf(rounds: readonly Round[], disk: DiskCeilings): Figure[] {
  const http2 = rounds.map(({ transport }) => transport.eventsPerSecond);
  return [
    {
      name: "publish, fsynced before the ack",
      unit: "events/s",
      values: rounds.map(({ broker }) => broker.eventsPerSecond),
      required: { at: "least", value: EVENTS_PER_SECOND_REQUIRED },
      goal: { at: "least", value: EVENTS_PER_SECOND_GOAL },
      ceiling: { name: "http2", values: http2 },
    },
    {
      name: "publish, payload bytes",
      unit: "MB/s",
      values: rounds.map(({ broker }) => broker.megabytesPerSecond),
      ceiling: disk.rate,
    },
    {
      name: "share of the disk's sequential rate",
      unit: "ratio",
      values: rounds.map(({ broker, diskRate }) => broker.megabytesPerSecond / diskRate),
      goal: { at: "least", value: DISK_SHARE_GOAL },
    },
    {
      name: "frame to ack p50",
      unit: "ms",
      values: rounds.map(({ broker }) => broker.ackMsP50),
      ceiling: disk.syncP50,
    },
    {
      name: "frame to ack p99",
      unit: "ms",
      values: rounds.map(({ broker }) => broker.ackMsP99),
      ceiling: disk.syncP99,
    },
    ...usageFigures(rounds.map(({ broker }) => broker.usage)),
    { name: "raw node:http2, nothing stored", unit: "events/s", values: http2 },
    ...disk.figures(),
  ];
}
