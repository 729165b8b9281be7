import { SimulatedDiskError } from "./disk-error.js";
import type { DiskFault } from "./disk-fault.js";
import { type FileContent, tornPages } from "./file-content.js";
import type { SimulatedDisk } from "./simulated-disk.js";

/** What a handle is opened on. */
export interface SimulatedDiskFileTarget {
  /** The bytes. */
  readonly content: FileContent;
  /** The path it was opened by. */
  readonly path: string;
  /** What it may do: a `read` handle cannot change anything, `synced` syncs what it writes. */
  readonly mode: "create" | "write" | "synced" | "read";
}

/** A handle of a {@link SimulatedDisk}; a crash of the disk ends it. */
export class SimulatedDiskFile {
  readonly #disk: SimulatedDisk;
  readonly #target: SimulatedDiskFileTarget;
  readonly #generation: number;
  #isOpen = true;

  /** Made by `SimulatedDisk.open`. */
  constructor(disk: SimulatedDisk, target: SimulatedDiskFileTarget) {
    this.#disk = disk;
    this.#target = target;
    this.#generation = disk.generation;
  }

  /** Writes all parts one after the other at a position, or fails, leaving what the fault says. */
  async writev(parts: readonly Uint8Array[], position: number): Promise<void> {
    this.#checkOpen("write", true);
    const { content, path } = this.#target;
    const bytes = joined(parts);
    const { fault, isCut } = this.#disk.begin("write", path, this.#generation);
    if (fault !== undefined) {
      this.#leave(bytes, position, fault.leaves ?? "nothing");
      throw new SimulatedDiskError(fault.code, "write", path);
    }
    const fits = this.#disk.growthUpTo(content.length, position + bytes.length) - position;
    content.write(bytes.subarray(0, Math.max(0, fits)), position);
    if (isCut) throw new SimulatedDiskError("EPOWERCUT", "write", path);
    if (fits < bytes.length) throw new SimulatedDiskError("ENOSPC", "write", path);
    if (this.#target.mode === "synced") this.#sync("datasync", () => content.syncNewest());
  }

  /** Reads into `buffer`; answers how many bytes there were, 0 at the end of the file. */
  async read(buffer: Uint8Array, position: number): Promise<number> {
    this.#checkOpen("read", false);
    const { content, path } = this.#target;
    const { fault } = this.#disk.begin("read", path, this.#generation);
    if (fault !== undefined) throw new SimulatedDiskError(fault.code, "read", path);
    const bytes = content.view().subarray(position, position + buffer.length);
    buffer.set(bytes);
    return bytes.length;
  }

  /** Makes the bytes and the length durable; not the name, which is the directory's. */
  async datasync(): Promise<void> {
    this.#sync("datasync", () => this.#target.content.sync());
  }

  /** As `datasync`: the simulated disk has no further metadata. */
  async sync(): Promise<void> {
    this.#sync("sync", () => this.#target.content.sync());
  }

  /** Sets the length, unsynced. */
  async truncate(length: number): Promise<void> {
    this.#checkOpen("truncate", true);
    const { content, path } = this.#target;
    const { fault, isCut } = this.#disk.begin("truncate", path, this.#generation);
    if (fault !== undefined) throw new SimulatedDiskError(fault.code, "truncate", path);
    content.truncate(length);
    if (isCut) throw new SimulatedDiskError("EPOWERCUT", "truncate", path);
  }

  /** Length in bytes. */
  async size(): Promise<number> {
    this.#checkOpen("size", false);
    this.#disk.check(this.#generation, "size", this.#target.path);
    return this.#target.content.length;
  }

  /** Ends the handle; syncs nothing. */
  async close(): Promise<void> {
    this.#isOpen = false;
  }

  #sync(operation: "sync" | "datasync", sync: () => void): void {
    this.#checkOpen(operation, false);
    const { path } = this.#target;
    const { fault, isCut } = this.#disk.begin(operation, path, this.#generation);
    if (fault !== undefined) throw new SimulatedDiskError(fault.code, operation, path);
    if (isCut) throw new SimulatedDiskError("EPOWERCUT", operation, path);
    if (!this.#disk.ignoresDatasync) sync();
  }

  #leave(bytes: Uint8Array, position: number, leaves: NonNullable<DiskFault["leaves"]>): void {
    const { content } = this.#target;
    if (leaves === "prefix") content.write(bytes.subarray(0, bytes.length >> 1), position);
    if (leaves !== "pages") return;
    for (const page of tornPages(bytes, position, this.#disk.random)) {
      content.write(page.bytes, page.position);
    }
  }

  #checkOpen(operation: string, isChange: boolean): void {
    const { mode, path } = this.#target;
    if (!this.#isOpen || (isChange && mode === "read")) {
      throw new SimulatedDiskError("EBADF", operation, path);
    }
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
