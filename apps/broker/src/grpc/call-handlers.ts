import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerWritableStream,
} from "@grpc/grpc-js";
import { badRequest } from "@opendxa/pubsub-protocol";
import { toServiceError } from "@opendxa/pubsub-protocol/grpc";
import { limitExceeded, shuttingDown } from "../errors.js";
import type { Incidents } from "../incidents.js";
import { BROKER_LIMITS } from "../limits.js";
import { GrpcStreamTransport } from "./grpc-stream-transport.js";
import type { LiveCalls } from "./live-calls.js";
import type { DuplexMethod, StreamingMethod, UnaryMethod } from "./served-methods.js";

/** What every handler needs. */
export interface CallContext {
  /** For faults. */
  readonly incidents: Incidents;
  /** Streams that run now. */
  readonly live: LiveCalls;
}

/** Reads one type of request. */
export interface RequestReader {
  /** Reads a serialized message; throws when it is none. */
  decode(bytes: Uint8Array): unknown;
}

/** One RPC as it is served. */
export interface ServedRpc {
  /** `Service/Method`. */
  readonly name: string;
  /** Reads requests. */
  readonly requestType: RequestReader;
}

/** Reads a request. @throws PubSubError LIMIT_EXCEEDED or BAD_REQUEST */
export function decodeRequest(type: RequestReader, bytes: Buffer): unknown {
  if (bytes.length > BROKER_LIMITS.messageBytesMax) {
    throw limitExceeded("message", BROKER_LIMITS.messageBytesMax, bytes.length);
  }
  try {
    return type.decode(bytes);
  } catch {
    throw badRequest("message", "must be the request's serialized message");
  }
}

/** Serves a unary RPC. */
export function unaryHandler(
  rpc: ServedRpc,
  method: UnaryMethod<never, unknown>,
  { incidents, live }: CallContext,
): handleUnaryCall<Buffer, unknown> {
  const answer = async (bytes: Buffer): Promise<unknown> => {
    if (live.isShuttingDown) throw shuttingDown();
    return await method(decodeRequest(rpc.requestType, bytes) as never);
  };
  return (call, callback) => {
    answer(call.request).then(
      (response) => callback(null, response),
      (error: unknown) => callback(toServiceError(incidents.errorFor(error, rpc.name))),
    );
  };
}

/** Serves an RPC whose responses are a stream, as fast as the transport takes them. */
export function streamingHandler(
  rpc: ServedRpc,
  method: StreamingMethod<never, unknown>,
  { incidents, live }: CallContext,
): handleServerStreamingCall<Buffer, unknown> {
  const run = async (call: ServerWritableStream<Buffer, unknown>, signal: AbortSignal) => {
    const request = decodeRequest(rpc.requestType, call.request);
    for await (const response of method(request as never, signal)) {
      if (signal.aborted) break;
      if (!call.write(response)) await untilDrained(call, signal);
    }
  };
  return (call) => {
    const stopping = new AbortController();
    let isStoppedByBroker = false;
    const remove = live.add({
      shutDown() {
        isStoppedByBroker = true;
        stopping.abort();
      },
    });
    call.on("cancelled", () => stopping.abort());
    const finish = (error: unknown) => {
      remove();
      if (call.cancelled) return;
      const shown = isStoppedByBroker ? shuttingDown() : error;
      if (shown === undefined) call.end();
      else call.emit("error", toServiceError(incidents.errorFor(shown, rpc.name)));
    };
    run(call, stopping.signal).then(() => finish(undefined), finish);
  };
}

function untilDrained(
  call: ServerWritableStream<Buffer, unknown>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      call.off("drain", go);
      signal.removeEventListener("abort", go);
      resolve();
    };
    call.once("drain", go);
    signal.addEventListener("abort", go, { once: true });
    if (signal.aborted) go();
  });
}

/** Serves a stream in both directions through its session. */
export function duplexHandler(
  rpc: ServedRpc,
  method: DuplexMethod<never, unknown>,
  { incidents, live }: CallContext,
): handleBidiStreamingCall<Buffer, unknown> {
  return (call) => {
    const transport = new GrpcStreamTransport(call, incidents, rpc.name);
    const session = method(transport);
    const remove = live.add(session);
    const broken = (error: unknown) => {
      session.cancelled();
      transport.end(error);
    };
    call.on("data", (bytes: Buffer) => {
      try {
        session.receive(decodeRequest(rpc.requestType, bytes) as never, bytes.length);
      } catch (error) {
        broken(error);
      }
    });
    call.on("drain", () => session.drained());
    call.on("end", () => session.halfClosed());
    transport.onEnd = remove;
    call.on("cancelled", () => {
      remove();
      session.cancelled();
    });
  };
}
