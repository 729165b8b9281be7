/**
 * Why an operation of an index store was refused or failed.
 * - `unavailable`: the engine's binary is missing or does not load on this machine.
 * - `engine_mismatch`: the folder was written by another engine, or its engine cannot be used here;
 *   the message names the command that rebuilds the index.
 * - `closed`: the store is closed or closing.
 * - `key_invalid`: a key is empty or holds a character outside 0x20 to 0x7e.
 * - `limit_exceeded`: a bound was crossed; `details` has `limit`, `max` and `actual`.
 * - `engine_failed`: the engine reported a failure; `cause` is its own error.
 */
export type IndexStoreErrorReason =
  | "unavailable"
  | "engine_mismatch"
  | "closed"
  | "key_invalid"
  | "limit_exceeded"
  | "engine_failed";

/** What an {@link IndexStoreError} carries beside its reason. */
export interface IndexStoreErrorOptions {
  /** Facts for the caller and the log. */
  readonly details?: Readonly<Record<string, string | number>>;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** The one error that index stores reject with (beside `TypeError` for a caller's mistake). */
export class IndexStoreError extends Error {
  /** What to decide by; never match on the message. */
  readonly reason: IndexStoreErrorReason;
  /** Facts, for instance the limit's name and its value. */
  readonly details: Readonly<Record<string, string | number>>;

  /** Builds an error of a reason with a sentence for people. */
  constructor(
    reason: IndexStoreErrorReason,
    message: string,
    options: IndexStoreErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "IndexStoreError";
    this.reason = reason;
    this.details = options.details ?? {};
  }

  /** The error itself where it is typed already; anything else becomes `engine_failed`. */
  static from(error: unknown, operation: string): IndexStoreError {
    if (error instanceof IndexStoreError) return error;
    const text = error instanceof Error ? error.message : String(error);
    return new IndexStoreError("engine_failed", `The index store's ${operation} failed: ${text}`, {
      details: { operation },
      cause: error,
    });
  }
}
