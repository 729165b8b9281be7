import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of a block as `stat` counts them. */
const BLOCK_BYTES = 512;

/** Bytes that the files of a folder take on the disk, as it has allocated them. */
export async function allocatedBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += await allocated(join(entry.parentPath, entry.name));
  }
  return bytes;
}

async function allocated(path: string): Promise<number> {
  try {
    return (await stat(path)).blocks * BLOCK_BYTES;
  } catch (error) {
    // A running broker removes files while they are being counted.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}
