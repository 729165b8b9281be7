import { createHash } from "node:crypto";
import type { Disk, DiskFile } from "./disk.js";
import { COPY_WINDOW_BYTES } from "./limits.js";

/** A file that was copied, linked or read. */
export interface CopiedFile {
  /** Its bytes. */
  readonly bytes: number;
  /** SHA-256 of them in hexadecimal digits. */
  readonly sha256: string;
}

/** Codes with which file systems say that they do not link, or not these two. */
const UNLINKABLE: readonly unknown[] = ["EXDEV", "EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK"];

/**
 * Puts a file that never changes any more at another path, durable but for its name: as a second
 * name where the file system can, else as a copy. `onPlaced` is called once the bytes are safe from
 * whatever happens to the original, and may reject. Rejects with the disk's own errors.
 */
export async function placeFile(
  disk: Disk,
  from: string,
  to: string,
  onPlaced: () => Promise<void> = async () => undefined,
): Promise<CopiedFile> {
  const isLinked = await linkFile(disk, from, to);
  const copied = isLinked ? undefined : await copyFile(disk, from, to);
  await onPlaced();
  return copied ?? (await hashFile(disk, to));
}

/**
 * Gives a file that never changes any more a second name, its content durable. Answers false where
 * the file system does not link these two. Rejects with the disk's own errors.
 */
export async function linkFile(disk: Disk, from: string, to: string): Promise<boolean> {
  try {
    await disk.link(from, to);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (!UNLINKABLE.includes(code)) throw error;
    return false;
  }
  // A killed writer may have left it in the system's cache only.
  await syncFile(disk, to);
  return true;
}

/** Makes a file's content durable. Rejects with the disk's own errors. */
export async function syncFile(disk: Disk, path: string): Promise<void> {
  const file = await disk.open(path, "read");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Reads a file and says what it is. Rejects with the disk's own errors. */
export async function hashFile(disk: Disk, path: string): Promise<CopiedFile> {
  const file = await disk.open(path, "read");
  try {
    return await pump(file, Number.POSITIVE_INFINITY, async () => undefined);
  } finally {
    await file.close();
  }
}

/**
 * Copies a file, or its first `bytesMax` bytes, to a path that is free, durable but for its name.
 * Rejects with the disk's own errors.
 */
export async function copyFile(
  disk: Disk,
  from: string,
  to: string,
  bytesMax = Number.POSITIVE_INFINITY,
): Promise<CopiedFile> {
  const source = await disk.open(from, "read");
  try {
    return await copyOpened(disk, source, to, bytesMax);
  } finally {
    await source.close();
  }
}

/** As `copyFile`, of a file that is open, whatever became of its name. */
export async function copyOpened(
  disk: Disk,
  source: DiskFile,
  to: string,
  bytesMax: number,
): Promise<CopiedFile> {
  const target = await disk.open(to, "create");
  try {
    const copied = await pump(source, bytesMax, (part, at) => target.writev([part], at));
    await target.sync();
    return copied;
  } finally {
    await target.close();
  }
}

async function pump(
  source: DiskFile,
  bytesMax: number,
  take: (part: Uint8Array, position: number) => Promise<void>,
): Promise<CopiedFile> {
  const hash = createHash("sha256");
  const window = Buffer.allocUnsafeSlow(COPY_WINDOW_BYTES);
  let bytes = 0;
  while (bytes < bytesMax) {
    const wanted = Math.min(window.length, bytesMax - bytes);
    const read = await source.read(window.subarray(0, wanted), bytes);
    if (read === 0) break;
    const part = window.subarray(0, read);
    hash.update(part);
    await take(part, bytes);
    bytes += read;
  }
  return { bytes, sha256: hash.digest("hex") };
}
