import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { CreateTopicRequest, type Topic, TopicIndex } from "@opendxa/pubsub-protocol";
import {
  fromServiceError,
  makeClient,
  type ServiceClient,
  services,
} from "@opendxa/pubsub-protocol/grpc";
import { withFolder } from "../bench-folder.js";
import type { PublishTask } from "../children/publish-task.js";
import type { PublishRate } from "../children/rate-meter.js";
import { type DiskFigures, measureDisk } from "../disk-figures.js";
import {
  CHILD_WAIT_MS,
  SMOKE_EVENT_BYTES,
  SMOKE_FRAME_EVENTS,
  SMOKE_FRAMES_IN_FLIGHT,
  WARM_UP_MS,
} from "../limits.js";
import { type BrokerProcess, startBroker } from "../processes/broker-process.js";
import { runChild, startChild } from "../processes/child.js";
import { memoryOf, processorMsOf } from "../processes/process-usage.js";
import type { Figure, Result } from "../report/result.js";
import type { Scenario, ScenarioOptions } from "../scenario.js";
import { median } from "../statistics.js";

/** Events a second that the first part of the plan must reach on two processors. */
const EVENTS_PER_SECOND_REQUIRED = 150_000;
/** Events a second that the table of requirements names as our goal. */
const EVENTS_PER_SECOND_GOAL = 400_000;
/** Share of the disk's own sequential rate that the table of requirements names as our goal. */
const DISK_SHARE_GOAL = 0.6;

type TopicClient = ServiceClient<typeof services.topic>;

interface Round {
  readonly disk: DiskFigures;
  readonly transport: PublishRate;
  readonly broker: PublishRate;
  readonly brokerMicrosecondsPerEvent: number;
  readonly brokerResidentBytesPeak: number;
  readonly startLine: BrokerProcess["startLine"];
}

/** Opaque publish with fsync before every ack, beside the disk and raw HTTP/2. */
export const smoke: Scenario = {
  name: "smoke",
  summary: "publish 200 B events, fsynced before the ack, beside the disk and raw node:http2",
  run: async (options) => {
    const rounds: Round[] = [];
    for (let round = 1; round <= options.rounds; round += 1) {
      const measured = await withFolder(options.folder, (folder) => runRound(folder, options));
      rounds.push(measured);
      const rate = Math.round(measured.broker.eventsPerSecond).toLocaleString("en-US");
      options.progress(`round ${round} of ${options.rounds}: ${rate} events/s`);
    }
    return resultOf(rounds, options);
  },
};

/** Every measurement once, one after another, so that what the machine does besides hits all alike. */
async function runRound(folder: string, options: ScenarioOptions): Promise<Round> {
  const disk = await measureDisk(folder);
  const transport = await publishOverHttp2(options);
  const broker = await startBroker(join(folder, "data"));
  try {
    const published = await publishToBroker(broker, options);
    return { disk, transport, ...published, startLine: broker.startLine };
  } finally {
    await broker.stop();
  }
}

function taskFor(address: string, { measureMs }: ScenarioOptions): PublishTask {
  return {
    address,
    topic: "bench/smoke",
    events: SMOKE_FRAME_EVENTS,
    eventBytes: SMOKE_EVENT_BYTES,
    framesInFlight: SMOKE_FRAMES_IN_FLIGHT,
    warmUpMs: WARM_UP_MS,
    measureMs,
  };
}

function timeoutMs({ measureMs }: ScenarioOptions): number {
  return WARM_UP_MS + measureMs + CHILD_WAIT_MS;
}

async function publishOverHttp2(options: ScenarioOptions): Promise<PublishRate> {
  const server = await startChild<object, { address: string }>({
    name: "http2-server-child",
    task: {},
    timeoutMs: CHILD_WAIT_MS,
  });
  try {
    const task = taskFor(server.answer.address, options);
    return await runChild({ name: "http2-publisher-child", task, timeoutMs: timeoutMs(options) });
  } finally {
    server.stop();
  }
}

async function publishToBroker(broker: BrokerProcess, options: ScenarioOptions) {
  const task = taskFor(broker.address, options);
  const topics = makeClient(services.topic, {
    address: broker.address,
    credentials: credentials.createInsecure(),
  });
  try {
    await createTopic(topics, task.topic);
    const usedBeforeMs = await processorMsOf(broker.pid);
    const rate = await runChild<PublishTask, PublishRate>({
      name: "grpc-publisher-child",
      task,
      timeoutMs: timeoutMs(options),
    });
    const usedMs = (await processorMsOf(broker.pid)) - usedBeforeMs;
    await checkStored(topics, task.topic, rate.eventsAcked);
    return {
      broker: rate,
      brokerMicrosecondsPerEvent: (usedMs * 1_000) / rate.eventsAcked,
      brokerResidentBytesPeak: (await memoryOf(broker.pid)).residentBytesPeak,
    };
  } finally {
    topics.close();
  }
}

