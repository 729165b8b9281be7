import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signMlflow, signPagerDuty, webhookBodyBytesMax } from "@opendxa/pubsub-connectors";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { BrokerProcess, requireBuiltBroker } from "../broker-process.test-support.js";
import { IngressClient } from "./ingress-client.test-support.js";

// A start takes a second where the machine is idle.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const OLD = "the secret before the rotation";
const NEW = "the secret after the rotation";
const TOLERANCE_MS = 300_000;

let data: string;
let broker: BrokerProcess;
let client: IngressClient;
beforeAll(() => {
  requireBuiltBroker();
  data = mkdtempSync(join(tmpdir(), "ingress-process-"));
  return start(["OLD_SECRET", "NEW_SECRET"]);
});
afterAll(async () => {
  client.close();
  expect(await broker.stop()).toBe(0);
  rmSync(data, { recursive: true, force: true });
});

/** Starts the broker on the same folder, with these secrets for each system. */
async function start(secretEnv: string[]): Promise<void> {
  const ingress = ["pagerduty", "mlflow"].map((system) => ({
    system,
    secretEnv,
    toleranceMs: TOLERANCE_MS,
  }));
  broker = new BrokerProcess(data, [], {
    environment: {
      OPENDXA_PUBSUB_INGRESS: JSON.stringify(ingress),
      OLD_SECRET: OLD,
      NEW_SECRET: NEW,
    },
  });
  client = new IngressClient(await broker.serving());
}

async function restart(secretEnv: string[]): Promise<void> {
  client.close();
  expect(await broker.stop()).toBe(0);
  await start(secretEnv);
}

const systems = {
  pagerduty: {
    body: (id: string) => {
      const data = { id: "Q1", type: "incident", status: "resolved", incident_key: "k" };
      const event_type = "incident.resolved";
      const occurred_at = "2026-11-20T09:40:02.117Z";
      return Buffer.from(JSON.stringify({ event: { id, event_type, occurred_at, data } }));
    },
    sign: (body: Buffer, deliveryId: string, ...secrets: string[]) =>
      signPagerDuty({ secrets, deliveryId, body }),
  },
  mlflow: {
    body: (id: string) => {
      const data = { name: "fraud", version: "1", key: "validation_status", value: id };
      const timestamp = "2026-11-20T09:40:02.117Z";
      const [entity, action] = ["model_version_tag", "set"];
      return Buffer.from(JSON.stringify({ entity, action, timestamp, data }));
    },
    sign: (body: Buffer, deliveryId: string, ...secrets: string[]) => {
      const timestampMs = Date.now();
      const signed = secrets.map((secret) => signMlflow({ secret, deliveryId, timestampMs, body }));
      const signatures = signed.map((headers) => headers["x-mlflow-signature"]);
      return { ...signed[0], "x-mlflow-signature": signatures.join(" ") };
    },
  },
} as const;

type System = keyof typeof systems;

/** Posts a sound webhook that is signed with these secrets. */
function post(system: System, id: string, ...secrets: string[]) {
  const body = systems[system].body(id);
  return client.post(`/ingress/${system}`, body, systems[system].sign(body, id, ...secrets));
}

const refused = (rule: string, system: System) => ({
  status: 401,
  json: { error: { reason: "SIGNATURE_INVALID", metadata: { system, rule } } },
});

