import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signPagerDuty } from "@opendxa/pubsub-connectors";
import { expect, it, vi } from "vitest";
import { BrokerProcess, requireBuiltBroker } from "../broker-process.test-support.js";
import { IngressClient } from "./ingress-client.test-support.js";

// A start takes a second where the machine is idle.
vi.setConfig({ testTimeout: 120_000 });

const SECRET = "a secret of the test";

it("asks senders to come back while as many webhooks as may be wait for the disk", async () => {
  requireBuiltBroker();
  const data = mkdtempSync(join(tmpdir(), "ingress-overload-"));
  const broker = new BrokerProcess(data, ["--limits-ingress-in-flight-max", "2"], {
    machine: "held-disk",
    environment: {
      OPENDXA_PUBSUB_INGRESS: JSON.stringify([{ system: "pagerduty", secrets: [SECRET] }]),
    },
  });
  const client = new IngressClient(await broker.serving());
  const post = (id: string) => {
    const body = Buffer.from(
      JSON.stringify({ event: { id, event_type: "incident.triggered", data: { id: "Q1" } } }),
    );
    const signed = signPagerDuty({ secrets: [SECRET], deliveryId: id, body });
    return client.post("/ingress/pagerduty", body, signed);
  };
  broker.child.kill("SIGUSR2");
  await broker.said("disk_held");
  // Which of three is refused is the network's choice; it is the one that is answered.
  const posts = ["e-1", "e-2", "e-3"].map(post);
  const refused = await Promise.race(posts);
  expect(refused).toMatchObject({
    status: 503,
    retryAfter: "5",
    json: {
      error: {
        reason: "OVERLOADED",
        message: "OVERLOADED: 2 webhooks are being stored, no more at a time",
        metadata: { limit: "2" },
      },
    },
  });
  expect(await client.isReady()).toBe(true);
  broker.child.kill("SIGUSR2");
  const statuses = (await Promise.all(posts)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 200, 503]);
  const stored = await client.storedBodies("pagerduty");
  expect(stored).toHaveLength(2);
  for (const id of ["e-1", "e-2", "e-3"]) expect(await post(id)).toMatchObject({ status: 200 });
  expect(await client.storedBodies("pagerduty")).toHaveLength(3);
  client.close();
  expect(await broker.stop()).toBe(0);
  rmSync(data, { recursive: true, force: true });
});
