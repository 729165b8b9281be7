import { readFile, realpath, statfs } from "node:fs/promises";

/** Types of Linux file systems that lie in memory: tmpfs, ramfs. */
const MEMORY_FILE_SYSTEMS = new Set([0x01021994, 0x858458f6]);

/** Whether a folder that exists lies in memory. */
export async function isInMemory(folder: string): Promise<boolean> {
  return MEMORY_FILE_SYSTEMS.has((await statfs(folder)).type);
}

/**
 * Refuses a folder in which an fsync costs nothing.
 *
 * @throws Error that names the folder
 */
export async function checkFolderIsOnDisk(folder: string): Promise<void> {
  if (!(await isInMemory(folder))) return;
  throw new Error(`${folder} lies in memory, where an fsync proves nothing: use --folder`);
}

/** Name of the file system that holds the folder, such as `ext4`; its number where Linux is not. */
export async function fileSystemOf(folder: string): Promise<string> {
  try {
    const mounts = await readFile("/proc/self/mountinfo", "utf8");
    const name = fileSystemAt(await realpath(folder), mounts);
    if (name !== undefined) return name;
  } catch {
    // Another system than Linux has no such file; its number is better than nothing.
  }
  return `type ${(await statfs(folder)).type.toString(16)}`;
}

/** Finds the mount that a path lies on: the longest mount point that is a prefix, the newest of equals. */
export function fileSystemAt(path: string, mountInfo: string): string | undefined {
  let best: { readonly length: number; readonly name: string } | undefined;
  for (const line of mountInfo.split("\n")) {
    const [mount = "", source = ""] = line.split(" - ");
    const point = mount.split(" ")[4];
    const name = source.split(" ")[0];
    if (point === undefined || name === undefined || name === "") continue;
    const isPrefix = point === "/" || path === point || path.startsWith(`${point}/`);
    if (isPrefix && point.length >= (best?.length ?? 0)) best = { length: point.length, name };
  }
  return best?.name;
}
