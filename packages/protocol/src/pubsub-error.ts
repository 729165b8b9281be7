import { errorReasons } from "./gen/error-reasons.js";
import { decodeStatusDetails, ERROR_DOMAIN, type StatusDetails } from "./status-details.js";

/** Name of an ErrorReason without its prefix, such as `TOPIC_NOT_FOUND`. */
export type ErrorReasonName = keyof typeof errorReasons;

/** One field of a request that breaks a rule. */
export interface FieldViolation {
  /** Path of the field. */
  readonly field: string;
  /** The rule that it breaks, in words. */
  readonly description: string;
}

/** What may be said about an error beside its reason and text. */
export interface PubSubErrorOptions {
  /** Fields of the reason, as its comment in the contract lists them. */
  readonly metadata?: Readonly<Record<string, string | number | bigint>>;
  /** When to come back, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Fields that break rules. */
  readonly fieldViolations?: readonly FieldViolation[];
  /** What caused it. */
  readonly cause?: unknown;
  /** gRPC status, only for a reason that this version does not know. */
  readonly code?: number;
}

const MARKER = Symbol.for("opendxa.pubsub.PubSubError");

const CANCELLED = 1;
const UNKNOWN = 2;

/** What a bare gRPC status most likely means, for errors that never came from a broker. */
const REASON_OF_STATUS: Readonly<Record<number, ErrorReasonName>> = {
  [CANCELLED]: "CLIENT_CLOSED",
  3: "BAD_REQUEST",
  4: "TIMED_OUT",
  7: "PERMISSION_DENIED",
  8: "OVERLOADED",
  12: "NOT_SERVED_YET",
  13: "INTERNAL",
  14: "CONNECTION_LOST",
  15: "DATA_CORRUPT",
  16: "UNAUTHENTICATED",
};

/**
 * The one error of this project: a reason of the contract with its facts as data.
 *
 * `instanceof` holds across several copies of this package in one process.
 *
 * @example
 * ```ts
 * try {
 *   await client.publish("unknown", event);
 * } catch (error) {
 *   const { reason, retryable, metadata } = PubSubError.from(error);
 * }
 * ```
 */
export class PubSubError extends Error {
  /** Why, as a name of the contract's enum. */
  readonly reason: ErrorReasonName;
  /** gRPC status. */
  readonly code: number;
  /** The same request, unchanged, may succeed later. */
  readonly retryable: boolean;
  /** Facts, as the reason's comment in the contract lists them. */
  readonly metadata: Readonly<Record<string, string>>;
  /** When to come back, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Fields that break rules. */
  readonly fieldViolations: readonly FieldViolation[];
  /** Lets `instanceof` know it in other copies of this package. */
  readonly [MARKER] = true;

  private constructor(reason: ErrorReasonName, text: string, options: PubSubErrorOptions) {
    super(`${reason}: ${text}`, options.cause === undefined ? undefined : { cause: options.cause });
    const stated = errorReasons[reason];
    this.name = "PubSubError";
    this.reason = reason;
    this.code = reason === "UNSPECIFIED" ? (options.code ?? UNKNOWN) : stated.code;
    this.retryable = stated.retryable;
    this.metadata = Object.fromEntries(
      Object.entries(options.metadata ?? {}).map(([key, value]) => [key, String(value)]),
    );
    this.retryAfterMs = options.retryAfterMs;
    this.fieldViolations = options.fieldViolations ?? [];
  }

  /** What the caller should do, in one sentence. */
  get advice(): string {
    return errorReasons[this.reason].advice;
  }

  /** Knows errors of other copies of this package, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && MARKER in value;
  }

  /**
   * Makes an error.
   *
   * @param reason its name in the contract
   * @param text what happened, without the reason, which the message begins with by itself
   */
  static of(reason: ErrorReasonName, text: string, options: PubSubErrorOptions = {}): PubSubError {
    return new PubSubError(reason, text, options);
  }

  /**
   * Makes an error from what a gRPC status carries in `grpc-status-details-bin`. Without an
   * ErrorInfo of ours the reason is what the bare status most likely means.
   */
  static fromStatusDetails(details: StatusDetails, cause?: unknown): PubSubError {
    const named = details.domain === ERROR_DOMAIN ? details.reason : undefined;
    const options = { ...details, cause };
    if (named !== undefined && Object.hasOwn(errorReasons, named)) {
      const reason = named as ErrorReasonName;
      return new PubSubError(reason, withoutReason(details.message, reason), options);
    }
    if (named !== undefined) return new PubSubError("UNSPECIFIED", details.message, options);
    const reason = REASON_OF_STATUS[details.code] ?? "UNSPECIFIED";
    return new PubSubError(reason, withoutReason(details.message, reason), options);
  }

  /**
   * The one door for whatever was caught: answers it when it is one of ours, translates an error
   * of gRPC, and takes everything else for a fault (INTERNAL, with the original as `cause`).
   *
   * @throws the value itself when it is a cancellation: that is never wrapped
   */
  static from(caught: unknown): PubSubError {
    if (caught instanceof PubSubError) return caught;
    if (isCancellation(caught)) throw caught;
    const status = bareStatus(caught);
    if (status !== undefined) return PubSubError.fromStatusDetails(status, caught);
    const text = caught instanceof Error ? caught.message : String(caught);
    return new PubSubError("INTERNAL", text, { cause: caught });
  }
}

function withoutReason(message: string, reason: string): string {
  return message.startsWith(`${reason}: `) ? message.slice(reason.length + 2) : message;
}

/**
 * Whether a caught value says that the caller itself gave up: an aborted signal, or a gRPC call
 * that was cancelled on this side.
 */
export function isCancellation(caught: unknown): boolean {
  if (typeof caught !== "object" || caught === null) return false;
  const { name, code } = caught as { name?: unknown; code?: unknown };
  if (name === "AbortError" || code === "ABORT_ERR") return true;
  if (code !== CANCELLED) return false;
  const status = bareStatus(caught);
  return status !== undefined && status.reason === undefined;
}

interface GrpcErrorShape {
  readonly code: number;
  readonly details: string;
  readonly metadata: { get(key: string): unknown[] };
}

function isGrpcError(caught: unknown): caught is GrpcErrorShape {
  if (typeof caught !== "object" || caught === null) return false;
  const { code, details, metadata } = caught as Partial<GrpcErrorShape>;
  return (
    typeof code === "number" && typeof details === "string" && typeof metadata?.get === "function"
  );
}

/** What a gRPC library's error says, read by its shape: this part of the package knows no gRPC. */
function bareStatus(caught: unknown): StatusDetails | undefined {
  if (!isGrpcError(caught)) return undefined;
  const [bytes] = caught.metadata.get("grpc-status-details-bin");
  const decoded = bytes instanceof Uint8Array ? decodeStatusDetails(bytes) : undefined;
  return (
    decoded ?? { code: caught.code, message: caught.details, metadata: {}, fieldViolations: [] }
  );
}
