/** How the process ends; the README's table states the same. */
export const EXIT_CODES = {
  /** It was asked to stop and did so in time. */
  OK: 0,
  /** A fault of the broker. */
  FAULT: 1,
  /** A flag, variable or key of the configuration is wrong. */
  BAD_CONFIG: 2,
  /** Another broker uses the data folder. */
  FOLDER_LOCKED: 3,
  /** An address cannot be listened on. */
  ADDRESS_IN_USE: 4,
  /** The data folder cannot be made or written. */
  FOLDER_UNWRITABLE: 5,
  /** What the data folder holds cannot be served: damage, another format, another index engine. */
  DATA_REFUSED: 6,
  /** It was asked to stop and its grace ended first, or it was asked twice. */
  STOPPED_HARD: 7,
} as const;

/** One of the documented exit codes. */
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** The broker cannot start; the message is one sentence for the operator. */
export class StartError extends Error {
  /** How the process is to end. */
  readonly exitCode: ExitCode;

  /** Builds the error. */
  constructor(exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "StartError";
    this.exitCode = exitCode;
  }
}
