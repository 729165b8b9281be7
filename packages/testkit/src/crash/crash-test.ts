import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PubSubClient } from "@opendxa/pubsub-client";
import { type RunningBroker, startBroker } from "../running-broker.js";
import { waitUntil } from "../wait-until.js";
import { judge, type ReadEvent, type Verdict } from "./judge.js";
import { LIFE_MS_MAX, LIFE_MS_MIN, LOAD_TIMEOUT_MS } from "./limits.js";
import { PublisherProcess, type PublisherTask } from "./publisher-process.js";
import { seededRandom } from "./seeded-random.js";

/** What a crash test does. */
export interface CrashTestOptions {
  /** SIGKILLs of the broker. */
  readonly kills: number;
  /** Acknowledged events that there must be at least. */
  readonly events: number;
  /** Decides when the kills come. */
  readonly seed: number;
  /** Interpreter for the publisher written in Python. Without it only TypeScript publishes. */
  readonly python?: string | undefined;
}

/** What a crash test found. */
export interface CrashReport {
  /** SIGKILLs that hit a broker. */
  readonly kills: number;
  /** Acknowledged events by publisher. */
  readonly ackedBySource: Readonly<Record<string, number>>;
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
  const broker = await startBroker({ env: { OPENDXA_PUBSUB_LOG_LEVEL: "warn" } });
  const publishers: PublisherProcess[] = [];
  try {
    await createTopic(broker.address);
    publishers.push(...startPublishers(options, { address: broker.address, folder }));
    const starts = await killAgainAndAgain(broker, publishers, options);
    await waitForLoad(publishers, options.events);
    const failures = await Promise.all(publishers.map((publisher) => publisher.stop()));
    const acked = await Promise.all(publishers.map((publisher) => publisher.acked()));
    const verdict = judge(await readAll(broker.address), acked.flat());
    return {
      kills: options.kills,
      ackedBySource: Object.fromEntries(
        acked.map((events, index) => [sourceOf(index), events.length]),
      ),
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

const SOURCES = ["typescript", "typescript2", "python"];

function sourceOf(index: number): string {
  return SOURCES[index] ?? `publisher${index}`;
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
  const task = (index: number): PublisherTask => ({
    ...place,
    topic: TOPIC,
    source: sourceOf(index),
  });
  const publishers = [PublisherProcess.typescript(task(0)), PublisherProcess.typescript(task(1))];
  if (python !== undefined) publishers.push(PublisherProcess.python(python, task(2)));
  return publishers;
}

async function killAgainAndAgain(
  broker: RunningBroker,
  publishers: readonly PublisherProcess[],
  { kills, seed }: CrashTestOptions,
): Promise<{ tornBytes: number; rebuilds: number }> {
  const random = seededRandom(seed);
  let tornBytes = 0;
  let rebuilds = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    await waitForProgress(publishers);
    await sleep(LIFE_MS_MIN + random() * (LIFE_MS_MAX - LIFE_MS_MIN));
    await broker.kill("SIGKILL");
    await broker.restart();
    tornBytes += broker.startLine.torn_bytes;
    if (broker.startLine.rebuilt !== null) rebuilds += 1;
  }
  return { tornBytes, rebuilds };
}

/** A kill counts only under load: somebody was acknowledged since the start before. */
async function waitForProgress(publishers: readonly PublisherProcess[]): Promise<void> {
  const bytes = () => publishers.reduce((sum, { progressBytes }) => sum + progressBytes, 0);
  const before = bytes();
  await waitUntil("an acknowledgement after a restart", () => bytes() > before, LOAD_TIMEOUT_MS);
}

async function waitForLoad(publishers: readonly PublisherProcess[], events: number): Promise<void> {
  const count = async () => {
    const acked = await Promise.all(publishers.map((publisher) => publisher.acked()));
    return acked.reduce((sum, { length }) => sum + length, 0);
  };
  const deadline = performance.now() + LOAD_TIMEOUT_MS;
  while ((await count()) < events) {
    if (performance.now() > deadline) throw new Error(`not ${events} events acknowledged in time`);
    await sleep(500);
  }
}

async function readAll(address: string): Promise<ReadEvent[]> {
  const client = await PubSubClient.connect({ address });
  const stored: ReadEvent[] = [];
  for await (const { source, id, offset } of client.read(TOPIC))
    stored.push({ source, id, offset });
  await client.close();
  return stored;
}
