import { rm } from "node:fs/promises";
import { join } from "node:path";
import { TopicIndex } from "@opendxa/pubsub-client";
import { DiskCeilings } from "../../disk-figures.js";
import { bareNodeStartMs } from "../../processes/bare-node.js";
import { type BrokerProcess, startBroker } from "../../processes/broker-process.js";
import { publish, publishUntilCutOff } from "../../processes/publishing.js";
import { whileServing } from "../../processes/while-serving.js";
import { withClient } from "../../processes/with-client.js";
import type { Figure } from "../../report/result.js";
import { fill, fullLoad, logShape } from "./loads.js";
import { inRounds, type PartContext, type StoragePart } from "./part.js";

const TOPIC = "bench/recovery";
/** Each event can be asked for by id and by correlation id: the index that is the most to recover. */
const shape = logShape(TOPIC, { identity: "own" });

/** From exec to the first read and the first publish, in milliseconds. */
const FROM_EXEC_MS_REQUIRED = 1_000;
/** From main(), in milliseconds. */
const FROM_MAIN_MS_GOAL = 500;
/** Time with the large journal by time with the small one: under 30 % there is no difference. */
const FLAT_RATIO_GOAL = 1.3;

/** Load before a kill, in milliseconds: entries must be on their way when it comes. */
const LOAD_BEFORE_KILL_MS = 300;
/** Rebuilding reads everything that is stored; more rounds would tell no more. */
const REBUILDS = 1;

interface Restart {
  readonly servingMs: number;
  /** Processor time until both were done: what it would take at least without neighbours. */
  readonly processorMs: number;
  readonly servingFromMainMs: number;
  readonly firstReadMs: number;
  readonly firstPublishMs: number;
  readonly bothFromMainMs: number;
}

/** A broker that was killed under load is back, whatever it stores. */
export const recovery: StoragePart = {
  name: "recovery",
  title: "after kill -9 under load, index of ids and correlation ids",
  limitMs: 900_000,
  run: async (context) => {
    const disk = new DiskCeilings(context.folder);
    const [small, large] = context.sizes.recoveryBytes.map((bytes) => ({
      name: `${bytes / 1e6} MB`,
      bytes,
      folder: join(context.folder, `data-${bytes}`),
    })) as [Stored, Stored];
    for (const stored of [small, large]) await fillOnce(stored, context);
    const rounds = await inRounds(context, async () => {
      await disk.measure();
      const bareNodeMs = await bareNodeStartMs();
      return { bareNodeMs, small: await restartKilled(small), large: await restartKilled(large) };
    });
    const rebuilt = await rebuildAll([small, large], context);
    const figures = [
      ...restartFigures(
        large.name,
        rounds.map((round) => round.large),
        true,
      ),
      ...restartFigures(
        small.name,
        rounds.map((round) => round.small),
        false,
      ),
      {
        name: `${large.name} against ${small.name}, main() to first read and publish`,
        unit: "ratio",
        values: rounds.map((round) => round.large.bothFromMainMs / round.small.bothFromMainMs),
        goal: { at: "most", value: FLAT_RATIO_GOAL } as const,
      },
      ...rebuilt,
      {
        name: "bare node, exec to end",
        unit: "ms",
        values: rounds.map(({ bareNodeMs }) => bareNodeMs),
      },
      ...disk.figures(),
    ];
    return { figures, notes };
  },
};

const notes = [
  "recovery: the page cache is warm, as after a crash of the broker alone. Times include the connection of a client.",
];

interface Stored {
  readonly name: string;
  readonly bytes: number;
  readonly folder: string;
}

async function fillOnce({ folder, bytes, name }: Stored, { progress }: PartContext): Promise<void> {
  await whileServing(folder, async (broker) => {
    await withClient(broker, (client) =>
      client.createTopic(TOPIC, { index: TopicIndex.ID_AND_CORRELATION }),
    );
    const { eventsAcked, eventsPerSecond } = await publish(broker, fill(shape, bytes));
    progress(`  stored ${eventsAcked} events, ${name}, at ${Math.round(eventsPerSecond)} events/s`);
  });
}

