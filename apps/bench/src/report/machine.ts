import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { fileSystemOf } from "./file-system.js";

/** What the figures were measured on. */
export interface Machine {
  /** Model of the processor. */
  readonly processor: string;
  /** Processors that this process may use. */
  readonly processors: number;
  /** Bytes of memory. */
  readonly memoryBytes: number;
  /** Operating system, its kernel's release and architecture. */
  readonly system: string;
  /** Version of Node. */
  readonly node: string;
  /** File system of the folder under test. */
  readonly fileSystem: string;
  /** Load averages of the last minute when the run began and when it ended. */
  readonly load: { readonly before: number; readonly after: number };
}

/** Load average of the last minute. */
export function loadNow(): number {
  return loadavg()[0] ?? 0;
}

/** Describes this machine when a run that began under the load `before` is over. */
export async function describeMachine(folder: string, before: number): Promise<Machine> {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    processors: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    fileSystem: await fileSystemOf(folder),
    load: { before, after: loadNow() },
  };
}
