import { badRequest, NAME_BYTES_MAX, PRODUCER_ID_BYTES } from "@opendxa/pubsub-protocol";
import { text, whole } from "./arguments.js";
import {
  CLOSE_TIMEOUT_MS_DEFAULT,
  CONNECT_TIMEOUT_MS_DEFAULT,
  PUBLISH_TIMEOUT_MS_DEFAULT,
  REQUEST_TIMEOUT_MS_DEFAULT,
  TIMEOUT_MS_MAX,
  UNACKED_BYTES_DEFAULT,
  UNACKED_BYTES_MIN,
} from "./limits.js";

/** Where brokers listen by default. */
export const ADDRESS_DEFAULT = "127.0.0.1:50051";

/** Environment variable that names the broker's address. */
export const ADDRESS_VARIABLE = "OPENDXA_PUBSUB_ADDRESS";

/** How a client connects and behaves. Everything has a default. */
export interface ClientOptions {
  /** Address of the broker. Default: the environment's OPENDXA_PUBSUB_ADDRESS, else 127.0.0.1:50051. */
  readonly address?: string | undefined;
  /** Namespace of everything. Default: the broker's `default`. */
  readonly namespace?: string | undefined;
  /** Shown in the broker's logs and lists; part of default subscription names. At most 255 bytes. */
  readonly name?: string | undefined;
  /** `source` of events that state none, a URI reference. Default: derived from the producer id. */
  readonly source?: string | undefined;
  /**
   * 16 bytes that identify the producer. Default: random. One client at a time may use an id: the
   * newer one fences the older, whose publishes fail with PRODUCER_FENCED.
   */
  readonly producerId?: Uint8Array | undefined;
  /** Bytes that may be published and unacknowledged; as many again may wait for room. Default 16 MiB. */
  readonly unackedBytesMax?: number | undefined;
  /** When a publish gives up with TIMED_OUT or BUFFER_FULL, in milliseconds. Default 60,000. */
  readonly publishTimeoutMs?: number | undefined;
  /** When a single request gives up with TIMED_OUT, in milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long `connect` tries to reach the broker, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long `close` waits for what is under way, in milliseconds. Default 30,000. */
  readonly closeTimeoutMs?: number | undefined;
  /** Gives up connecting when aborted. */
  readonly signal?: AbortSignal | undefined;
}

type WithDefault =
  | "address"
  | "namespace"
  | "unackedBytesMax"
  | "publishTimeoutMs"
  | "requestTimeoutMs"
  | "connectTimeoutMs"
  | "closeTimeoutMs";

/** Options with every default filled in. */
export type ResolvedOptions = Omit<ClientOptions, WithDefault> & {
  readonly [Name in WithDefault]-?: NonNullable<ClientOptions[Name]>;
};

/** Fills in defaults. @throws {@link PubSubError} BAD_REQUEST with `field` and `rule` */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  const unackedBytesMax = options.unackedBytesMax ?? UNACKED_BYTES_DEFAULT;
  // One frame must fit.
  whole("unackedBytesMax", unackedBytesMax, UNACKED_BYTES_MIN, Number.MAX_SAFE_INTEGER);
  const { name, source, producerId } = options;
  if (name !== undefined && Buffer.byteLength(text("name", name)) > NAME_BYTES_MAX) {
    throw badRequest("name", `at most ${NAME_BYTES_MAX} bytes`);
  }
  if (source !== undefined) text("source", source);
  if (producerId !== undefined && !isProducerId(producerId)) {
    throw badRequest("producerId", `${PRODUCER_ID_BYTES} bytes`);
  }
  return {
    ...options,
    address: text("address", options.address ?? process.env[ADDRESS_VARIABLE] ?? ADDRESS_DEFAULT),
    namespace: text("namespace", options.namespace ?? ""),
    unackedBytesMax,
    publishTimeoutMs: timeoutOf(options, "publishTimeoutMs", PUBLISH_TIMEOUT_MS_DEFAULT),
    requestTimeoutMs: timeoutOf(options, "requestTimeoutMs", REQUEST_TIMEOUT_MS_DEFAULT),
    connectTimeoutMs: timeoutOf(options, "connectTimeoutMs", CONNECT_TIMEOUT_MS_DEFAULT),
    closeTimeoutMs: timeoutOf(options, "closeTimeoutMs", CLOSE_TIMEOUT_MS_DEFAULT),
  };
}

function isProducerId(id: unknown): boolean {
  return id instanceof Uint8Array && id.length === PRODUCER_ID_BYTES;
}

function timeoutOf(
  options: ClientOptions,
  field: Extract<WithDefault, `${string}TimeoutMs`>,
  fallback: number,
): number {
  return whole(field, options[field] ?? fallback, 0, TIMEOUT_MS_MAX);
}
