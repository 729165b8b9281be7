import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "./engine-marker.js";
import { IndexStoreError } from "./index-store-error.js";

/**
 * Removes an index folder, whichever engine wrote it, so that the next open finds a fresh one. A
 * crash inside leaves either the whole folder or none; the remains go with the next removal. The
 * store must be closed. Rejects with `engine_failed`.
 */
export async function removeIndexStore(folder: string): Promise<void> {
  const remains = `${folder}.removed`;
  try {
    await rm(remains, { recursive: true, force: true });
    if (!(await moveAway(folder, remains))) return;
    await syncFolder(dirname(folder));
    await rm(remains, { recursive: true, force: true });
  } catch (error) {
    throw IndexStoreError.from(error, "remove");
  }
}

async function moveAway(folder: string, remains: string): Promise<boolean> {
  try {
    await rename(folder, remains);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}
