import { z } from "zod";
import { BROKER_LIMITS } from "../limits.js";

const ADDRESS = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):(\d{1,5})$/;
const NAMESPACE = /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;
const ENDPOINT = /^[a-z0-9][a-z0-9_-]{0,63}$/;

function address(what: string) {
  const rule = "must be host:port with a port of 0 to 65535 (0 takes a free one)";
  return z
    .string({ error: rule })
    .refine((text) => Number(ADDRESS.exec(text)?.[1] ?? Number.NaN) <= 65_535, { error: rule })
    .describe(what);
}

function wholeNumber(least: number, most: number) {
  const rule = `must be a whole number of ${least} to ${most}`;
  return z.number({ error: rule }).int({ error: rule }).min(least, rule).max(most, rule);
}

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `must be one of ${values.join(", ")}` });
}

function strictMap<Shape extends z.ZodRawShape>(shape: Shape) {
  const unknown = `is not known here; known are ${Object.keys(shape).join(", ")}`;
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === "unrecognized_keys" ? unknown : "must be a map of keys to values",
  });
}

const timeRule = "must be empty or a time such as 2026-01-31T12:00:00Z";

const flag = z.boolean({ error: "must be true or false" });

const namespaceName = z
  .string({ error: "must be a text" })
  .regex(NAMESPACE, { error: "must be 1 to 64 characters of a-z, 0-9, '_' and '-'" });

const secretList = z.array(
  z.string({ error: "must be a text" }).min(1, { error: "must not be empty" }),
  { error: "must be a list of texts" },
);

const endpointSchema = strictMap({
  system: oneOf(["mlflow", "pagerduty"]),
  name: z
    .string({ error: "must be a text" })
    .regex(ENDPOINT, { error: "must be 1 to 64 characters of a-z, 0-9, '_' and '-'" })
    .default("default"),
  namespace: namespaceName.default("default"),
  secrets: secretList.default([]),
  secretFiles: secretList.default([]),
  secretEnv: secretList.default([]),
  toleranceMs: wholeNumber(BROKER_LIMITS.toleranceMsMin, BROKER_LIMITS.toleranceMsMax).default(
    BROKER_LIMITS.toleranceMsDefault,
  ),
  allowUnsigned: flag.default(false),
});

const limitsSchema = strictMap({
  connectionsMax: wholeNumber(1, 100_000)
    .default(BROKER_LIMITS.connectionsMax)
    .describe("gRPC connections at a time; further ones are closed at once"),
  streamsPerConnectionMax: wholeNumber(1, 1_000_000)
    .default(BROKER_LIMITS.streamsPerConnectionMax)
    .describe("calls and streams at a time on one gRPC connection"),
  httpConnectionsMax: wholeNumber(1, 100_000)
    .default(BROKER_LIMITS.httpConnectionsMax)
    .describe("HTTP connections at a time; further ones are closed at once"),
  httpRequestTimeoutMs: wholeNumber(100, 600_000)
    .default(BROKER_LIMITS.httpRequestTimeoutMs)
    .describe("a webhook must have sent its request within this time"),
  ingressInFlightMax: wholeNumber(1, 100_000)
    .default(BROKER_LIMITS.ingressInFlightMax)
    .describe("webhooks being stored at a time; further ones get 503 with Retry-After"),
  diskReserveBytes: wholeNumber(0, BROKER_LIMITS.diskReserveBytesMost)
    .default(BROKER_LIMITS.diskReserveBytes)
    .describe("free bytes of the disk below which nothing new is stored"),
  retentionMsMax: wholeNumber(BROKER_LIMITS.retentionMsMin, BROKER_LIMITS.retentionMsMost)
    .default(BROKER_LIMITS.retentionMsMax)
    .describe("longest retention that a topic may ask for; a lower one holds for all topics"),
});

/** Everything that can be configured: the one schema behind file, environment and flags. */
export const configSchema = strictMap({
  grpc: address("address of the gRPC services").default("127.0.0.1:50051"),
  http: address("address of webhook ingress and health").default("127.0.0.1:8051"),
  data: z
    .string({ error: "must be a path" })
    .min(1, { error: "must not be empty" })
    .default("./.opendxa-pubsub")
    .describe("data folder; each namespace has a folder in it"),
  namespaces: z
    .array(namespaceName, { error: "must be a list of names" })
    .min(1, { error: "must name at least one namespace" })
    .max(BROKER_LIMITS.namespacesMax, {
      error: `must name at most ${BROKER_LIMITS.namespacesMax} namespaces`,
    })
    .refine((names) => new Set(names).size === names.length, {
      error: "must not name a namespace twice",
    })
    .default(["default"])
    .describe("namespaces that are served; no request reaches another"),
  index: oneOf(["auto", "rocksdb", "leveldb"])
    .default("auto")
    .describe("engine of the index; auto: RocksDB, LevelDB where its binary does not load"),
  journal: oneOf(["segments", "level"])
    .default("segments")
    .describe("where records lie: files of their own, or LevelDB; fixed with the first start"),
  logLevel: oneOf(["fatal", "error", "warn", "info", "debug", "trace", "silent"])
    .default("info")
    .describe("least serious log line that is written to stderr"),
  shutdownGraceMs: wholeNumber(0, 600_000)
    .default(BROKER_LIMITS.shutdownGraceMs)
    .describe("longest time from SIGTERM to the exit"),
  heartbeatMs: wholeNumber(BROKER_LIMITS.heartbeatMsMin, BROKER_LIMITS.heartbeatMsMax)
    .default(BROKER_LIMITS.heartbeatMsDefault)
    .describe("heartbeat of streams whose client proposes none"),
  clockConfirmed: z
    .string({ error: timeRule })
    .refine((text) => text === "" || TIME.test(text), { error: timeRule })
    .default("")
    .describe(
      "a time of today, to say that the clock is right although it differs from the journal",
    ),
  ingress: z
    .array(endpointSchema, { error: "must be a list of endpoints" })
    .max(BROKER_LIMITS.ingressEndpointsMax, {
      error: `must have at most ${BROKER_LIMITS.ingressEndpointsMax} endpoints`,
    })
    .default([])
    .describe("webhook endpoints; see below"),
  limits: limitsSchema.prefault({}),
});

/** A configuration with every default filled in. */
export type Config = z.infer<typeof configSchema>;

/** One webhook endpoint of the configuration. */
export type IngressEndpointConfig = Config["ingress"][number];
