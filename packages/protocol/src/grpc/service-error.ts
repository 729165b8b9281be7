import { Metadata, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { PubSubError } from "../pubsub-error.js";
import { decodeStatusDetails, ERROR_DOMAIN, encodeStatusDetails } from "../status-details.js";

/** Trailer that carries `google.rpc.Status`. */
export const STATUS_DETAILS_KEY = "grpc-status-details-bin";

/** Characters of the plain status text: it is percent-encoded into a header. */
const DETAILS_CHARS_MAX = 512;

/** An error as grpc-js takes it from a handler. */
export type StatusError = Error & StatusObject;

/** What a handler gives to grpc-js, so that no bare status leaves the broker. */
export function toServiceError(error: PubSubError): StatusError {
  const metadata = new Metadata();
  const details = encodeStatusDetails({
    code: error.code,
    message: error.message,
    reason: error.reason,
    domain: ERROR_DOMAIN,
    metadata: error.metadata,
    retryAfterMs: error.retryAfterMs,
    fieldViolations: error.fieldViolations,
  });
  metadata.set(STATUS_DETAILS_KEY, Buffer.from(details));
  return Object.assign(new Error(error.message), {
    code: error.code,
    details: cut(error.message),
    metadata,
  });
}

/** grpc-js percent-encodes the text, which throws for half of a surrogate pair: outside of any call. */
function cut(text: string): string {
  return text.slice(0, DETAILS_CHARS_MAX).replace(/\p{Surrogate}/gu, "\uFFFD");
}

/**
 * What a client makes of grpc-js's error: the broker's own reason where the trailer carries one,
 * else what the bare status most likely means. A call cancelled on this side is CLIENT_CLOSED here;
 * `PubSubError.from` is the door that lets cancellation pass unwrapped.
 */
export function fromServiceError(error: ServiceError): PubSubError {
  const [bytes] = error.metadata?.get(STATUS_DETAILS_KEY) ?? [];
  const decoded = bytes instanceof Uint8Array ? decodeStatusDetails(bytes) : undefined;
  const bare = { code: error.code, message: error.details, metadata: {}, fieldViolations: [] };
  return PubSubError.fromStatusDetails(decoded ?? bare, error);
}
