import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { BROKER_LIMITS } from "./limits.js";

/** The test that crosses each bound: its file, and words of its title. A new bound needs a row. */
const CROSSED_BY: Readonly<
  Record<keyof typeof BROKER_LIMITS, readonly [file: string, words: string]>
> = {
  namespacesMax: ["config/load-config.test.ts", "must name at most 16 namespaces"],
  ingressEndpointsMax: ["config/load-config.test.ts", "must have at most 256 endpoints"],
  toleranceMsMin: ["config/load-config.test.ts", "toleranceMs: 269999"],
  toleranceMsMax: ["config/load-config.test.ts", "toleranceMs: 3600001"],
  toleranceMsDefault: ["http/ingress-process.test.ts", "MLflow's signed timestamp"],
  connectionsMax: ["grpc/http2-seam.test.ts", "closes connections above their bound"],
  streamsPerConnectionMax: ["grpc/connection-bounds.test.ts", "refuses streams of a connection"],
  httpConnectionsMax: ["http/http-bounds.test.ts", "closes connections above their bound"],
  httpRequestTimeoutMs: ["http/http-bounds.test.ts", "answers 408 to a request"],
  httpTimeoutCheckMs: ["http/http-bounds.test.ts", "does not wait longer for a sender"],
  httpSilenceTimeouts: ["http/http-bounds.test.ts", "closes a connection whose peer takes"],
  ingressInFlightMax: ["http/ingress-overload-process.test.ts", "asks senders to come back"],
  diskReserveBytes: ["storage-process.test.ts", "stores nothing new below the reserve"],
  diskReserveBytesMost: ["config/load-config.test.ts", "diskReserveBytes: 1125899906842625"],
  retentionMsMin: ["config/load-config.test.ts", "retentionMsMax: 999"],
  retentionMsMax: ["storage-process.test.ts", "refuses a retention above the longest"],
  retentionMsMost: ["config/load-config.test.ts", "retentionMsMax: 999"],
  retryAfterSeconds: ["http/ingress-overload-process.test.ts", "asks senders to come back"],
  shutdownGraceMs: ["shutdown-process.test.ts", "ends with code 7 when the grace is over"],
  lastCallsMs: ["running-broker.test.ts", "cuts the connections of calls"],
  hardStopMs: ["shutdown-process.test.ts", "ends by its own SIGKILL"],
  hardStopPollMs: ["shutdown-process.test.ts", "ends at once with code 7"],
  heartbeatMsMin: ["streams/heartbeats.test.ts", "within the contract's bounds"],
  heartbeatMsMax: ["streams/heartbeats.test.ts", "within the contract's bounds"],
  heartbeatMsDefault: ["streams/heartbeats.test.ts", "within the contract's bounds"],
  heartbeatsMissedMax: ["streams/heartbeats.test.ts", "gives up after three silent heartbeats"],
  framesInFlightMax: ["streams/publish-session.test.ts", "the 65th unacknowledged frame"],
  frameBytesMax: ["streams/publish-session.test.ts", "ends with a frame above its limit"],
  messageBytesMax: ["grpc/errors-on-the-wire.test.ts", "its own bound"],
  transportMessageBytesMax: ["grpc/errors-on-the-wire.test.ts", "the transport's bound"],
  settlementItemsMax: ["services/subscribing.test.ts", "too many items in one settlement"],
  producerIdBytes: ["services/publishing.test.ts", "refuses a producer id and a heartbeat"],
  windowBytesMax: ["grpc/http2-seam.test.ts", "gives one connection the whole window"],
  windowBytesMin: ["grpc/http2-seam.test.ts", "gives one connection the whole window"],
  windowBytesTotal: ["grpc/http2-seam.test.ts", "gives one connection the whole window"],
  headerBytesMax: ["http/http-bounds.test.ts", "answers 431 to headers above their bound"],
  keepaliveMs: ["grpc/connection-bounds.test.ts", "whose peer does not answer its ping"],
  keepaliveTimeoutMs: ["grpc/connection-bounds.test.ts", "whose peer does not answer its ping"],
  threadPoolSize: ["broker-process.test.ts", "too few threads for the syncs"],
  semiSpaceBytes: ["young-generation.test.ts", "stays at its bound however many objects"],
  configFileBytesMax: ["config/load-config.test.ts", "bounds the configuration file"],
  secretFileBytesMax: ["config/load-config.test.ts", "bounds a file that holds a secret"],
};

it.each(Object.entries(CROSSED_BY))("%s is crossed by a test", (_limit, [file, words]) => {
  expect(readFileSync(new URL(`./${file}`, import.meta.url), "utf8")).toContain(words);
});

it("has a row for every bound and no other", () => {
  expect(Object.keys(CROSSED_BY).sort()).toEqual(Object.keys(BROKER_LIMITS).sort());
});
