import * as fs from "node:fs";
import { access, link, mkdir, open, readdir, rename, stat, statfs, unlink } from "node:fs/promises";
import type { Disk, DiskFile, FileFacts, OpenMode } from "./disk.js";

/** Elsewhere the flag is missing, or does not reach the medium. */
const WRITES_SYNCED = process.platform === "linux";
const { O_RDWR, O_DSYNC } = fs.constants;
const FLAGS: Readonly<Record<OpenMode, string | number>> = {
  create: "wx+",
  write: "r+",
  synced: WRITES_SYNCED ? O_RDWR | O_DSYNC : "r+",
  read: "r",
};

/** The machine's own file system, through `node:fs`. Errors are Node's own. */
export class NodeDisk implements Disk {
  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const fd = await new Promise<number>((resolve, reject) => {
      fs.open(path, FLAGS[mode], 0o640, (error, opened) =>
        error === null ? resolve(opened) : reject(error),
      );
    });
    return new NodeDiskFile(fd, mode === "synced" && !WRITES_SYNCED);
  }

  readdir(path: string): Promise<string[]> {
    return readdir(path);
  }

  async mkdir(path: string): Promise<void> {
    await mkdir(path, { mode: 0o750 });
  }

  rename(from: string, to: string): Promise<void> {
    return rename(from, to);
  }

  link(existing: string, path: string): Promise<void> {
    return link(existing, path);
  }

  unlink(path: string): Promise<void> {
    return unlink(path);
  }

  async exists(path: string): Promise<boolean> {
    try {
      await access(path);
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
      throw error;
    }
  }

  async stat(path: string): Promise<FileFacts> {
    const { size, nlink } = await stat(path);
    return { bytes: size, links: nlink };
  }

  async freeBytes(path: string): Promise<number> {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  }

  async syncDirectory(path: string): Promise<void> {
    // Windows has no handle on a directory to sync; NTFS journals its names.
    /* v8 ignore next -- @preserve */
    if (process.platform === "win32") return;
    const directory = await open(path, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

/** The callback interface costs less per call than `FileHandle`, on the path of every commit. */
class NodeDiskFile implements DiskFile {
  readonly #fd: number;
  readonly #syncsWrites: boolean;

  constructor(fd: number, syncsWrites: boolean) {
    this.#fd = fd;
    this.#syncsWrites = syncsWrites;
  }

  async writev(parts: readonly Uint8Array[], position: number): Promise<void> {
    let rest = parts.filter((part) => part.length > 0);
    let at = position;
    while (rest.length > 0) {
      const written = await this.#writevOnce(rest, at);
      at += written;
      rest = behind(rest, written);
    }
    /* v8 ignore next -- @preserve */
    if (this.#syncsWrites) await this.datasync();
  }

  read(buffer: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#fd, buffer, 0, buffer.length, position, (error, bytesRead) =>
        error === null ? resolve(bytesRead) : reject(error),
      );
    });
  }

  datasync(): Promise<void> {
    return new Promise((resolve, reject) => fs.fdatasync(this.#fd, settle(resolve, reject)));
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => fs.fsync(this.#fd, settle(resolve, reject)));
  }

  truncate(length: number): Promise<void> {
    return new Promise((resolve, reject) =>
      fs.ftruncate(this.#fd, length, settle(resolve, reject)),
    );
  }

  size(): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.fstat(this.#fd, (error, stats) => (error === null ? resolve(stats.size) : reject(error)));
    });
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => fs.close(this.#fd, settle(resolve, reject)));
  }

  #writevOnce(parts: readonly Uint8Array[], position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.writev(this.#fd, parts, position, (error, written) =>
        error === null ? resolve(written) : reject(error),
      );
    });
  }
}

function settle(
  resolve: () => void,
  reject: (error: Error) => void,
): (error?: Error | null) => void {
  return (error) => (error === null || error === undefined ? resolve() : reject(error));
}

/** What is left of parts after their first `bytes` were written. */
export function behind(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = bytes;
  for (const part of parts) {
    if (skip >= part.length) skip -= part.length;
    else {
      rest.push(part.subarray(skip));
      skip = 0;
    }
  }
  return rest;
}
