import { clearInterval, setInterval } from "node:timers";
import { connectorFor } from "@opendxa/pubsub-connectors";
import type { Logger } from "pino";
import { type Address, parseAddress } from "./config/address.js";
import type { Config } from "./config/config-schema.js";
import { endpointSettings } from "./config/endpoint-secrets.js";
import { takeDataFolder } from "./data-folder.js";
import { openEngines } from "./engines/open-engines.js";
import { listen, makeGrpcServer } from "./grpc/grpc-server.js";
import { Health } from "./grpc/health.js";
import { LiveCalls } from "./grpc/live-calls.js";
import { addReflection } from "./grpc/reflection.js";
import { makeHttpServer } from "./http/http-server.js";
import type { IngressEndpoint } from "./http/ingress-endpoint.js";
import { Incidents } from "./incidents.js";
import { BROKER_LIMITS } from "./limits.js";
import { listenRefusal } from "./listen-refusal.js";
import { Namespaces } from "./namespaces.js";
import { type BrokerParts, RunningBroker } from "./running-broker.js";
import { addServices } from "./services/broker-services.js";
import type { StreamSurroundings } from "./streams/stream-transport.js";

/** Where a broker serves. */
export interface ServedAddresses {
  /** gRPC. */
  readonly grpc: Address;
  /** HTTP. */
  readonly http: Address;
}

/** What a start made. */
export interface StartedBroker {
  /** The broker. */
  readonly broker: RunningBroker;
  /** Real addresses. */
  readonly addresses: ServedAddresses;
  /** Its engines. */
  readonly namespaces: Namespaces;
}

/** Starts a broker. @throws StartError or ConfigError, with everything opened closed again */
export async function startBroker(config: Config, log: Logger): Promise<StartedBroker> {
  const endpointsOf = readEndpoints(config);
  const { path, lock } = await takeDataFolder(config.data);
  let namespaces: Namespaces;
  try {
    namespaces = new Namespaces(await openEngines(config, path, log));
  } catch (error) {
    await lock.release();
    throw error;
  }
  const parts = assemble(config, { namespaces, lock, log, endpoints: endpointsOf(namespaces) });
  const broker = new RunningBroker(parts);
  try {
    const addresses = await listenAll(config, parts);
    parts.health.set(true);
    return { broker, addresses, namespaces };
  } catch (error) {
    await broker.stop();
    throw error;
  }
}

function readEndpoints(config: Config): (namespaces: Namespaces) => IngressEndpoint[] {
  const read = config.ingress.map((endpoint) => {
    const connector = connectorFor(endpoint.system);
    if (connector === undefined) throw new Error(`${endpoint.system} has no connector`);
    const settings = endpointSettings(endpoint, process.env);
    return { name: endpoint.name, connector, settings, namespace: endpoint.namespace };
  });
  return (namespaces) =>
    read.map(({ namespace, ...endpoint }) => ({
      ...endpoint,
      engine: namespaces.engineOf(namespace),
    }));
}

type Opened = Pick<BrokerParts, "namespaces" | "lock" | "log"> & {
  readonly endpoints: readonly IngressEndpoint[];
};

function assemble(config: Config, { namespaces, lock, log, endpoints }: Opened): BrokerParts {
  const { connectionsMax, streamsPerConnectionMax } = config.limits;
  const incidents = new Incidents(log);
  const health = new Health();
  const live = new LiveCalls();
  const { server, hasSeam, cutConnections } = makeGrpcServer({
    connectionsMax,
    streamsPerConnectionMax,
    keepaliveMs: BROKER_LIMITS.keepaliveMs,
    keepaliveTimeoutMs: BROKER_LIMITS.keepaliveTimeoutMs,
    incidents,
  });
  if (!hasSeam) {
    log.warn({ event: "http2_seam_missing" }, "serving with default HTTP/2 windows");
  }
  addServices(server, namespaces, {
    surroundings: surroundingsOf(config),
    context: { incidents, live },
  });
  health.addToServer(server);
  addReflection(server);
  const http = makeHttpServer({
    endpoints,
    incidents,
    isServing: () => health.isServing,
    isShuttingDown: () => live.isShuttingDown,
    nowMs: Date.now,
    connectionsMax: config.limits.httpConnectionsMax,
    requestTimeoutMs: config.limits.httpRequestTimeoutMs,
    inFlightMax: config.limits.ingressInFlightMax,
  });
  return { namespaces, grpc: server, cutConnections, http, health, live, lock, log };
}

function surroundingsOf({ heartbeatMs }: Config): StreamSurroundings {
  return {
    ticker: {
      every(periodMs, tick) {
        const timer = setInterval(tick, periodMs);
        return () => clearInterval(timer);
      },
    },
    endOfTurn: setImmediate,
    nowMs: Date.now,
    heartbeatMs,
  };
}

async function listenAll(config: Config, { grpc, http }: BrokerParts): Promise<ServedAddresses> {
  const grpcAddress = parseAddress(config.grpc);
  const httpAddress = parseAddress(config.http);
  const grpcPort = await orRefuse("grpc", grpcAddress, () => listen(grpc, grpcAddress));
  const httpPort = await orRefuse("http", httpAddress, async () => {
    await http.listen({ host: httpAddress.host, port: httpAddress.port });
    const bound = http.server.address();
    return bound === null || typeof bound === "string" ? httpAddress.port : bound.port;
  });
  return {
    grpc: { host: grpcAddress.host, port: grpcPort },
    http: { host: httpAddress.host, port: httpPort },
  };
}

async function orRefuse<T>(key: string, address: Address, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw await listenRefusal(key, address, error);
  }
}
