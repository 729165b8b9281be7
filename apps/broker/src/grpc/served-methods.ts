import type {
  MethodShape,
  RequestOf,
  ResponseOf,
  ServiceShape,
} from "@opendxa/pubsub-protocol/grpc";
import type { StreamSession, StreamTransport } from "../streams/stream-transport.js";

/** Answers one request. */
export type UnaryMethod<Request, Response> = (request: Request) => Promise<Response>;

/** Answers one request with a stream; a Buffer is a serialized response. */
export type StreamingMethod<Request, Response> = (
  request: Request,
  signal: AbortSignal,
) => AsyncIterable<Response | Buffer>;

/** Serves a stream in both directions. */
export type DuplexMethod<Request, Response> = (
  transport: StreamTransport<Response | Buffer>,
) => StreamSession<Request>;

type ServedMethod<M extends MethodShape> = M["requestStream"] extends true
  ? DuplexMethod<RequestOf<M>, ResponseOf<M>>
  : M["responseStream"] extends true
    ? StreamingMethod<RequestOf<M>, ResponseOf<M>>
    : UnaryMethod<RequestOf<M>, ResponseOf<M>>;

/** What a broker serves of one service; what is absent stands in the list of what is not served. */
export type ServedMethods<S extends ServiceShape> = {
  readonly [K in keyof S["methods"]]?: ServedMethod<S["methods"][K]>;
};
