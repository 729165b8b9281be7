import { webhookBodyBytesMax } from "@opendxa/pubsub-connectors";
import { PubSubError } from "@opendxa/pubsub-protocol";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import { badRequest, limitExceeded, overloaded } from "../errors.js";
import type { Incidents } from "../incidents.js";
import { BROKER_LIMITS } from "../limits.js";
import { errorBody, httpStatusOf } from "./error-body.js";
import { type IngressEndpoint, receiveWebhook } from "./ingress-endpoint.js";

/** What the HTTP door serves and within which bounds. */
export interface HttpServerOptions {
  /** Webhook endpoints. */
  readonly endpoints: readonly IngressEndpoint[];
  /** For faults. */
  readonly incidents: Incidents;
  /** Whether the broker accepts requests now. */
  readonly isServing: () => boolean;
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
  const app = fastify({
    logger: false,
    bodyLimit: webhookBodyBytesMax,
    requestTimeout: options.requestTimeoutMs,
    connectionTimeout: options.requestTimeoutMs,
    forceCloseConnections: true,
    http: { maxHeaderSize: BROKER_LIMITS.headerBytesMax },
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
  let inFlight = 0;
  const serve = async (
    route: { system: string; endpoint: string },
    headers: Readonly<Record<string, string | string[] | undefined>>,
    body: unknown,
  ) => {
    const endpoint = options.endpoints.find(
      ({ connector, name }) => connector.system === route.system && name === route.endpoint,
    );
    if (endpoint === undefined) return undefined;
    if (inFlight >= options.inFlightMax) throw overloaded(options.inFlightMax, inFlight);
    inFlight += 1;
    try {
      const request = { headers: singleHeaders(headers), body: asBytes(body) };
      const outcome = await receiveWebhook(endpoint, request, options.nowMs());
      const { duplicate, offset, matches, pending } = outcome;
      const matched = matches.map(({ executionId }) => executionId);
      return { offset: offset.toString(), duplicate, matched, pending };
    } finally {
      inFlight -= 1;
    }
  };
  app.post<{ Params: { system: string; endpoint?: string } }>(
    "/ingress/:system/:endpoint?",
    async ({ params, headers, body }, reply) => {
      const { system, endpoint = DEFAULT_ENDPOINT } = params;
      const outcome = await serve({ system, endpoint }, headers, body);
      return outcome ?? reply.callNotFound();
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
