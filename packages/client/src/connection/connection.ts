import { setMaxListeners } from "node:events";
import {
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  credentials,
  Metadata,
} from "@grpc/grpc-js";
import { PubSubError } from "@opendxa/pubsub-protocol";
import {
  type MethodShape,
  makeClient,
  type RequestOf,
  type ResponseOf,
  type ServiceClient,
  type StreamingCall,
  services,
  type UnaryCall,
} from "@opendxa/pubsub-protocol/grpc";
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from "cockatiel";
import { whole } from "../arguments.js";
import {
  BREAKER_FAILURES,
  BREAKER_OPEN_MS,
  KEEPALIVE_MS,
  KEEPALIVE_TIMEOUT_MS,
  MESSAGE_BYTES_MAX,
  TIMEOUT_MS_MAX,
  WINDOW_BYTES,
} from "../limits.js";
import { Backoff, sleep } from "./backoff.js";
import { REQUESTS, StateTracker } from "./client-state.js";
import { transportError } from "./transport-error.js";
import { type WritableType, writeRequest } from "./write-request.js";

const CHANNEL_OPTIONS: ClientOptions = {
  "grpc-node.flow_control_window": WINDOW_BYTES,
  "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
  "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
  "grpc.keepalive_time_ms": KEEPALIVE_MS,
  "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
  "grpc.keepalive_permit_without_calls": 1,
  // The client's own backoff governs; the channel's must not stand in its way.
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.min_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 500,
  "grpc.use_local_subchannel_pool": 1,
};

/** Options of one request. */
export interface RequestOptions {
  /** Gives up then, with TIMED_OUT; milliseconds from now. Default: the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Gives up when aborted; the promise then rejects with the signal's reason, never wrapped. */
  readonly signal?: AbortSignal | undefined;
}

/** How a request is made. */
export interface UnaryOptions extends RequestOptions {
  /** It may have been carried out though its answer is lost: sent again only where that is harmless. */
  readonly isRepeatable: boolean;
}

interface Clients {
  readonly broker: ServiceClient<typeof services.broker>;
  readonly feedback: ServiceClient<typeof services.feedback>;
  readonly publisher: ServiceClient<typeof services.publisher>;
  readonly query: ServiceClient<typeof services.query>;
  readonly subscriber: ServiceClient<typeof services.subscriber>;
  readonly subscription: ServiceClient<typeof services.subscription>;
  readonly topic: ServiceClient<typeof services.topic>;
}

type MethodsOf<S extends keyof Clients> = (typeof services)[S]["methods"];

/** Unary RPCs of a service. */
type UnaryName<S extends keyof Clients> = {
  [M in keyof MethodsOf<S>]: MethodsOf<S>[M] extends { requestStream: false; responseStream: false }
    ? M
    : never;
}[keyof MethodsOf<S>];

/** RPCs of a service whose responses are a stream. */
type StreamName<S extends keyof Clients> = {
  [M in keyof MethodsOf<S>]: MethodsOf<S>[M] extends { requestStream: false; responseStream: true }
    ? M
    : never;
}[keyof MethodsOf<S>];

/** A request as its caller states it: what is absent has the contract's default. */
type Stated<M> = M extends { requestType: { fromPartial(partial: infer P): unknown } } ? P : never;

type Answer<M> = M extends MethodShape ? ResponseOf<M> : never;

type SubscribeMethod = typeof services.subscriber.methods.subscribe;

/** One channel to a broker with everything that survives its breaking. */
export class Connection {
  /** Clients of all services on the one channel. */
  readonly clients: Clients;
  /** Where it stands. */
  readonly states = new StateTracker();
  /** Namespace of every request. */
  readonly namespace: string;
  /** Longest wait for an answer, in milliseconds. */
  readonly requestTimeoutMs: number;
  readonly #address: string;
  readonly #breaker: CircuitBreakerPolicy;
  #lastFailure: PubSubError | undefined;
  readonly #closing = new AbortController();

  /** Makes the channel; nothing is sent yet. */
  constructor(options: { address: string; namespace: string; requestTimeoutMs: number }) {
    this.#address = options.address;
    this.namespace = options.namespace;
    this.requestTimeoutMs = options.requestTimeoutMs;
    this.clients = makeClients(options.address);
    // Every call in flight listens, and their number is the caller's: Node would call 11 a leak.
    setMaxListeners(0, this.#closing.signal);
    this.#breaker = circuitBreaker(
      handleWhen((error) => error instanceof PubSubError && error.reason === "CONNECTION_LOST"),
      { breaker: new ConsecutiveBreaker(BREAKER_FAILURES), halfOpenAfter: BREAKER_OPEN_MS },
    );
  }

