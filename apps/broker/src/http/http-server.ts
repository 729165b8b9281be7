import { webhookBodyBytesMax } from "@opendxa/pubsub-connectors";
import { badRequest, PubSubError } from "@opendxa/pubsub-protocol";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import { limitExceeded, shuttingDown } from "../errors.js";
import type { Incidents } from "../incidents.js";
import { BROKER_LIMITS } from "../limits.js";
import { errorBody, httpStatusOf } from "./error-body.js";
import { type IngressEndpoint, receiveWebhook } from "./ingress-endpoint.js";
import { refuseUnreadable } from "./refuse-unreadable.js";
import { StoringWebhooks } from "./storing-webhooks.js";

/** What the HTTP door serves and within which bounds. */
export interface HttpServerOptions {
  /** Webhook endpoints. */
  readonly endpoints: readonly IngressEndpoint[];
  /** For faults. */
  readonly incidents: Incidents;
  /** Whether the broker accepts requests now. */
  readonly isServing: () => boolean;
  /** Whether the broker stops: what is being stored is answered, nothing new is taken. */
  readonly isShuttingDown: () => boolean;
  /** Milliseconds since the Unix epoch, for signed timestamps. */
  readonly nowMs: () => number;
  /** Connections at a time. */
  readonly connectionsMax: number;
  /** Longest time for a request to arrive, milliseconds. */
  readonly requestTimeoutMs: number;
  /** Webhooks being stored at a time. */
  readonly inFlightMax: number;
}

const NOT_FOUND = 404;
const PAYLOAD_TOO_LARGE = 413;
const SERVICE_UNAVAILABLE = 503;
const CLIENT_ERRORS_FROM = 400;
const FAULTS_FROM = 500;
const DEFAULT_ENDPOINT = "default";

function noSchema(): never {
  throw new Error("no route has a schema");
}

/** No route has a schema; fastify's own compilers would be loaded at every start all the same. */
const noSchemas = { buildValidator: () => noSchema, buildSerializer: () => noSchema };

/** Makes the HTTP door: webhook ingress, liveness and readiness. */
export function makeHttpServer(options: HttpServerOptions): FastifyInstance {
  const { requestTimeoutMs } = options;
  const app = fastify({
    logger: false,
    bodyLimit: webhookBodyBytesMax,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: requestTimeoutMs,
    // For peers that do not take their answer; far above the request's time, whose 408 comes first.
    connectionTimeout: BROKER_LIMITS.httpSilenceTimeouts * requestTimeoutMs,
    forceCloseConnections: true,
    // Its own answer while it closes would have no body of the contract.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, requestTimeoutMs),
    http: {
      maxHeaderSize: BROKER_LIMITS.headerBytesMax,
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(requestTimeoutMs, BROKER_LIMITS.httpTimeoutCheckMs),
    },
    schemaController: { compilersFactory: noSchemas },
  });
  app.server.maxConnections = options.connectionsMax;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: FastifyError, request, reply) =>
    answerError(
      reply,
      typed(error, options.incidents, `${request.method} ${request.routeOptions.url ?? ""}`),
    ),
  );
  app.setNotFoundHandler((_request, reply) => {
    const advice = "Post webhooks to /ingress/<system>/<endpoint>.";
    const error = {
      reason: "BAD_REQUEST",
      message: "there is no such route",
      advice,
      metadata: {},
    };
    return reply.code(NOT_FOUND).send({ error });
  });
  app.get("/healthz", async () => ({ status: "alive" }));
  app.get("/readyz", async (_request, reply) => {
    const isServing = options.isServing();
    return reply.code(isServing ? 200 : SERVICE_UNAVAILABLE).send({ serving: isServing });
  });
  addIngress(app, options);
  return app;
}

function addIngress(app: FastifyInstance, options: HttpServerOptions): void {
  const storing = new StoringWebhooks(options.inFlightMax);
  app.addHook("preClose", () => storing.allAnswered());
  app.addHook("onResponse", async (request) => storing.answered(request));
  app.post<{ Params: { system: string; endpoint?: string } }>(
    "/ingress/:system/:endpoint?",
    async (request, reply) => {
      const { system, endpoint: name = DEFAULT_ENDPOINT } = request.params;
      const endpoint = options.endpoints.find(
        (one) => one.connector.system === system && one.name === name,
      );
      if (endpoint === undefined) return reply.callNotFound();
      if (options.isShuttingDown()) throw shuttingDown();
      storing.begin(request);
      const webhook = { headers: singleHeaders(request.headers), body: asBytes(request.body) };
      const outcome = await receiveWebhook(endpoint, webhook, options.nowMs());
      const { duplicate, offset, matches, pending } = outcome;
      const matched = matches.map(({ executionId }) => executionId);
      return { offset: offset.toString(), duplicate, matched, pending };
    },
  );
}

function asBytes(body: unknown): Uint8Array {
  return Buffer.isBuffer(body) ? body : new Uint8Array(0);
}

function singleHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : value,
    ]),
  );
}

function typed(error: FastifyError, incidents: Incidents, where: string): PubSubError {
  if (error instanceof PubSubError) return error;
  const { statusCode } = error;
  if (statusCode === PAYLOAD_TOO_LARGE) {
    return limitExceeded("body", webhookBodyBytesMax, webhookBodyBytesMax + 1);
  }
  const isClientError =
    statusCode !== undefined && statusCode >= CLIENT_ERRORS_FROM && statusCode < FAULTS_FROM;
  if (isClientError) return badRequest("request", `is not readable HTTP (${error.code})`);
  return incidents.errorFor(error, where);
}

function answerError(reply: FastifyReply, error: PubSubError): FastifyReply {
  const isBody = error.reason === "LIMIT_EXCEEDED" && error.metadata["field"] === "body";
  const status = isBody ? PAYLOAD_TOO_LARGE : httpStatusOf(error);
  if (status === SERVICE_UNAVAILABLE) {
    reply.header("retry-after", String(BROKER_LIMITS.retryAfterSeconds));
  }
  return reply.code(status).send(errorBody(error));
}
