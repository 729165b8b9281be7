import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../crash/seeded-random.js";
import { type RunningBroker, startBroker } from "../running-broker.js";
import { HistoryCrew } from "./history-crew.js";
import { HistoryProcess } from "./history-process.js";
import { HistoryWriter } from "./history-writer.js";
import {
  BROKER_KILLS,
  DRAIN_POLL_MS,
  DRAIN_TIMEOUT_MS,
  DURATIONS_MAX,
  KILL_AFTER_MS,
  LEAST_PER_MINUTE,
  QUIET_MS,
} from "./limits.js";

/** What a run does. */
export interface HistoryRunOptions {
  /** How long clients work under kills, in milliseconds. */
  readonly durationMs: number;
  /** Decides who is killed when, and what clients do. */
  readonly seed: number;
  /** Folder for the histories; made, and must hold none. */
  readonly folder: string;
  /** Interpreter for the clients in Python; without it only TypeScript takes part. */
  readonly python: string | undefined;
}

const OPERATOR = fileURLToPath(new URL("./operator-worker.js", import.meta.url));

/**
 * Lets clients in processes of their own publish and consume while the broker and they are killed, and
 * leaves one history file a process in the folder.
 *
 * @returns what went wrong with the processes; the histories say the rest
 */
export async function historyRun(options: HistoryRunOptions): Promise<string[]> {
  const { folder, seed } = options;
  await mkdir(folder, { recursive: true });
  const broker = await startBroker({ env: { OPENDXA_PUBSUB_LOG_LEVEL: "warn" } });
  const { address } = broker;
  const runner = new HistoryWriter(join(folder, "runner.jsonl"), {
    role: "operator",
    name: "runner",
  });
  // It goes on until it has its kills.
  const killsMs = options.durationMs * DURATIONS_MAX;
  const task = { address, name: "operator", out: join(folder, "operator.jsonl"), seed, killsMs };
  const operator = new HistoryProcess(process.execPath, OPERATOR, task);
  const crew = new HistoryCrew({ address, folder, seed, python: options.python });
  try {
    runner.write({ k: "start", what: "broker", number: broker.startLine.start_number });
    await operator.ready;
    await crew.start();
    await killAgainAndAgain({ broker, crew, runner }, options);
    await crew.ready();
    const failures = crew.missing.map((name) => `${name} ended by itself`);
    failures.push(...(await crew.stop("publisher")));
    // A seek while nobody consumes any more would leave everything to be delivered.
    operator.tell("rest");
    if (!(await isQuiet(crew.consumerFiles))) failures.push("consumers did not come to rest");
    failures.push(...(await crew.stop("consumer")));
    operator.tell("finish");
    failures.push(...[await operator.ended()].filter((failure) => failure !== undefined));
    return failures;
  } finally {
    await crew.clear();
    if (!operator.hasExited) await operator.kill();
    runner.close();
    await broker.stop();
  }
}

interface Parts {
  readonly broker: RunningBroker;
  readonly crew: HistoryCrew;
  readonly runner: HistoryWriter;
}

async function killAgainAndAgain(
  parts: Parts,
  { durationMs, seed }: HistoryRunOptions,
): Promise<void> {
  const random = seededRandom(seed);
  const startMs = performance.now();
  const kills = { brokerKills: 0, clientKills: 0 };
  const isEnough = () =>
    kills.brokerKills >= leastOf("brokerKills", durationMs) &&
    kills.clientKills >= leastOf("clientKills", durationMs);
  for (;;) {
    await sleep(KILL_AFTER_MS.min + random() * (KILL_AFTER_MS.max - KILL_AFTER_MS.min));
    const spentMs = performance.now() - startMs;
    if (spentMs > durationMs * DURATIONS_MAX || (spentMs > durationMs && isEnough())) return;
    if (random() < BROKER_KILLS) {
      await killBroker(parts);
      kills.brokerKills += 1;
    } else {
      await parts.crew.killOne(random(), (what) => parts.runner.write({ k: "kill", what }));
      kills.clientKills += 1;
    }
  }
}

async function killBroker({ broker, runner }: Parts): Promise<void> {
  runner.write({ k: "kill", what: "broker" });
  await broker.kill("SIGKILL");
  await broker.restart();
  runner.write({ k: "start", what: "broker", number: broker.startLine.start_number });
}

/** Least figure of a run of some duration. */
export function leastOf(name: keyof typeof LEAST_PER_MINUTE, durationMs: number): number {
  return Math.floor((LEAST_PER_MINUTE[name] * durationMs) / 60_000);
}

/**
 * Waits until no consumer has noted anything for so long that whatever was leased or waited for its retry
 * would have come again. Whether everything was settled is for the checker to say.
 */
async function isQuiet(files: readonly string[]): Promise<boolean> {
  const size = async () => {
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    return sizes.reduce((sum, each) => sum + each, 0);
  };
  const deadlineMs = performance.now() + DRAIN_TIMEOUT_MS;
  let last = await size();
  let quietSinceMs = performance.now();
  while (performance.now() - quietSinceMs < QUIET_MS) {
    if (performance.now() > deadlineMs) return false;
    await sleep(DRAIN_POLL_MS);
    const now = await size();
    if (now !== last) quietSinceMs = performance.now();
    last = now;
  }
  return true;
}
