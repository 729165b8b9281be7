/**
 * What a file is opened for: `create` makes a new one and fails with `EEXIST` if it is there.
 * `synced` is as `write`, but each `writev` is durable when it resolves, in one step where the
 * system can: what it wrote and nothing that was written before.
 */
export type OpenMode = "create" | "write" | "synced" | "read";

/** The file system as the journal needs it. Errors carry the `code` that Node gives them. */
export interface Disk {
  /** Opens a file; all but `create` need one that exists, and all may read. */
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  /** Names in a directory, in any order. */
  readdir(path: string): Promise<string[]>;
  /** Makes one directory; its parent exists. */
  mkdir(path: string): Promise<void>;
  /** Renames a file, replacing one of the new name. */
  rename(from: string, to: string): Promise<void>;
  /**
   * Gives a file a second name; `EEXIST` where that is taken, `EXDEV` where it would lie on another
   * file system.
   */
  link(existing: string, path: string): Promise<void>;
  /** Removes a file's name. */
  unlink(path: string): Promise<void>;
  /** Whether a file or directory is there. */
  exists(path: string): Promise<boolean>;
  /** What a file is at this moment. */
  stat(path: string): Promise<FileFacts>;
  /** Bytes that the file system of a path still has for files of this user. */
  freeBytes(path: string): Promise<number>;
  /** Makes creations, renames and removals in a directory durable. */
  syncDirectory(path: string): Promise<void>;
}

/** What is known of a file without reading it. */
export interface FileFacts {
  /** Its length in bytes. */
  readonly bytes: number;
  /** Names that it has: 1, unless `link` gave it more. */
  readonly links: number;
}

/** An open file. */
export interface DiskFile {
  /** Writes all parts, one after the other, from a position on, or rejects. */
  writev(parts: readonly Uint8Array[], position: number): Promise<void>;
  /** Reads into `buffer`; resolves to the bytes read, which may be fewer, 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Makes bytes and length durable. */
  datasync(): Promise<void>;
  /** Makes bytes, length and all metadata durable. */
  sync(): Promise<void>;
  /** Sets the length. */
  truncate(length: number): Promise<void>;
  /** Length in bytes. */
  size(): Promise<number>;
  /** Ends the handle. */
  close(): Promise<void>;
}

/** Whether an error says that no space is left, on the disk or of the user's share of it. */
export function saysFull(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOSPC" || code === "EDQUOT";
}
