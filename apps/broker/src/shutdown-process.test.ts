import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signPagerDuty } from "@opendxa/pubsub-connectors";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import {
  BrokerProcess,
  publisherAt,
  requireBuiltBroker,
  type ServingLine,
} from "./broker-process.test-support.js";
import { IngressClient } from "./http/ingress-client.test-support.js";

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

/** A broker whose disk stands still. */
async function standingStill(args: readonly string[], environment: Record<string, string> = {}) {
  const data = mkdtempSync(join(folder, "held-"));
  const broker = new BrokerProcess(data, args, { machine: "held-disk", environment });
  const line: ServingLine = await broker.serving();
  broker.child.kill("SIGUSR2");
  await broker.said("disk_held");
  return { data, broker, line };
}

/** The same with one event on its way to the disk: no shutdown can end. */
async function held(args: readonly string[], environment: Record<string, string> = {}) {
  const started = await standingStill(args, environment);
  const publisher = publisherAt(started.line.grpc);
  const outcome = publisher.publish("under way");
  await publisher.taken();
  return { ...started, publisher, outcome };
}

it("drains on the first signal: what was accepted is stored, however long the disk takes", async () => {
  const { data, broker, publisher, outcome } = await held(LONG_GRACE);
  broker.child.kill("SIGTERM");
  await broker.said('"event":"stopping","signal":"SIGTERM"');
  expect(broker.hasEnded).toBe(false);
  broker.child.kill("SIGUSR2");
  expect(await outcome).toBe("stored");
  expect(await broker.ended()).toBe(0);
  expect(broker.stderr).toContain('"event":"stopped"');
  expect(broker.stderr).not.toContain("stopped_hard");
  publisher.close();
  const again = new BrokerProcess(data);
  expect(await again.serving()).toMatchObject({ start_number: 2 });
  expect(await again.stop()).toBe(0);
});

it("answers the webhook that it is storing, and asks the senders of others to come back", async () => {
  const secret = "a secret of the test";
  const oneAtATime = ["--limits-ingress-in-flight-max", "1"];
  const { broker, line } = await standingStill([...LONG_GRACE, ...oneAtATime], {
    OPENDXA_PUBSUB_INGRESS: JSON.stringify([{ system: "pagerduty", secrets: [secret] }]),
  });
  const client = new IngressClient(line);
  const post = (id: string) => {
    const event = { id, event_type: "incident.triggered", data: { id: "Q1" } };
    const body = Buffer.from(JSON.stringify({ event }));
    const signed = signPagerDuty({ secrets: [secret], deliveryId: id, body });
    return client.post("/ingress/pagerduty", body, signed);
  };
  const posts = [post("e-1"), post("e-2")];
  // One is refused because the other is being stored.
  expect(await Promise.race(posts)).toMatchObject({ json: { error: { reason: "OVERLOADED" } } });
  broker.child.kill("SIGTERM");
  await broker.said('"event":"stopping"');
  expect(await client.isReady()).toBe(false);
  expect(await post("e-3")).toMatchObject({
    status: 503,
    retryAfter: "5",
    json: { error: { reason: "SHUTTING_DOWN" } },
  });
  broker.child.kill("SIGUSR2");
  const statuses = (await Promise.all(posts)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 503]);
  expect(await broker.ended()).toBe(0);
  client.close();
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
