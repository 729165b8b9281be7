import { Client, credentials } from "@grpc/grpc-js";
import { pino } from "pino";
import { Incidents } from "../incidents.js";
import { Namespaces } from "../namespaces.js";
import { addServices } from "../services/broker-services.js";
import { type GrpcServerBounds, listen, makeGrpcServer } from "./grpc-server.js";
import { Health } from "./health.js";
import { LiveCalls } from "./live-calls.js";
import { addReflection } from "./reflection.js";

/** A real server without namespaces, on a free port, with bounds that a test may lower. */
export async function startEmptyServer(bounds: Partial<GrpcServerBounds> = {}) {
  const incidents = new Incidents(pino({ level: "silent" }));
  const live = new LiveCalls();
  const { server, hasSeam } = makeGrpcServer({
    connectionsMax: 10,
    streamsPerConnectionMax: 100,
    keepaliveMs: 60_000,
    keepaliveTimeoutMs: 60_000,
    incidents,
    ...bounds,
  });
  addServices(server, new Namespaces(new Map()), {
    surroundings: {
      ticker: { every: () => () => undefined },
      endOfTurn: setImmediate,
      nowMs: () => 0,
      heartbeatMs: 5_000,
    },
    context: { incidents, live },
  });
  const health = new Health();
  health.addToServer(server);
  addReflection(server);
  const port = await listen(server, { host: "127.0.0.1", port: 0 });
  return { server, hasSeam, health, live, address: `127.0.0.1:${port}` };
}

/** Calls any unary path with raw bytes. */
export function callRaw(address: string, path: string, bytes: Uint8Array): Promise<Buffer> {
  const client = new Client(address, credentials.createInsecure());
  const same = (value: Buffer) => value;
  return new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, Buffer.from(bytes), (error, value) => {
      client.close();
      if (error === null) resolve(value ?? Buffer.alloc(0));
      else reject(error);
    });
  });
}
