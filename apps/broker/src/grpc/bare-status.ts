import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { PubSubError } from "@opendxa/pubsub-protocol";
import { STATUS_DETAILS_KEY, toServiceError } from "@opendxa/pubsub-protocol/grpc";
import type { Incidents } from "../incidents.js";
import { BROKER_LIMITS } from "../limits.js";

const STATUS = "grpc-status";
const OK = 0;
const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;

/** Services with a contract of their own, whose statuses are not ours to dress. */
const FOREIGN_PREFIX = "/grpc.";

/**
 * Gives every status that grpc-js makes by itself (unknown method, message too large for the
 * transport, broken framing) the details of the contract, so that no bare status leaves the broker.
 */
export function dressBareStatuses(
  stream: ServerHttp2Stream,
  request: IncomingHttpHeaders,
  incidents: Incidents,
): void {
  const path = request[":path"] ?? "";
  if (path.startsWith(FOREIGN_PREFIX)) return;
  const respond = stream.respond.bind(stream);
  const sendTrailers = stream.sendTrailers.bind(stream);
  stream.respond = (headers, options) => {
    respond(
      headers === undefined ? headers : dress(headers as OutgoingHttpHeaders, path, incidents),
      options,
    );
  };
  stream.sendTrailers = (headers) => sendTrailers(dress(headers, path, incidents));
}

/** The same headers, or the same with details and the status that belongs to their reason. */
export function dress(
  headers: OutgoingHttpHeaders,
  path: string,
  incidents: Incidents,
): OutgoingHttpHeaders {
  const status = Number(headers[STATUS] ?? OK);
  if (status === OK || headers[STATUS_DETAILS_KEY] !== undefined) return headers;
  const text = String(headers["grpc-message"] ?? "");
  const { code, details, metadata } = toServiceError(errorOf(status, path, text, incidents));
  return {
    ...headers,
    ...metadata.toHttp2Headers(),
    [STATUS]: code,
    "grpc-message": encodeURI(details),
  };
}

function errorOf(status: number, path: string, text: string, incidents: Incidents): PubSubError {
  switch (status) {
    case CANCELLED:
      return PubSubError.of("CLIENT_CLOSED", "the caller gave up");
    case DEADLINE_EXCEEDED:
      return PubSubError.of("TIMED_OUT", "the caller's deadline passed");
    case RESOURCE_EXHAUSTED: {
      const limit = BROKER_LIMITS.transportMessageBytesMax;
      return PubSubError.of("LIMIT_EXCEEDED", `a message has more than ${limit} bytes`, {
        metadata: { field: "message", limit, size: `above ${limit}` },
      });
    }
    case UNIMPLEMENTED:
      return PubSubError.of("NOT_SERVED_YET", `${path} is not an RPC of this broker`, {
        metadata: { method: path.slice(1), part: "" },
      });
    default: {
      const fault = new Error(`grpc-js answered status ${status}: ${text}`);
      const incident = incidents.report(fault, path);
      return PubSubError.of("INTERNAL", `a fault of the broker, incident ${incident}`, {
        metadata: { incident },
      });
    }
  }
}