/** Kills a broker under load; answers how the next one came back. */
async function restartKilled(stored: Stored): Promise<Restart> {
  await killUnderLoad(stored.folder);
  const { restart, rebuilt } = await measureRestart(stored.folder);
  if (rebuilt !== null) throw new Error(`the index was not kept: ${String(rebuilt)}`);
  return restart;
}

async function killUnderLoad(folder: string): Promise<void> {
  const broker = await startBroker(folder);
  const sizes = { warmUpMs: 0, loadMs: LOAD_MS_MAX };
  const cutOff = publishUntilCutOff(broker, fullLoad(shape, sizes));
  await new Promise((resolve) => setTimeout(resolve, LOAD_BEFORE_KILL_MS));
  await broker.kill();
  await cutOff;
}

/** The load ends with the broker, long before this, in milliseconds. */
const LOAD_MS_MAX = 60_000;

async function measureRestart(folder: string) {
  return await whileServing(folder, async (broker) => {
    const { firstReadMs, firstPublishMs } = await firstUse(broker);
    const { mainAtMs, processorMs } = await broker.read();
    const execToMainMs = mainAtMs - broker.execAtMs;
    const restart: Restart = {
      servingMs: broker.startMs,
      processorMs,
      servingFromMainMs: broker.startMs - execToMainMs,
      firstReadMs,
      firstPublishMs,
      bothFromMainMs: Math.max(firstReadMs, firstPublishMs) - execToMainMs,
    };
    return { restart, rebuilt: broker.startLine["rebuilt"] ?? null };
  });
}

/** Reads and publishes at once, as clients that waited for the broker do. */
function firstUse(broker: BrokerProcess) {
  const sinceExec = () => performance.timeOrigin + performance.now() - broker.execAtMs;
  return withClient(broker, async (client) => {
    const readOne = async () => {
      for await (const _event of client.read(TOPIC, { eventsMax: 1 })) return sinceExec();
      throw new Error("the stored events are gone");
    };
    const publishOne = async () => {
      await client.publish(TOPIC, { type: "bench.event", data: Buffer.from("first") });
      return sinceExec();
    };
    const [firstReadMs, firstPublishMs] = await Promise.all([readOne(), publishOne()]);
    return { firstReadMs, firstPublishMs };
  });
}

async function rebuildAll(all: readonly Stored[], { progress }: PartContext): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { folder, name } of all) {
    const values: number[] = [];
    for (let round = 0; round < REBUILDS; round += 1) {
      await rm(join(folder, "default", "index"), { recursive: true });
      const { restart } = await measureRestart(folder);
      values.push(Math.max(restart.firstReadMs, restart.firstPublishMs));
    }
    progress(`  rebuilt the index of ${name}`);
    figures.push({
      name: `${name}, index rebuilt, exec to first read and publish`,
      unit: "ms",
      values,
    });
  }
  return figures;
}

function restartFigures(name: string, restarts: readonly Restart[], isRequired: boolean): Figure[] {
  const required = isRequired
    ? ({ required: { at: "most", value: FROM_EXEC_MS_REQUIRED } } as const)
    : {};
  return [
    {
      name: `${name}, exec to first read`,
      unit: "ms",
      values: restarts.map(({ firstReadMs }) => firstReadMs),
      ...required,
    },
    {
      name: `${name}, exec to first publish`,
      unit: "ms",
      values: restarts.map(({ firstPublishMs }) => firstPublishMs),
      ...required,
    },
    {
      name: `${name}, main() to first read and publish`,
      unit: "ms",
      values: restarts.map(({ bothFromMainMs }) => bothFromMainMs),
      goal: { at: "most", value: FROM_MAIN_MS_GOAL },
    },
    {
      name: `${name}, processor time until both`,
      unit: "ms",
      values: restarts.map(({ processorMs }) => processorMs),
    },
    {
      name: `${name}, exec to SERVING`,
      unit: "ms",
      values: restarts.map(({ servingMs }) => servingMs),
    },
    {
      name: `${name}, main() to SERVING`,
      unit: "ms",
      values: restarts.map(({ servingFromMainMs }) => servingFromMainMs),
    },
  ];
}
