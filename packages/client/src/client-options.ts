import { NAME_BYTES_MAX } from "@opendxa/pubsub-protocol";
import { badRequest } from "./bad-request.js";
import {
  CLOSE_TIMEOUT_MS_DEFAULT,
  CONNECT_TIMEOUT_MS_DEFAULT,
  PUBLISH_TIMEOUT_MS_DEFAULT,
  REQUEST_TIMEOUT_MS_DEFAULT,
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
  if (!(unackedBytesMax >= UNACKED_BYTES_MIN)) {
    throw badRequest("unackedBytesMax", `at least ${UNACKED_BYTES_MIN}: one frame must fit`);
  }
  if (Buffer.byteLength(options.name ?? "") > NAME_BYTES_MAX) {
    throw badRequest("name", `at most ${NAME_BYTES_MAX} bytes`);
  }
  return {
    ...options,
    address: options.address ?? process.env[ADDRESS_VARIABLE] ?? ADDRESS_DEFAULT,
    namespace: options.namespace ?? "",
    unackedBytesMax,
    publishTimeoutMs: options.publishTimeoutMs ?? PUBLISH_TIMEOUT_MS_DEFAULT,
    requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS_DEFAULT,
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS_DEFAULT,
    closeTimeoutMs: options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS_DEFAULT,
  };
}
