import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { BROKER_WAIT_MS } from "../limits.js";

/** The real broker in a process of its own. */
export interface BrokerProcess {
  /** Address of its gRPC services. */
  readonly address: string;
  /** Process id. */
  readonly pid: number;
  /** Its line on stdout: index engine, journal, what was recovered. */
  readonly startLine: Readonly<Record<string, unknown>>;
  /** Time from its start to that line, in milliseconds. */
  readonly startMs: number;
  /** Ends it in order. Rejects when it ended otherwise. */
  stop(): Promise<void>;
}

/** Starts the built broker on free ports. Rejects when it does not serve. */
export async function startBroker(dataFolder: string): Promise<BrokerProcess> {
  const main = fileURLToPath(new URL("main.cjs", import.meta.resolve("@opendxa/pubsub-broker")));
  const startedAt = performance.now();
  const flags = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", dataFolder];
  const child = spawn(process.execPath, [main, "serve", ...flags, "--log-level", "warn"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  void ended.then(() => process.off("exit", kill));
  const startLine = await servingLine(child, ended);
  return {
    address: String(startLine["grpc"]),
    pid: child.pid ?? 0,
    startLine,
    startMs: performance.now() - startedAt,
    stop: () => stopBroker(child, ended),
  };
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

async function stopBroker(child: ChildProcess, ended: Promise<number | null>): Promise<void> {
  const timer = setTimeout(() => child.kill("SIGKILL"), BROKER_WAIT_MS);
  child.kill("SIGTERM");
  const code = await ended;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`the broker ended with code ${code}`);
}
