import { statfs } from "node:fs/promises";
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";

/** What the figures were measured on. */
export interface Machine {
  /** Model of the processor. */
  readonly processor: string;
  /** Processors that this process may use. */
  readonly processors: number;
  /** Bytes of memory. */
  readonly memoryBytes: number;
  /** Operating system, its release and architecture. */
  readonly system: string;
  /** Version of Node. */
  readonly node: string;
  /** Load average of the last minute when the run began. */
  readonly load: number;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    processors: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    load: loadavg()[0] ?? 0,
  };
}

/** Types of Linux file systems that lie in memory: tmpfs, ramfs. */
const MEMORY_FILE_SYSTEMS = new Set([0x01021994, 0x858458f6]);

/**
 * Refuses a folder in which an fsync costs nothing.
 *
 * @throws Error that names the folder
 */
export async function checkFolderIsOnDisk(folder: string): Promise<void> {
  const { type } = await statfs(folder);
  if (!MEMORY_FILE_SYSTEMS.has(type)) return;
  throw new Error(`${folder} lies in memory, where an fsync proves nothing: use --folder`);
}
