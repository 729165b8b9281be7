import { statfs } from "node:fs/promises";
import { MEMORY_FOLDER_BYTES_MIN } from "./limits.js";
import { isInMemory } from "./report/file-system.js";

/** Where Linux has a file system in memory. */
const SHARED_MEMORY = "/dev/shm";

/**
 * A folder in memory with room for the data of a broker, for questions whose answer a disk's moods
 * must not decide; `undefined` where the machine has none, or a small one, as in a container.
 */
export async function memoryFolder(): Promise<string | undefined> {
  try {
    if (!(await isInMemory(SHARED_MEMORY))) return undefined;
    const { bavail, bsize } = await statfs(SHARED_MEMORY);
    return bavail * bsize >= MEMORY_FOLDER_BYTES_MIN ? SHARED_MEMORY : undefined;
  } catch {
    return undefined;
  }
}
