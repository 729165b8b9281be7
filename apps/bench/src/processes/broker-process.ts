import { type ChildProcess, spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { BROKER_WAIT_MS } from "../limits.js";
import { brokerProgram } from "./broker-program.js";
import type { BrokerReading } from "./broker-reading.js";
import { own } from "./owned-processes.js";

/** The real broker in a process of its own. */
export interface BrokerProcess {
  /** Address of its gRPC services. */
  readonly address: string;
  /** Process id. */
  readonly pid: number;
  /** Its line on stdout: index engine, journal, what was recovered. */
  readonly startLine: Readonly<Record<string, unknown>>;
  /** When it was started, milliseconds since the Unix epoch. */
  readonly execAtMs: number;
  /** Time from its start to that line, in milliseconds. */
  readonly startMs: number;
  /** What its monitor tells; event-loop delays are those since the last reading. */
  read(): Promise<BrokerReading>;
  /** Ends it in order. Answers the bytes that it wrote to disk in its whole life, where Linux tells. */
  stop(): Promise<number | undefined>;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
}

const MONITOR = fileURLToPath(new URL("broker-monitor-child.cjs", import.meta.url));

/** Starts the built broker on free ports, with more flags. Rejects when it does not serve. */
export async function startBroker(
  dataFolder: string,
  moreFlags: readonly string[] = [],
): Promise<BrokerProcess> {
  const accountFile = `${dataFolder}.account`;
  const ports = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"];
  const flags = [...ports, "--data", dataFolder, ...moreFlags];
  const execAtMs = performance.timeOrigin + performance.now();
  const child = spawn(
    process.execPath,
    ["--require", MONITOR, brokerProgram(), "serve", ...flags, "--log-level", "warn"],
    { stdio: ["ignore", "pipe", "inherit", "ipc"], env: brokerEnvironment(accountFile) },
  );
  own(child);
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const startLine = await servingLine(child, ended);
  return {
    address: String(startLine["grpc"]),
    pid: child.pid ?? 0,
    startLine,
    execAtMs,
    startMs: performance.timeOrigin + performance.now() - execAtMs,
    read: () => readMonitor(child, ended),
    stop: async () => {
      await stopBroker(child, ended);
      return await takeAccount(accountFile);
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Settings of the user's own broker must not change the one that is measured. */
function brokerEnvironment(accountFile: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("OPENDXA_PUBSUB_"));
  return { ...Object.fromEntries(own), BENCH_ACCOUNT_FILE: accountFile };
}

async function servingLine(child: ChildProcess, ended: Promise<number | null>) {
  const timer = setTimeout(() => child.kill("SIGKILL"), BROKER_WAIT_MS);
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      const said = JSON.parse(line) as Record<string, unknown>;
      if (said["event"] !== "serving") continue;
      child.stdout?.resume();
      return said;
    }
    throw new Error(`the broker ended with code ${await ended} before it served`);
  } finally {
    clearTimeout(timer);
  }
}

let asked = 0;

async function readMonitor(child: ChildProcess, ended: Promise<unknown>): Promise<BrokerReading> {
  asked += 1;
  const ask = asked;
  const answer = new Promise<BrokerReading>((resolve) => {
    const onMessage = (message: unknown) => {
      const answered = message as { ask: number; reading: BrokerReading };
      if (answered.ask !== ask) return;
      child.off("message", onMessage);
      resolve(answered.reading);
    };
    child.on("message", onMessage);
  });
  child.send(ask);
  const lost = ended.then(() => Promise.reject(new Error("the broker ended while it was read")));
  return await Promise.race([answer, lost]);
}

async function stopBroker(child: ChildProcess, ended: Promise<number | null>): Promise<void> {
  const timer = setTimeout(() => child.kill("SIGKILL"), BROKER_WAIT_MS);
  child.kill("SIGTERM");
  const code = await ended;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`the broker ended with code ${code}`);
}

async function takeAccount(path: string): Promise<number | undefined> {
  try {
    const account = await readFile(path, "utf8");
    await rm(path);
    const bytes = /^write_bytes: (\d+)$/m.exec(account)?.[1];
    return bytes === undefined ? undefined : Number(bytes);
  } catch {
    // Not every system keeps such an account, or shows it.
    return undefined;
  }
}
