import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import {
  BrokerProcess,
  publisherAt,
  requireBuiltBroker,
  type ServingLine,
} from "./broker-process.test-support.js";

// A start takes a second where the machine is idle, and several tests start two brokers.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
beforeAll(() => {
  requireBuiltBroker();
  folder = mkdtempSync(join(tmpdir(), "shutdown-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Longer than any test: what ends before was not ended by the grace. */
const LONG_GRACE = ["--shutdown-grace-ms", "600000"];

/** A broker whose disk stands still, with one event on its way to it: no shutdown can end. */
async function held(args: readonly string[], environment: Record<string, string> = {}) {
  const data = mkdtempSync(join(folder, "held-"));
  const broker = new BrokerProcess(data, args, { machine: "held-disk", environment });
  const line: ServingLine = await broker.serving();
  const publisher = publisherAt(line.grpc);
  expect(await publisher.publish("before")).toBe("stored");
  broker.child.kill("SIGUSR2");
  await broker.said("disk_held");
  const outcome = publisher.publish("under way");
  await broker.said("sync_waits");
  return { data, broker, line, publisher, outcome };
}

it("drains on the first signal: what was accepted is stored, however long the disk takes", async () => {
  const { data, broker, line, publisher, outcome } = await held(LONG_GRACE);
  broker.child.kill("SIGTERM");
  await broker.said('"event":"stopping","signal":"SIGTERM"');
  // Nothing new is taken while it drains.
  await expect(fetch(`http://${line.http}/readyz`)).rejects.toThrow();
  expect(broker.hasEnded).toBe(false);
  broker.child.kill("SIGUSR2");
  expect(await outcome).toBe("stored");
  expect(await broker.ended()).toBe(0);
  expect(broker.stderr).toContain('"event":"stopped"');
  expect(broker.stderr).not.toContain("stopped_hard");
  publisher.close();
  const again = new BrokerProcess(data);
  const { start_number } = await again.serving();
  expect(start_number).toBe(2);
  expect(await again.stop()).toBe(0);
});

it.each([
  ["SIGTERM", "SIGTERM"],
  ["SIGINT", "SIGINT"],
  ["SIGINT", "SIGTERM"],
] as const)("ends at once with code 7 on %s and then %s", async (first, second) => {
  const { data, broker, publisher, outcome } = await held(LONG_GRACE);
  broker.child.kill(first);
  await broker.said(`"event":"stopping","signal":"${first}"`);
  broker.child.kill(second);
  expect(await broker.ended()).toBe(7);
  expect(broker.stderr).toContain(`"event":"stopped_hard","signal":"${second}"`);
  // Nobody was told that it is stored.
  expect(await outcome).not.toBe("stored");
  publisher.close();
  const again = new BrokerProcess(data);
  expect(await again.serving()).toMatchObject({ start_number: 2 });
  expect(await again.stop()).toBe(0);
});

it("ends with code 7 when the grace is over", async () => {
  const { broker, publisher } = await held(["--shutdown-grace-ms", "50"]);
  broker.child.kill("SIGTERM");
  expect(await broker.ended()).toBe(7);
  expect(broker.stderr).toContain('"event":"stopped_hard","grace_ms":50');
  publisher.close();
});

it("ends by its own SIGKILL where a call of the file system hangs, for which Node's exit would wait", async () => {
  const fifo = join(folder, "device");
  execFileSync("mkfifo", [fifo]);
  const { broker, publisher } = await held(LONG_GRACE, { HELD_DISK_FIFO: fifo });
  broker.child.kill("SIGTERM");
  await broker.said('"event":"stopping"');
  broker.child.kill("SIGTERM");
  expect(await broker.ended()).toBe(null);
  expect(broker.child.signalCode).toBe("SIGKILL");
  publisher.close();
});
