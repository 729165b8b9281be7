import { webhookBodyBytesMax } from "@opendxa/pubsub-connectors";
import { PubSubError } from "@opendxa/pubsub-protocol";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Incidents } from "../incidents.js";
import { errorBody, httpStatusOf } from "./error-body.js";
import { makeHttpServer } from "./http-server.js";

let isServing = true;
let app: ReturnType<typeof makeHttpServer>;
beforeEach(() => {
  isServing = true;
  app = makeHttpServer({
    endpoints: [],
    incidents: new Incidents(pino({ level: "silent" })),
    isServing: () => isServing,
    isShuttingDown: () => false,
    nowMs: () => 0,
    connectionsMax: 10,
    requestTimeoutMs: 1_000,
    inFlightMax: 1,
  });
});
afterEach(() => app.close());

it("tells life and readiness apart", async () => {
  isServing = false;
  expect((await app.inject("/healthz")).statusCode).toBe(200);
  expect((await app.inject("/readyz")).statusCode).toBe(503);
  isServing = true;
  expect((await app.inject("/readyz")).json()).toEqual({ serving: true });
});

it.each(["/", "/ingress/mlflow", "/ingress/mlflow/none", "/ingress/__proto__/x"])(
  "answers a typed 404 at %s",
  async (url) => {
    const response = await app.inject({ method: "POST", url, payload: "{}" });
    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ error: { reason: "BAD_REQUEST" } });
  },
);

it("refuses a body above its bound before reading it", async () => {
  const payload = Buffer.alloc(webhookBodyBytesMax + 1);
  const response = await app.inject({ method: "POST", url: "/ingress/mlflow", payload });
  expect(response.statusCode).toBe(413);
  expect(response.json()).toMatchObject({
    error: {
      reason: "LIMIT_EXCEEDED",
      metadata: { field: "body", limit: String(webhookBodyBytesMax) },
    },
  });
});

it("answers errors as data", () => {
  const error = PubSubError.of("OVERLOADED", "too much", { metadata: { limit: 1 } });
  expect(httpStatusOf(error)).toBe(503);
  expect(errorBody(error)).toEqual({
    error: {
      reason: "OVERLOADED",
      message: "OVERLOADED: too much",
      advice: "Wait as RetryInfo says and send again with the same ids.",
      metadata: { limit: "1" },
    },
  });
});
