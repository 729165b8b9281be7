/** Codes of errors that a {@link SimulatedDisk} gives, named as a real system names them. */
export type SimulatedDiskErrorCode =
  | "EIO"
  | "ENOSPC"
  | "EXDEV"
  | "ENOENT"
  | "EEXIST"
  | "ENOTDIR"
  | "EISDIR"
  | "EBADF"
  | "EPOWERCUT";

/**
 * An error as the file system would give it, with Node's `code`. `EPOWERCUT` is the machine's end
 * in a simulated power cut: nothing works any more until `crash` brings the disk back.
 */
export class SimulatedDiskError extends Error {
  /** What to decide by. */
  readonly code: SimulatedDiskErrorCode;
  /** The path concerned. */
  readonly path: string;

  /** Builds an error for an operation on a path. */
  constructor(code: SimulatedDiskErrorCode, operation: string, path: string) {
    super(`${code}: ${operation} '${path}'`);
    this.name = "SimulatedDiskError";
    this.code = code;
    this.path = path;
  }
}
