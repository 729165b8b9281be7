import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PubSubClient } from "@opendxa/pubsub-client";
import { type RunningBroker, startBroker } from "../running-broker.js";
import { waitUntil } from "../wait-until.js";
import {
  type CrashFigures,
  type CrashMinimums,
  hasEnoughEvents,
  type PublisherShare,
} from "./crash-minimums.js";
import { judge, type ReadEvent, type Verdict } from "./judge.js";
import { LIFE_MS_MAX, LIFE_MS_MIN, LOAD_POLL_MS, LOAD_TIMEOUT_MS } from "./limits.js";
import { PublisherProcess, type PublisherTask } from "./publisher-process.js";
import { seededRandom } from "./seeded-random.js";

/** What a crash test does. */
export interface CrashTestOptions {
  /** What is done at least: so many SIGKILLs, and publishing until so much is acknowledged. */
  readonly minimums: CrashMinimums;
  /** Decides when the kills come. */
  readonly seed: number;
  /** Where the broker keeps its records. Default: `segments`. */
  readonly journal?: "segments" | "level" | undefined;
  /** Interpreter for the publisher written in Python. Without it only TypeScript publishes. */
  readonly python?: string | undefined;
}

/** What a crash test found. */
export interface CrashReport extends CrashFigures {
  /** What the judge found. */
  readonly verdict: Verdict;
  /** What went wrong with publishers. */
  readonly failures: readonly string[];
  /** Bytes of torn tails that the brokers cut. */
  readonly tornBytes: number;
  /** Starts at which the index had to be built anew. */
  readonly rebuilds: number;
}

const TOPIC = "crash/events";

/**
 * Kills a real broker under the load of publishers in processes of their own, again and again, and
 * compares what they were told with what is stored, from outside.
 */
export async function crashTest(options: CrashTestOptions): Promise<CrashReport> {
  const folder = await mkdtemp(join(tmpdir(), "opendxa-pubsub-crash-"));
  const { journal = "segments" } = options;
  const broker = await startBroker({
    config: { journal },
    env: { OPENDXA_PUBSUB_LOG_LEVEL: "warn" },
  });
  const publishers: PublisherProcess[] = [];
  try {
    await createTopic(broker.address);
    publishers.push(...startPublishers(options, { address: broker.address, folder }));
    const starts = await killAgainAndAgain(broker, publishers, options);
    await waitForLoad(publishers, options.minimums);
    const failures = await Promise.all(publishers.map((publisher) => publisher.stop()));
    const acked = await Promise.all(publishers.map((publisher) => publisher.acked()));
    const verdict = judge(await readAll(broker.address), acked.flat());
    return {
      publishers: await sharesOf(publishers),
      verdict,
      failures: failures.filter((failure) => failure !== undefined),
      ...starts,
    };
  } finally {
    await Promise.all(
      publishers.filter(({ hasExited }) => !hasExited).map((publisher) => publisher.stop()),
    );
    await broker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function createTopic(address: string): Promise<void> {
  const client = await PubSubClient.connect({ address });
  await client.createTopic(TOPIC);
  await client.close();
}

function startPublishers(
  { python }: CrashTestOptions,
  place: { readonly address: string; readonly folder: string },
): PublisherProcess[] {
  const task = (source: string): PublisherTask => ({ ...place, topic: TOPIC, source });
  const publishers = [
    PublisherProcess.typescript(task("typescript")),
    PublisherProcess.typescript(task("typescript2")),
  ];
  if (python !== undefined) publishers.push(PublisherProcess.python(python, task("python")));
  return publishers;
}

async function killAgainAndAgain(
  broker: RunningBroker,
  publishers: readonly PublisherProcess[],
  { minimums, seed }: CrashTestOptions,
): Promise<{ kills: number; tornBytes: number; rebuilds: number }> {
  const random = seededRandom(seed);
  let kills = 0;
  let tornBytes = 0;
  let rebuilds = 0;
  for (let kill = 0; kill < minimums.kills; kill += 1) {
    await waitForProgress(publishers);
    await sleep(LIFE_MS_MIN + random() * (LIFE_MS_MAX - LIFE_MS_MIN));
    // A broker that had ended by itself was not killed.
    if ((await broker.kill("SIGKILL")).signal === "SIGKILL") kills += 1;
    await broker.restart();
    tornBytes += broker.startLine.torn_bytes;
    if (broker.startLine.rebuilt !== null) rebuilds += 1;
  }
  return { kills, tornBytes, rebuilds };
}

/** A kill counts only under load: somebody was acknowledged since the start before. */
async function waitForProgress(publishers: readonly PublisherProcess[]): Promise<void> {
  const bytes = () => publishers.reduce((sum, { progressBytes }) => sum + progressBytes, 0);
  const before = bytes();
  await waitUntil("an acknowledgement after a restart", () => bytes() > before, LOAD_TIMEOUT_MS);
}

/** Publishes on until the minimums are reached, or for so long that the judge may say that they are not. */
async function waitForLoad(
  publishers: readonly PublisherProcess[],
  minimums: CrashMinimums,
): Promise<void> {
  const deadline = performance.now() + LOAD_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const figures = { kills: minimums.kills, publishers: await sharesOf(publishers) };
    if (hasEnoughEvents(figures, minimums)) return;
    await sleep(LOAD_POLL_MS);
  }
}

async function sharesOf(publishers: readonly PublisherProcess[]): Promise<PublisherShare[]> {
  return await Promise.all(
    publishers.map(async (publisher) => {
      const { length } = await publisher.acked();
      return { source: publisher.source, language: publisher.language, acked: length };
    }),
  );
}

async function readAll(address: string): Promise<ReadEvent[]> {
  const client = await PubSubClient.connect({ address });
  const stored: ReadEvent[] = [];
  for await (const { source, id, offset } of client.read(TOPIC))
    stored.push({ source, id, offset });
  await client.close();
  return stored;
}
