import { dirname } from "node:path";
import type { Disk } from "./disk.js";

/**
 * Makes a folder with all above it, each durable in its parent before the next is made. A folder
 * that is there is made durable again: whoever made it may have been killed before the sync.
 */
export async function ensureFolder(disk: Disk, folder: string): Promise<void> {
  const parent = dirname(folder);
  if (parent === folder) return;
  if (!(await disk.exists(folder))) {
    await ensureFolder(disk, parent);
    await disk.mkdir(folder);
    await disk.syncDirectory(parent);
    return;
  }
  try {
    await disk.syncDirectory(parent);
  } catch (error) {
    // Above a folder that we could not have made ourselves there is nothing of ours to sync.
    if (!isForbidden(error)) throw error;
  }
}

function isForbidden(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "EACCES" || code === "EPERM";
}
