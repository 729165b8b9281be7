import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT, toolEnvironment } from "./paths.mjs";

/** Longest wait for a start on a fresh folder or for an orderly end, in milliseconds; a busy machine needs a few seconds. */
const BROKER_WAIT_MS = 60_000;

/**
 * Starts the built broker on free ports and a fresh data folder.
 *
 * @returns {Promise<{grpc: string, http: string, dataFolder: string, stop: () => Promise<void>}>}
 *   `stop` ends it in order and removes its folder
 */
export async function startBrokerProcess() {
  const dataFolder = mkdtempSync(join(tmpdir(), "opendxa-pubsub-"));
  const child = spawn(process.execPath, [join(ROOT, "apps", "broker", "dist", "main.cjs")], {
    env: toolEnvironment({
      OPENDXA_PUBSUB_GRPC: "127.0.0.1:0",
      OPENDXA_PUBSUB_HTTP: "127.0.0.1:0",
      OPENDXA_PUBSUB_DATA: join(dataFolder, "data"),
    }),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const timer = setTimeout(() => child.kill("SIGKILL"), BROKER_WAIT_MS);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const { event, grpc, http } = JSON.parse(line);
      if (event !== "serving") continue;
      child.stdout.resume();
      return { grpc, http, dataFolder, stop: () => stopBroker(child, ended, dataFolder) };
    }
    throw new Error(`the broker ended with code ${await ended} before it served`);
  } finally {
    clearTimeout(timer);
  }
}

async function stopBroker(child, ended, dataFolder) {
  const timer = setTimeout(() => child.kill("SIGKILL"), BROKER_WAIT_MS);
  child.kill("SIGTERM");
  await ended;
  clearTimeout(timer);
  rmSync(dataFolder, { recursive: true, force: true });
}
