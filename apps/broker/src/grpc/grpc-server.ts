import type { ServerHttp2Session } from "node:http2";
import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from "@grpc/grpc-js";
import { type Address, formatAddress } from "../config/address.js";
import { BROKER_LIMITS } from "../limits.js";
import { type ConnectionBounds, openHttp2Seam } from "./http2-seam.js";

/** A gRPC server with the broker's bounds, and whether its windows could be set. */
export interface MadeServer {
  /** The server; services are still to be added. */
  readonly server: Server;
  /** False: the HTTP/2 seam of grpc-js changed, default windows and statuses are in force. */
  readonly hasSeam: boolean;
  /** Cuts every connection, whatever is still to be sent on it. */
  cutConnections(): void;
}

/** Bounds of one server. */
export interface GrpcServerBounds extends ConnectionBounds {
  /** Calls and streams at a time on one connection. */
  readonly streamsPerConnectionMax: number;
  /** Milliseconds of silence after which a connection is pinged. */
  readonly keepaliveMs: number;
  /** Milliseconds that a ping may stay unanswered before the connection is closed. */
  readonly keepaliveTimeoutMs: number;
}

/** Makes a server with message, stream, connection and keepalive bounds. */
export function makeGrpcServer(bounds: GrpcServerBounds): MadeServer {
  // What grpc-js would print beside the log is in the errors that it answers.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    "grpc.max_receive_message_length": BROKER_LIMITS.transportMessageBytesMax,
    "grpc.max_concurrent_streams": bounds.streamsPerConnectionMax,
    "grpc.keepalive_time_ms": bounds.keepaliveMs,
    "grpc.keepalive_timeout_ms": bounds.keepaliveTimeoutMs,
    "grpc.enable_channelz": 0,
  });
  const sessions = new Set<ServerHttp2Session>();
  return {
    server,
    hasSeam: openHttp2Seam(server, bounds, sessions),
    cutConnections() {
      server.forceShutdown();
      // Without channelz grpc-js knows none of its connections and cuts none (1.14).
      for (const session of sessions) session.destroy();
    },
  };
}

/** Listens; answers the port. Rejects with grpc-js's error when the address cannot be taken. */
export function listen(server: Server, address: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(formatAddress(address), ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}