/** No index of single events: the log profile. */
function createTopic(topics: TopicClient, name: string): Promise<void> {
  const settings = { index: TopicIndex.NONE };
  return new Promise((resolve, reject) => {
    topics.createTopic(CreateTopicRequest.fromPartial({ name, settings }), (error) =>
      error === null ? resolve() : reject(fromServiceError(error)),
    );
  });
}

/** A rate of events that are not there would be no rate. */
async function checkStored(topics: TopicClient, name: string, acked: number): Promise<void> {
  const topic = await new Promise<Topic | undefined>((resolve, reject) => {
    topics.getTopic({ namespace: "", name }, (error, answer) =>
      error === null ? resolve(answer?.topic) : reject(fromServiceError(error)),
    );
  });
  const stored = topic?.partitions[0]?.nextOffset;
  if (stored !== BigInt(acked)) throw new Error(`${acked} events acked, ${stored} stored`);
}

function resultOf(rounds: readonly Round[], options: ScenarioOptions): Result {
  const diskRate = rounds.map(({ disk }) => disk.megabytesPerSecond);
  const transportRate = rounds.map(({ transport }) => transport.eventsPerSecond);
  return {
    scenario: "smoke",
    setting: {
      eventBytes: SMOKE_EVENT_BYTES,
      eventsPerFrame: SMOKE_FRAME_EVENTS,
      framesInFlight: SMOKE_FRAMES_IN_FLIGHT,
      publishers: 1,
      rounds: options.rounds,
      measureMs: options.measureMs,
      index: String(rounds[0]?.startLine["index"]),
      journal: String(rounds[0]?.startLine["journal"]),
    },
    figures: [
      {
        name: "publish, fsynced before the ack",
        unit: "events/s",
        values: rounds.map(({ broker }) => broker.eventsPerSecond),
        required: { at: "least", value: EVENTS_PER_SECOND_REQUIRED },
        goal: { at: "least", value: EVENTS_PER_SECOND_GOAL },
        ceiling: median(transportRate),
      },
      ...brokerFigures(rounds, median(diskRate)),
      { name: "raw node:http2, nothing stored", unit: "events/s", values: transportRate },
      { name: "disk, 1 MiB append + fdatasync", unit: "MB/s", values: diskRate },
      {
        name: "disk, fdatasync of 4 KiB p50",
        unit: "ms",
        values: rounds.map(({ disk }) => disk.syncMsP50),
      },
      {
        name: "disk, fdatasync of 4 KiB p99",
        unit: "ms",
        values: rounds.map(({ disk }) => disk.syncMsP99),
      },
    ],
    notes: [
      "The publisher encodes its events once and numbers them anew in every frame, so that the broker is measured and not the encoder.",
      "Publisher and broker are processes of their own on this machine; raw node:http2 carries the same frames with as many in flight.",
      "All acked events were counted in the broker after each round.",
    ],
  };
}

function brokerFigures(rounds: readonly Round[], diskCeiling: number): Figure[] {
  return [
    {
      name: "publish, payload bytes",
      unit: "MB/s",
      values: rounds.map(({ broker }) => broker.megabytesPerSecond),
      ceiling: diskCeiling,
    },
    {
      name: "share of the disk's sequential rate",
      unit: "ratio",
      values: rounds.map(({ broker, disk }) => broker.megabytesPerSecond / disk.megabytesPerSecond),
      goal: { at: "least", value: DISK_SHARE_GOAL },
    },
    {
      name: "frame to ack p50",
      unit: "ms",
      values: rounds.map(({ broker }) => broker.ackMsP50),
    },
    {
      name: "frame to ack p99",
      unit: "ms",
      values: rounds.map(({ broker }) => broker.ackMsP99),
    },
    {
      name: "broker's processor time per event",
      unit: "us",
      values: rounds.map((round) => round.brokerMicrosecondsPerEvent),
    },
    {
      name: "broker's resident memory, peak",
      unit: "MB",
      values: rounds.map((round) => round.brokerResidentBytesPeak / 1e6),
    },
  ];
}
