import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import type { Incidents } from "../incidents.js";
import { BROKER_LIMITS } from "../limits.js";
import { dressBareStatuses } from "./bare-status.js";

/** What grpc-js 1.14 keeps to itself and this seam needs. */
interface GrpcServerInternals {
  createHttp2Server: (credentials: unknown) => Http2Server;
  commonServerOptions: { settings?: Record<string, number> };
}

/** Bounds of the connections of one server. */
export interface ConnectionBounds {
  /** Connections at a time. */
  readonly connectionsMax: number;
  /** For faults of grpc-js itself. */
  readonly incidents: Incidents;
}

/**
 * The one place that reaches behind grpc-js's public interface. Its server neither sets HTTP/2
 * windows (grpc/grpc-node #3058) nor bounds connections, and answers some faults with a bare
 * status; all three need the HTTP/2 server that it creates. Drop this when it offers them.
 *
 * Keeps the open connections in `sessions`. Answers false, and changes nothing, where the seam is not what it was: the broker then serves
 * with the default windows.
 */
export function openHttp2Seam(
  server: Server,
  bounds: ConnectionBounds,
  sessions: Set<ServerHttp2Session>,
): boolean {
  const internals = server as unknown as Partial<GrpcServerInternals>;
  const { createHttp2Server, commonServerOptions } = internals;
  if (typeof createHttp2Server !== "function" || typeof commonServerOptions !== "object") {
    return false;
  }
  commonServerOptions.settings = {
    ...commonServerOptions.settings,
    initialWindowSize: BROKER_LIMITS.windowBytesMax,
    maxHeaderListSize: BROKER_LIMITS.headerBytesMax,
  };
  internals.createHttp2Server = function (this: unknown, credentials: unknown) {
    const http2Server = createHttp2Server.call(this, credentials);
    shapeConnections(http2Server, bounds, sessions);
    return http2Server;
  };
  return true;
}

function shapeConnections(
  http2Server: Http2Server,
  bounds: ConnectionBounds,
  sessions: Set<ServerHttp2Session>,
): void {
  http2Server.prependListener("stream", (stream, headers) =>
    dressBareStatuses(stream, headers, bounds.incidents),
  );
  http2Server.on("session", (session) => {
    if (sessions.size >= bounds.connectionsMax) {
      session.destroy();
      return;
    }
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    const windowBytes = windowBytesFor(sessions.size);
    session.setLocalWindowSize(windowBytes);
    if (windowBytes < BROKER_LIMITS.windowBytesMax) {
      session.settings({ initialWindowSize: windowBytes });
    }
  });
}

/** Window of a connection when so many are open: all windows together stay below their bound. */
export function windowBytesFor(connections: number): number {
  const share = Math.floor(BROKER_LIMITS.windowBytesTotal / Math.max(connections, 1));
  return Math.min(Math.max(share, BROKER_LIMITS.windowBytesMin), BROKER_LIMITS.windowBytesMax);
}
