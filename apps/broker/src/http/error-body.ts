import type { PubSubError } from "@opendxa/pubsub-protocol";

/** An error as the HTTP door answers it. */
export interface ErrorBody {
  /** The error. */
  readonly error: {
    /** Name of the ErrorReason. */
    readonly reason: string;
    /** What happened. */
    readonly message: string;
    /** What to do about it. */
    readonly advice: string;
    /** Facts. */
    readonly metadata: Readonly<Record<string, string>>;
  };
}

const BAD_REQUEST = 400;
const SERVICE_UNAVAILABLE = 503;
const INTERNAL_SERVER_ERROR = 500;

/** HTTP status by gRPC status; what is not here is a fault. */
const HTTP_STATUS: Readonly<Record<number, number>> = {
  3: BAD_REQUEST,
  5: 404,
  6: 409,
  7: 403,
  8: SERVICE_UNAVAILABLE,
  9: 409,
  10: 409,
  11: BAD_REQUEST,
  12: 501,
  14: SERVICE_UNAVAILABLE,
  16: 401,
};

/** The HTTP status of an error. */
export function httpStatusOf({ code }: PubSubError): number {
  return HTTP_STATUS[code] ?? INTERNAL_SERVER_ERROR;
}

/** The body of an error. */
export function errorBody({ reason, message, advice, metadata }: PubSubError): ErrorBody {
  return { error: { reason, message, advice, metadata } };
}
