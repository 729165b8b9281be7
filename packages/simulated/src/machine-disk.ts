import { SimulatedDiskError } from "./disk-error.js";
import type { SimulatedDisk, SimulatedFileFacts } from "./simulated-disk.js";
import type { SimulatedDiskFile } from "./simulated-disk-file.js";

/** Lets an operation of a slow disk take its time. */
export type DiskWait = () => Promise<void>;

const noWait: DiskWait = () => Promise.resolve();

/** The file of a machine whose disk may be slow. */
class MachineFile {
  readonly #file: SimulatedDiskFile;
  readonly #wait: DiskWait;

  constructor(file: SimulatedDiskFile, wait: DiskWait) {
    this.#file = file;
    this.#wait = wait;
  }

  async writev(parts: readonly Uint8Array[], position: number): Promise<void> {
    await this.#wait();
    await this.#file.writev(parts, position);
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    await this.#wait();
    return await this.#file.read(buffer, position);
  }

  async datasync(): Promise<void> {
    await this.#wait();
    await this.#file.datasync();
  }

  async sync(): Promise<void> {
    await this.#wait();
    await this.#file.sync();
  }

  async truncate(length: number): Promise<void> {
    await this.#wait();
    await this.#file.truncate(length);
  }

  async size(): Promise<number> {
    return await this.#file.size();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * A {@link SimulatedDisk} as one machine sees it until it ends: what is still going on in its program then must
 * not reach the files of the machine that comes after it. Where operations take time, what is
 * independent comes in any order.
 */
export class MachineDisk {
  readonly #disk: SimulatedDisk;
  readonly #generation: number;
  readonly #wait: DiskWait;

  /** The machine that runs now. `wait` comes before each operation; absent: nothing takes time. */
  constructor(disk: SimulatedDisk, wait: DiskWait = noWait) {
    this.#disk = disk;
    this.#generation = disk.generation;
    this.#wait = wait;
  }

  /** As `SimulatedDisk.open`; the file ends with the machine. */
  async open(path: string, mode: "create" | "write" | "synced" | "read"): Promise<MachineFile> {
    await this.#wait();
    return new MachineFile(await this.#alive("open", path).open(path, mode), this.#wait);
  }

  /** As `SimulatedDisk.readdir`. */
  async readdir(path: string): Promise<string[]> {
    return this.#alive("readdir", path).readdir(path);
  }

  /** As `SimulatedDisk.mkdir`. */
  async mkdir(path: string): Promise<void> {
    await this.#wait();
    return this.#alive("mkdir", path).mkdir(path);
  }

  /** As `SimulatedDisk.rename`. */
  async rename(from: string, to: string): Promise<void> {
    await this.#wait();
    return this.#alive("rename", from).rename(from, to);
  }

  /** As `SimulatedDisk.link`. */
  async link(from: string, to: string): Promise<void> {
    await this.#wait();
    return this.#alive("link", from).link(from, to);
  }

  /** As `SimulatedDisk.unlink`. */
  async unlink(path: string): Promise<void> {
    await this.#wait();
    return this.#alive("unlink", path).unlink(path);
  }

  /** As `SimulatedDisk.exists`. */
  async exists(path: string): Promise<boolean> {
    return this.#alive("exists", path).exists(path);
  }

  /** As `SimulatedDisk.syncDirectory`. */
  async syncDirectory(path: string): Promise<void> {
    await this.#wait();
    return this.#alive("syncDirectory", path).syncDirectory(path);
  }

  /** As `SimulatedDisk.stat`. */
  async stat(path: string): Promise<SimulatedFileFacts> {
    return this.#alive("stat", path).stat(path);
  }

  /** As `SimulatedDisk.freeBytes`. */
  async freeBytes(path: string): Promise<number> {
    return this.#alive("freeBytes", path).freeBytes(path);
  }

  #alive(operation: string, path: string): SimulatedDisk {
    if (this.#disk.generation === this.#generation) return this.#disk;
    throw new SimulatedDiskError("EBADF", operation, path);
  }
}
