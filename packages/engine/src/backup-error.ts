/**
 * Why a backup or restore was refused.
 * - `target_not_empty`: there is something in the folder that was to be written.
 * - `no_backup`: the folder holds no manifest, or one that is not understood.
 * - `damaged`: a file of the backup, or of what was to be backed up, is not what it should be.
 * - `changing`: files went away under the backup again and again.
 */
export type BackupErrorReason = "target_not_empty" | "no_backup" | "damaged" | "changing";

/** A backup or restore that was refused; the message is one sentence for the operator. */
export class BackupError extends Error {
  /** What to decide by; never match on the message. */
  readonly reason: BackupErrorReason;

  /** Builds the error. */
  constructor(reason: BackupErrorReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "BackupError";
    this.reason = reason;
  }
}