  /** Aborted when the connection is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Whether the connection is closed. */
  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /**
   * Carries out an attempt behind the circuit breaker: while it is open, attempts fail without
   * touching the network.
   *
   * @throws {@link PubSubError}
   */
  async attempt<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await this.#breaker.execute(async () => {
        try {
          return await run();
        } catch (caught) {
          this.#lastFailure = transportError(caught);
          throw this.#lastFailure;
        }
      });
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      const { message } = this.#lastFailure ?? error;
      const text = `${this.#address} failed ${BREAKER_FAILURES} times and is left alone for a moment, at last with ${message}`;
      throw PubSubError.of("CONNECTION_LOST", text, { cause: error });
    }
  }

  /**
   * Makes a unary request, again and again while the broker cannot be reached.
   *
   * @throws {@link PubSubError} what the broker answered, TIMED_OUT, CLIENT_CLOSED; BAD_REQUEST before
   * anything is sent
   */
  async unary<S extends keyof Clients, M extends UnaryName<S>>(
    service: S,
    method: M,
    stated: Stated<MethodsOf<S>[M]>,
    options: UnaryOptions,
  ): Promise<Answer<MethodsOf<S>[M]>> {
    const request = requestOf(service, method, stated);
    const client = this.clients[service];
    const call = (client[method as keyof typeof client] as Call<MethodsOf<S>[M]>).bind(client);
    const timeoutMs = options.timeoutMs ?? this.requestTimeoutMs;
    const deadline = Date.now() + whole("timeoutMs", timeoutMs, 0, TIMEOUT_MS_MAX);
    const signal = this.#signalWith(options.signal);
    const backoff = new Backoff();
    for (;;) {
      this.#throwIfAborted(options.signal);
      try {
        const response = await this.attempt(() => once({ call, request, deadline, signal }));
        this.states.up(REQUESTS);
        return response;
      } catch (caught) {
        this.#throwIfAborted(options.signal);
        const error = transportError(caught);
        const isAgain = error.retryable && error.reason !== "TIMED_OUT" && options.isRepeatable;
        if (error.reason === "CONNECTION_LOST") this.states.down(REQUESTS, error);
        const waitMs = Math.max(backoff.next(), error.retryAfterMs ?? 0);
        if (!isAgain || Date.now() + waitMs >= deadline) throw error;
        await this.#pause(waitMs, options.signal);
      }
    }
  }

  /** Opens the subscribing stream with responses as raw bytes: credit is counted in them. */
  openSubscribe(): ClientDuplexStream<RequestOf<SubscribeMethod>, Buffer> {
    const { fullName, methods } = services.subscriber;
    const { requestType } = methods.subscribe;
    return this.clients.subscriber.makeBidiStreamRequest(
      `/${fullName}/${methods.subscribe.name}`,
      (message: RequestOf<SubscribeMethod>) => Buffer.from(requestType.encode(message).finish()),
      (bytes: Buffer) => bytes,
    );
  }

  /** Reads a response of the subscribing stream. */
  readSubscribe(bytes: Buffer): ResponseOf<SubscribeMethod> {
    return services.subscriber.methods.subscribe.responseType.decode(bytes);
  }

  /**
   * Opens a stream of responses that ends with the connection or the signal.
   *
   * @throws {@link PubSubError} BAD_REQUEST before anything is sent
   */
  serverStream<S extends keyof Clients, M extends StreamName<S>>(
    service: S,
    method: M,
    stated: Stated<MethodsOf<S>[M]>,
    signal: AbortSignal | undefined,
  ): ClientReadableStream<Answer<MethodsOf<S>[M]>> {
    const request = requestOf(service, method, stated);
    const client = this.clients[service];
    const call = (client[method as keyof typeof client] as Stream<MethodsOf<S>[M]>).call(
      client,
      request,
    );
    const both = this.#signalWith(signal);
    const cancel = () => call.cancel();
    both.addEventListener("abort", cancel, { once: true });
    call.once("close", () => both.removeEventListener("abort", cancel));
    return call;
  }

  /** Waits, but not beyond the end of the connection or the signal. */
  async #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await sleep(ms, this.#signalWith(signal));
    } catch {
      this.#throwIfAborted(signal);
    }
  }

  /** Waits as {@link sleep}; rejects CLIENT_CLOSED or with the signal's reason. */
  async pause(ms: number, signal?: AbortSignal): Promise<void> {
    await this.#pause(ms, signal);
  }

  /** Throws the signal's reason, or CLIENT_CLOSED after `close`. */
  throwIfAborted(signal: AbortSignal | undefined): void {
    this.#throwIfAborted(signal);
  }

  /** Ends the channel and everything that is open on it. */
  close(): void {
    this.#closing.abort();
    this.states.close();
    for (const client of Object.values(this.clients)) (client as { close(): void }).close();
  }

  #throwIfAborted(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.isClosed) throw PubSubError.of("CLIENT_CLOSED", "the client is closed");
  }

  #signalWith(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.closing : AbortSignal.any([signal, this.closing]);
  }
}

function makeClients(address: string): Clients {
  const insecure = credentials.createInsecure();
  const broker = makeClient(services.broker, {
    address,
    credentials: insecure,
    channel: CHANNEL_OPTIONS,
  });
  const shared = {
    address,
    credentials: insecure,
    channel: { ...CHANNEL_OPTIONS, channelOverride: broker.getChannel() },
  };
  return {
    broker,
    feedback: makeClient(services.feedback, shared),
    publisher: makeClient(services.publisher, shared),
    query: makeClient(services.query, shared),
    subscriber: makeClient(services.subscriber, shared),
    subscription: makeClient(services.subscription, shared),
    topic: makeClient(services.topic, shared),
  };
}

/** Serialized requests pass the client as they are. */
type Call<M> = UnaryCall<Buffer, Answer<M>>;
type Stream<M> = StreamingCall<Buffer, Answer<M>>;

function requestOf<S extends keyof Clients, M extends keyof MethodsOf<S>>(
  service: S,
  method: M,
  stated: Stated<MethodsOf<S>[M]>,
): Buffer {
  const methods = services[service].methods as MethodsOf<S>;
  const { requestType } = methods[method] as { requestType: WritableType };
  return writeRequest(requestType, stated as object);
}

interface Attempt<Response> {
  readonly call: UnaryCall<Buffer, Response>;
  readonly request: Buffer;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

function once<Response>({ call, request, deadline, signal }: Attempt<Response>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const open = call(request, new Metadata(), { deadline }, (error, response) => {
      signal.removeEventListener("abort", cancel);
      if (error !== null) reject(error);
      else if (response === undefined) reject(new Error("an answer without a message"));
      else resolve(response);
    });
    const cancel = () => open.cancel();
    signal.addEventListener("abort", cancel, { once: true });
  });
}
