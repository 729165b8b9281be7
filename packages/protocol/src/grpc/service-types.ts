import type {
  CallOptions,
  Client,
  ClientDuplexStream,
  ClientReadableStream,
  ClientUnaryCall,
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  requestCallback,
} from "@grpc/grpc-js";

/** Encoding and decoding of one message type, as generated. */
export interface MessageType {
  /** Serializes a message. */
  encode(message: never): { finish(): Uint8Array };
  /** Reads a message. */
  decode(bytes: Uint8Array): unknown;
}

/** One RPC, as generated. */
export interface MethodShape {
  /** Name in the contract. */
  readonly name: string;
  /** Type of requests. */
  readonly requestType: MessageType;
  /** Requests come as a stream. */
  readonly requestStream: boolean;
  /** Type of responses. */
  readonly responseType: MessageType;
  /** Responses go as a stream. */
  readonly responseStream: boolean;
}

/** One service, as generated. */
export interface ServiceShape {
  /** Name with its package. */
  readonly fullName: string;
  /** RPCs by name in camelCase. */
  readonly methods: Readonly<Record<string, MethodShape>>;
}

type MessageOf<T> = T extends { decode(...input: never[]): infer M } ? M : never;

/** Requests of an RPC. */
export type RequestOf<M extends MethodShape> = MessageOf<M["requestType"]>;

/** Responses of an RPC. */
export type ResponseOf<M extends MethodShape> = MessageOf<M["responseType"]>;

/** Calls a unary RPC. */
export interface UnaryCall<Request, Response> {
  /** With metadata, such as credentials, and options, such as a deadline. */
  (
    request: Request,
    metadata: Metadata,
    options: CallOptions,
    callback: requestCallback<Response>,
  ): ClientUnaryCall;
  /** With metadata. */
  (request: Request, metadata: Metadata, callback: requestCallback<Response>): ClientUnaryCall;
  /** With nothing else. */
  (request: Request, callback: requestCallback<Response>): ClientUnaryCall;
}

/** Calls an RPC whose responses are a stream. */
export type StreamingCall<Request, Response> = (
  request: Request,
  metadata?: Metadata,
  options?: CallOptions,
) => ClientReadableStream<Response>;

/** Calls an RPC that streams both ways; what was serialized before may be written as it is. */
export type DuplexCall<Request, Response> = (
  metadata?: Metadata,
  options?: CallOptions,
) => ClientDuplexStream<Request | Buffer, Response>;

type CallOf<M extends MethodShape> = M["requestStream"] extends true
  ? DuplexCall<RequestOf<M>, ResponseOf<M>>
  : M["responseStream"] extends true
    ? StreamingCall<RequestOf<M>, ResponseOf<M>>
    : UnaryCall<RequestOf<M>, ResponseOf<M>>;

/** A client of one service. */
export type ServiceClient<S extends ServiceShape> = Client & {
  readonly [K in keyof S["methods"]]: CallOf<S["methods"][K]>;
};

type HandlerOf<M extends MethodShape> = M["requestStream"] extends true
  ? handleBidiStreamingCall<RequestOf<M>, ResponseOf<M> | Buffer>
  : M["responseStream"] extends true
    ? handleServerStreamingCall<RequestOf<M>, ResponseOf<M> | Buffer>
    : handleUnaryCall<RequestOf<M>, ResponseOf<M> | Buffer>;

/** What a server implements of one service; a response may be a Buffer that holds it serialized. */
export type ServiceHandlers<S extends ServiceShape> = {
  readonly [K in keyof S["methods"]]: HandlerOf<S["methods"][K]>;
};