describe.each<System>(["pagerduty", "mlflow"])("%s", (system) => {
  /** Expects an answer to a request that stores nothing and harms nobody. */
  async function expectRefusal(
    request: () => ReturnType<IngressClient["post"]>,
    answer: object,
  ): Promise<void> {
    const before = await client.storedBodies(system);
    const { status, json } = await request();
    expect({ status, json }).toMatchObject(answer);
    expect(Object.keys((json as { error: object }).error).sort()).toEqual([
      "advice",
      "message",
      "metadata",
      "reason",
    ]);
    expect(await client.storedBodies(system)).toEqual(before);
    expect(await client.isReady()).toBe(true);
  }

  it("believes either secret of a rotation, and a header with both signatures", async () => {
    await restart(["OLD_SECRET", "NEW_SECRET"]);
    const ids = ["r-old", "r-new", "r-both", "r-one-foreign"].map((id) => `${system}-${id}`);
    const [old = "", renewed = "", both = "", foreign = ""] = ids;
    for (const answer of [
      await post(system, old, OLD),
      await post(system, renewed, NEW),
      await post(system, both, OLD, NEW),
      await post(system, foreign, "a secret that is not configured", NEW),
    ]) {
      expect(answer).toMatchObject({ status: 200, json: { duplicate: false } });
    }
    expect(await client.storedBodies(system)).toEqual(
      ids.map((id) => systems[system].body(id).toString()),
    );
  });

  it("refuses the old secret once it is removed, alone or beside a foreign one", async () => {
    await restart(["NEW_SECRET"]);
    await expectRefusal(
      () => post(system, `${system}-removed`, OLD),
      refused("signature_mismatch", system),
    );
    await expectRefusal(
      () => post(system, `${system}-removed`, OLD, "another"),
      refused("signature_mismatch", system),
    );
    expect(await post(system, `${system}-kept`, OLD, NEW)).toMatchObject({ status: 200 });
  });

  it("answers a replay as the duplicate that it is and stores nothing twice", async () => {
    const first = await post(system, `${system}-replay`, NEW);
    expect(first).toMatchObject({ status: 200, json: { duplicate: false } });
    const stored = await client.storedBodies(system);
    const { offset } = first.json as { offset: string };
    for (let replay = 0; replay < 3; replay += 1) {
      const again = await post(system, `${system}-replay`, NEW);
      expect(again).toMatchObject({ status: 200, json: { duplicate: true, offset } });
    }
    await restart(["NEW_SECRET"]);
    expect(await post(system, `${system}-replay`, NEW)).toMatchObject({
      status: 200,
      json: { duplicate: true, offset },
    });
    expect(await client.storedBodies(system)).toEqual(stored);
  });

  it("refuses a wrong signature, none, one of another body, and no delivery id", async () => {
    const { body, sign } = systems[system];
    const sound = sign(body("s"), "s", NEW);
    const path = `/ingress/${system}`;
    const without = (part: string) =>
      Object.fromEntries(Object.entries(sound).filter(([name]) => !name.includes(part)));
    await expectRefusal(() => post(system, "s", "wrong"), refused("signature_mismatch", system));
    await expectRefusal(
      () => client.post(path, body("s"), without("signature")),
      refused("signature_missing", system),
    );
    await expectRefusal(
      () => client.post(path, body("t"), sound),
      refused("signature_mismatch", system),
    );
    const idHeader = system === "pagerduty" ? "webhook-id" : "delivery-id";
    await expectRefusal(
      () => client.post(path, body("s"), without(idHeader)),
      refused("delivery_id_missing", system),
    );
  });

  it("refuses what is signed and no webhook: bad JSON, another shape, too many bytes", async () => {
    const { sign } = systems[system];
    const path = `/ingress/${system}`;
    const postSigned = (body: Buffer) => () => client.post(path, body, sign(body, "b", NEW));
    const badRequest = (field: string) => ({
      status: 400,
      json: { error: { reason: "BAD_REQUEST", metadata: { field } } },
    });
    await expectRefusal(postSigned(Buffer.from("{")), badRequest("body"));
    await expectRefusal(postSigned(Buffer.alloc(0)), badRequest("body"));
    await expectRefusal(
      postSigned(Buffer.from("{}")),
      badRequest(system === "pagerduty" ? "body.event" : "body.entity"),
    );
    await expectRefusal(postSigned(Buffer.alloc(webhookBodyBytesMax + 1, " ")), {
      status: 413,
      json: {
        error: {
          reason: "LIMIT_EXCEEDED",
          metadata: { field: "body", limit: String(webhookBodyBytesMax) },
        },
      },
    });
  });

  it("knows no other endpoint and no other method", async () => {
    const body = systems[system].body("u");
    const headers = systems[system].sign(body, "u", NEW);
    const notFound = { status: 404, json: { error: { reason: "BAD_REQUEST" } } };
    for (const path of [`/ingress/${system}/other`, `/ingress/${system}/default/more`]) {
      await expectRefusal(() => client.post(path, body, headers), notFound);
    }
    await expectRefusal(() => client.get(`/ingress/${system}`), notFound);
  });
});

describe("MLflow's signed timestamp", () => {
  const body = systems.mlflow.body("aged");
  const postAged = (ageMs: number) =>
    client.post(
      "/ingress/mlflow",
      body,
      signMlflow({ secret: NEW, deliveryId: "aged", timestampMs: Date.now() - ageMs, body }),
    );

  // An hour from the edge of the window, so that no pause of the machine moves it across.
  it.each([3_600_000, -3_600_000])(
    "refuses one that is %d ms old, whoever signed it",
    async (ageMs) => {
      const before = await client.storedBodies("mlflow");
      expect(await postAged(TOLERANCE_MS + ageMs)).toMatchObject(
        refused("timestamp_out_of_window", "mlflow"),
      );
      expect(await client.storedBodies("mlflow")).toEqual(before);
    },
  );

  it("refuses a captured request whose timestamp was renewed without the secret", async () => {
    const timestampMs = Date.now() - 2 * 3_600_000;
    const captured = signMlflow({ secret: NEW, deliveryId: "captured", timestampMs, body });
    const renewed = { ...captured, "x-mlflow-timestamp": String(Math.floor(Date.now() / 1000)) };
    expect(await client.post("/ingress/mlflow", body, renewed)).toMatchObject(
      refused("signature_mismatch", "mlflow"),
    );
  });

  it("takes one within the window", async () => {
    expect(await postAged(0)).toMatchObject({ status: 200, json: { duplicate: false } });
  });
});

it("a PagerDuty replay under another delivery id is a duplicate: only the body is signed", async () => {
  const body = systems.pagerduty.body("pd-renamed");
  const send = (deliveryId: string) =>
    client.post("/ingress/pagerduty", body, systems.pagerduty.sign(body, deliveryId, NEW));
  expect(await send("wh-1")).toMatchObject({ status: 200, json: { duplicate: false } });
  expect(await send("wh-2")).toMatchObject({ status: 200, json: { duplicate: true } });
});
