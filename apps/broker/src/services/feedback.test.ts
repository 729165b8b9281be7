import {
  mlflowConnector,
  settingsOf,
  signMlflow,
  webhookBodyBytesMax,
} from "@opendxa/pubsub-connectors";
import {
  type AwaitFeedbackResponse,
  Execution,
  FeedbackEvent,
  type GetBrokerResponse,
  type GetExecutionResponse,
  type RegisterExecutionResponse,
} from "@opendxa/pubsub-protocol";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeHttpServer } from "../http/http-server.js";
import { Incidents } from "../incidents.js";
import { notServed } from "../not-served.js";
import { answerOf, StreamReader, startTestBroker } from "./running-broker.test-support.js";

const SECRET = "a secret of the test";
const RUN = "0123456789abcdef0123456789abcdef";

let broker: Awaited<ReturnType<typeof startTestBroker>>;
beforeAll(async () => {
  const ingress = [{ system: "mlflow", secrets: [SECRET] }];
  broker = await startTestBroker({ OPENDXA_PUBSUB_INGRESS: JSON.stringify(ingress) });
});
afterAll(() => broker.stop());

function register(executionId: string, correlationKeys: string[]) {
  const execution = Execution.fromPartial({
    executionId,
    functionName: "detect_drift",
    correlationKeys,
  });
  return answerOf<RegisterExecutionResponse>((done) =>
    broker.feedback.registerExecution({ namespace: "", execution }, done),
  );
}

const body = (entity: string, action: string, data: object) =>
  Buffer.from(JSON.stringify({ entity, action, timestamp: new Date().toISOString(), data }));

function post(payload: Buffer, deliveryId: string, path = "/ingress/mlflow") {
  const timestampMs = Date.now();
  return send(
    payload,
    signMlflow({ secret: SECRET, deliveryId, timestampMs, body: payload }),
    path,
  );
}

async function send(payload: Buffer, headers: Record<string, string>, path = "/ingress/mlflow") {
  const response = await fetch(`${broker.http}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: new Uint8Array(payload),
  });
  return { status: response.status, json: await response.json(), headers: response.headers };
}

describe("webhooks", () => {
  const created = body("model_version", "created", {
    name: "fraud",
    version: "1",
    source: "models:/m-1",
    run_id: RUN,
    tags: {},
    description: null,
  });
  const champion = body("model_version_alias", "created", {
    name: "fraud",
    alias: "champion",
    version: "1",
  });

  it("matches an alias to the execution of the run, once", async () => {
    await register("e-1", [`mlflow:run:${RUN}`]);
    expect(await post(created, "d-1")).toMatchObject({ status: 200 });
    const first = await post(champion, "d-2");
    expect(first).toMatchObject({ status: 200, json: { duplicate: false, matched: ["e-1"] } });
    const again = await post(champion, "d-2", "/ingress/mlflow/default");
    expect(again).toMatchObject({ status: 200, json: { duplicate: true } });
    expect(again.json).toMatchObject({ offset: (first.json as { offset: string }).offset });
    const { execution } = await answerOf<GetExecutionResponse>((done) =>
      broker.feedback.getExecution({ namespace: "", executionId: "e-1" }, done),
    );
    expect(execution?.feedbackReceived).toBe(1);
  });

  it("refuses a wrong signature, bad JSON and a body that is too large, and stores nothing", async () => {
    const unsigned = await send(champion, {});
    expect(unsigned).toMatchObject({
      status: 401,
      json: { error: { reason: "SIGNATURE_INVALID", metadata: { system: "mlflow" } } },
    });
    expect(await post(Buffer.from("{"), "d-3")).toMatchObject({
      status: 400,
      json: { error: { reason: "BAD_REQUEST" } },
    });
    const large = Buffer.alloc(webhookBodyBytesMax + 1);
    expect(await post(large, "d-4")).toMatchObject({
      status: 413,
      json: { error: { reason: "LIMIT_EXCEEDED" } },
    });
  });
});

it("asks the sender to come back when too many webhooks are being stored", async () => {
  const app = makeHttpServer({
    endpoints: [
      {
        name: "default",
        connector: mlflowConnector,
        settings: settingsOf(SECRET),
        engine: broker.namespaces.engineOf(""),
      },
    ],
    incidents: new Incidents(pino({ level: "silent" })),
    isServing: () => true,
    isShuttingDown: () => false,
    nowMs: Date.now,
    connectionsMax: 1,
    requestTimeoutMs: 1_000,
    inFlightMax: 0,
  });
  const response = await app.inject({ method: "POST", url: "/ingress/mlflow", payload: "{}" });
  expect(response.statusCode).toBe(503);
  expect(response.headers["retry-after"]).toBe("5");
  expect(response.json()).toMatchObject({ error: { reason: "OVERLOADED" } });
  await app.close();
});

describe("waits", () => {
  it("answers the stored wait and then the feedback", async () => {
    await register("e-2", ["custom:ticket:7"]);
    const call = broker.feedback.awaitFeedback({
      namespace: "",
      executionId: "e-2",
      waitId: "w-2",
      deadlineUnixMs: 0n,
      policy: 0,
      feedbackCount: 0,
    });
    const reader = new StreamReader<AwaitFeedbackResponse>(call);
    expect((await reader.next())?.wait).toMatchObject({ waitId: "w-2", outcome: 0 });
    const submitted = await answerOf((done) =>
      broker.feedback.submitFeedback(
        {
          namespace: "",
          correlationKeys: ["custom:ticket:7"],
          feedback: FeedbackEvent.fromPartial({ feedbackType: "user", rating: 5 }),
          id: "f-1",
          source: "",
          originalType: "",
        },
        done,
      ),
    );
    expect(submitted).toMatchObject({ matches: [{ executionId: "e-2" }], pending: false });
    expect((await reader.next())?.wait).toMatchObject({ waitId: "w-2", outcome: 1 });
    expect(await reader.next()).toBeUndefined();
  });
});

it("says what it is", async () => {
  const facts = await answerOf<GetBrokerResponse>((done) => broker.broker.getBroker({}, done));
  expect(facts).toMatchObject({
    startNumber: 1,
    namespaces: ["default", "other"],
    journal: "segments",
    notServed: Object.keys(notServed).sort(),
  });
  expect(facts.indexLags.map(({ namespace }) => namespace)).toEqual(["default", "other"]);
  for (const { entriesBehind, behindMs } of facts.indexLags) {
    expect(entriesBehind === 0n ? behindMs : 0n).toBe(0n);
  }
  expect(facts.limits["frames_in_flight_max"]).toEqual({ value: 64n });
});
