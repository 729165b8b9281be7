import type { SequenceRange } from "./sequence-range.js";

/**
 * Why a journal refused or failed.
 * - `overloaded`: too many bytes are queued; nothing was assigned, try again later.
 * - `limit_exceeded`: an entry or an append is larger than its bound, which `details` names.
 * - `conflict`: `expectedLast` is not the newest assigned sequence; `details` has both.
 * - `full`: no space is left on the disk; nothing was stored of this append and of those behind it,
 *   and nothing was assigned. The journal goes on, and takes appends again when there is space.
 * - `failed`: a write or sync failed. Final: the journal takes nothing more until it is reopened.
 * - `io_failed`: a read or the removal of a segment failed; the journal itself goes on.
 * - `corrupt`: stored bytes are damaged or missing; see `segment`, `position` and `sequences`.
 * - `unsupported`: the folder was written in a format that this version does not know.
 * - `other_kind`: the folder holds a journal of the other implementation; `details` has both.
 * - `locked`: another process uses the folder.
 * - `closed`: the journal is closed or closing.
 */
export type JournalErrorReason =
  | "overloaded"
  | "limit_exceeded"
  | "conflict"
  | "full"
  | "failed"
  | "io_failed"
  | "corrupt"
  | "unsupported"
  | "other_kind"
  | "locked"
  | "closed";

/** What a {@link JournalError} carries beside its reason. */
export interface JournalErrorOptions {
  /** Facts for the caller and the log. */
  readonly details?: Readonly<Record<string, string | number | bigint>>;
  /** File name of the segment concerned. */
  readonly segment?: string;
  /** Byte position in the segment at which the fault begins. */
  readonly position?: number;
  /** Entries that the fault concerns, as far as they are known. */
  readonly sequences?: SequenceRange;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** The one error that journals reject with, beside `TypeError` and `RangeError` for callers' mistakes. */
export class JournalError extends Error {
  /** What to decide by; never match on the message. */
  readonly reason: JournalErrorReason;
  /** Facts, for instance the limit's name and its value. */
  readonly details: Readonly<Record<string, string | number | bigint>>;
  /** File name of the segment concerned, if one is. */
  readonly segment: string | undefined;
  /** Byte position in the segment at which the fault begins, if it is known. */
  readonly position: number | undefined;
  /** Entries that the fault concerns, if they are known. */
  readonly sequences: SequenceRange | undefined;

  /** Builds an error of a reason with a sentence for people. */
  constructor(reason: JournalErrorReason, message: string, options: JournalErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "JournalError";
    this.reason = reason;
    this.details = options.details ?? {};
    this.segment = options.segment;
    this.position = options.position;
    this.sequences = options.sequences;
  }

  /** The error itself where it is typed already; anything else becomes `io_failed`. */
  static from(error: unknown, operation: string): JournalError {
    if (error instanceof JournalError) return error;
    const text = error instanceof Error ? error.message : String(error);
    return new JournalError("io_failed", `The journal's ${operation} failed: ${text}`, {
      cause: error,
    });
  }
}

/** Builds the error for damage, with a message that names the place. */
export function corruption(
  what: string,
  place: { segment: string; position: number; sequences?: SequenceRange },
): JournalError {
  const { segment, position, sequences } = place;
  const entries =
    sequences === undefined
      ? ""
      : sequences.first === sequences.last
        ? `, entry ${sequences.first}`
        : `, entries ${sequences.first} to ${sequences.last}`;
  return new JournalError("corrupt", `${what} (segment ${segment}, byte ${position}${entries})`, {
    ...place,
  });
}

/** The final error for a write or sync that failed; one that is final already stays as it is. */
export function failed(cause: unknown): JournalError {
  if (cause instanceof JournalError && cause.reason === "failed") return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  return new JournalError("failed", `The journal failed and takes nothing more: ${text}`, {
    cause,
  });
}

/** The error for what did not fit on the disk and was taken back whole. */
export function full(cause: unknown): JournalError {
  return new JournalError("full", "No space is left on the journal's disk", { cause });
}

/** Whether an error says that nothing was changed for lack of space. */
export function isFull(error: unknown): boolean {
  return error instanceof JournalError && error.reason === "full";
}
