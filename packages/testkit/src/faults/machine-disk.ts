import type { Disk, DiskFile, FileFacts, OpenMode } from "@opendxa/pubsub-journal";
import { type SimulatedDisk, SimulatedDiskError } from "@opendxa/pubsub-simulated";

/**
 * The disk as one machine sees it until it ends: what is still going on in its program then must
 * not reach the files of the machine that comes after it.
 */
export class MachineDisk implements Disk {
  readonly #disk: SimulatedDisk;
  readonly #generation: number;

  /** The machine that runs now. */
  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
    this.#generation = disk.generation;
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    return this.#alive("open", path).open(path, mode);
  }

  async readdir(path: string): Promise<string[]> {
    return this.#alive("readdir", path).readdir(path);
  }

  async mkdir(path: string): Promise<void> {
    return this.#alive("mkdir", path).mkdir(path);
  }

  async rename(from: string, to: string): Promise<void> {
    return this.#alive("rename", from).rename(from, to);
  }

  async link(from: string, to: string): Promise<void> {
    return this.#alive("link", from).link(from, to);
  }

  async unlink(path: string): Promise<void> {
    return this.#alive("unlink", path).unlink(path);
  }

  async exists(path: string): Promise<boolean> {
    return this.#alive("exists", path).exists(path);
  }

  async syncDirectory(path: string): Promise<void> {
    return this.#alive("syncDirectory", path).syncDirectory(path);
  }

  async stat(path: string): Promise<FileFacts> {
    return this.#alive("stat", path).stat(path);
  }

  async freeBytes(path: string): Promise<number> {
    return this.#alive("freeBytes", path).freeBytes(path);
  }

  #alive(operation: string, path: string): SimulatedDisk {
    if (this.#disk.generation === this.#generation) return this.#disk;
    throw new SimulatedDiskError("EBADF", operation, path);
  }
}
