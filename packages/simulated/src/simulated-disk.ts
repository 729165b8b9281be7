import { type CrashMode, PAGE_BYTES } from "./crash-mode.js";
import { DirectoryContent, type DirectoryEntry } from "./directory-content.js";
import { SimulatedDiskError } from "./disk-error.js";
import { type DiskFault, type DiskOperation, FaultPlan } from "./disk-fault.js";
import { FileContent } from "./file-content.js";
import { SeededRandom } from "./seeded-random.js";
import { SimulatedDiskFile, type SimulatedDiskFileTarget } from "./simulated-disk-file.js";

/** How a {@link SimulatedDisk} is made. */
export interface SimulatedDiskOptions {
  /** Decides what a crash leaves and which pages a torn write keeps; only its low 32 bits count. */
  readonly seed: number;
  /** Negative control: syncing a file does nothing. Tests of durability must fail with it. */
  readonly ignoreDatasync?: boolean;
  /** Bytes that fit, in pages of 4 KiB; what does not fails with ENOSPC. Default: any. */
  readonly capacityBytes?: number;
  /** Negative control: syncing a directory does nothing. */
  readonly ignoreDirectorySync?: boolean;
}

/** What is known of a file without reading it. */
export interface SimulatedFileFacts {
  /** Its length in bytes. */
  readonly bytes: number;
  /** Names that it has. */
  readonly links: number;
}

/** What an operation of the disk leaves to be done by the one who asked. */
export interface Begun {
  /** Fault that strikes it. */
  readonly fault: DiskFault | undefined;
  /** The power goes with it. */
  readonly isCut: boolean;
}

/**
 * A file system in memory that knows what a power cut would leave: bytes are durable after their
 * file was synced, names after their directory was. Operations take effect in the order of their
 * calls and resolve a microtask later; none takes time.
 */
export class SimulatedDisk {
  readonly #root = new DirectoryContent();
  readonly #random: SeededRandom;
  readonly #options: SimulatedDiskOptions;
  readonly #faults = new FaultPlan();
  #capacityBytes: number;
  #generation = 0;
  #operations = 0;
  #reads = 0;
  #operationsUntilCut = Number.POSITIVE_INFINITY;
  #trace: string[] = [];

  /** Makes an empty disk that has only the directory `/`. */
  constructor(options: SimulatedDiskOptions) {
    this.#options = options;
    this.#capacityBytes = options.capacityBytes ?? Number.MAX_SAFE_INTEGER;
    this.#random = new SeededRandom(options.seed);
  }

  /** Operations so far that change or sync something; `cutAfterOperations` counts these. */
  get operations(): number {
    return this.#operations;
  }

  /** Reads of files so far. */
  get reads(): number {
    return this.#reads;
  }

  /** Names and paths of the operations so far, for instance `write /a/b`. */
  get trace(): readonly string[] {
    return this.#trace;
  }

  /**
   * Opens a file: `create` makes a new one, the others need one that exists. With `synced` each
   * write is followed by a sync of what it wrote, and of nothing else.
   */
  async open(path: string, mode: SimulatedDiskFileTarget["mode"]): Promise<SimulatedDiskFile> {
    if (mode === "create") {
      this.#change("create", path, (directory, name) => {
        if (directory.get(name) !== undefined) throw new SimulatedDiskError("EEXIST", mode, path);
        directory.change([[name, new FileContent()]]);
      });
    }
    this.check(this.#generation, "open", path);
    const entry = this.#find(path, "open");
    if (entry instanceof DirectoryContent) throw new SimulatedDiskError("EISDIR", "open", path);
    return new SimulatedDiskFile(this, { content: entry, path, mode });
  }

  /** Names in a directory, sorted. */
  async readdir(path: string): Promise<string[]> {
    this.check(this.#generation, "readdir", path);
    return this.#directory(path, "readdir").names();
  }

  /** Makes one directory; its parent must exist and the name must be free. */
  async mkdir(path: string): Promise<void> {
    this.#change("mkdir", path, (directory, name) => {
      if (directory.get(name) !== undefined) throw new SimulatedDiskError("EEXIST", "mkdir", path);
      directory.change([[name, new DirectoryContent()]]);
    });
  }

  /** Renames a file or directory, replacing a file of the new name. */
  async rename(from: string, to: string): Promise<void> {
    const entry = this.#find(from, "rename");
    const [target, targetName] = this.#parent(to, "rename");
    this.#change("rename", from, (directory, name) => {
      if (directory === target) {
        directory.change([
          [name, undefined],
          [targetName, entry],
        ]);
      } else {
        target.change([[targetName, entry]]);
        directory.change([[name, undefined]]);
      }
    });
  }

  /** Gives a file a second name; both are the same bytes. */
  async link(existing: string, path: string): Promise<void> {
    const entry = this.#file(existing, "link");
    this.#change("link", path, (directory, name) => {
      if (directory.get(name) !== undefined) throw new SimulatedDiskError("EEXIST", "link", path);
      directory.change([[name, entry]]);
    });
  }

  /** Removes a file; open handles go on working. */
  async unlink(path: string): Promise<void> {
    this.#change("unlink", path, (directory, name) => {
      const entry = directory.get(name);
      if (entry === undefined) throw new SimulatedDiskError("ENOENT", "unlink", path);
      if (entry instanceof DirectoryContent) {
        throw new SimulatedDiskError("EISDIR", "unlink", path);
      }
      directory.change([[name, undefined]]);
    });
  }

  /** Whether a file or directory is there. */
  async exists(path: string): Promise<boolean> {
    this.check(this.#generation, "exists", path);
    return this.#lookup(path) !== undefined;
  }

  /** Length of a file and how many names it has. */
  async stat(path: string): Promise<SimulatedFileFacts> {
    this.check(this.#generation, "stat", path);
    const file = this.#file(path, "stat");
    return { bytes: file.length, links: namesOf(this.#root, file) };
  }

  /** Makes the names in a directory durable. */
  async syncDirectory(path: string): Promise<void> {
    const { fault, isCut } = this.begin("syncDirectory", path, this.#generation);
    if (fault !== undefined) throw new SimulatedDiskError(fault.code, "syncDirectory", path);
    if (isCut) throw new SimulatedDiskError("EPOWERCUT", "syncDirectory", path);
    const directory = this.#directory(path, "syncDirectory");
    if (this.#options.ignoreDirectorySync !== true) directory.sync();
  }

  /** Makes an operation to come fail. */
  inject(fault: DiskFault): void {
    this.#faults.add(fault);
  }

  /**
   * Cuts the power once `count` more operations are done: the one after them begins (its bytes
   * may or may not survive) and from then on everything fails with `EPOWERCUT` until `crash`.
   */
  cutAfterOperations(count: number): void {
    this.#operationsUntilCut = count;
  }

  /** Ends all handles and leaves what a power cut could leave; the disk works again after it. */
  crash(options: { readonly mode: CrashMode }): void {
    this.#generation += 1;
    this.#operationsUntilCut = Number.POSITIVE_INFINITY;
    this.#faults.clear();
    this.#root.crash(options.mode, this.#random);
  }

  /** Damages one bit of a file, as a failing medium would. `bit` is 0 (lowest) to 7. */
  flipBit(path: string, offset: number, bit = 0): void {
    this.#file(path, "flipBit").flipBit(offset, bit);
  }

  /** A copy of a file's bytes as programs see them. */
  content(path: string): Uint8Array {
    return this.#file(path, "content").view().slice();
  }

  /** Bytes of all files, rounded up to pages as a disk would; a file with two names counts once. */
  usedBytes(): number {
    let bytes = 0;
    for (const file of filesOf(this.#root)) {
      bytes += Math.ceil(file.length / PAGE_BYTES) * PAGE_BYTES;
    }
    return bytes;
  }

  /** Bytes that still fit. */
  async freeBytes(path: string): Promise<number> {
    this.check(this.#generation, "freeBytes", path);
    this.#find(path, "freeBytes");
    return Math.max(0, this.#capacityBytes - this.usedBytes());
  }

  /** Changes how much fits; what is stored stays. */
  resize(capacityBytes: number): void {
    this.#capacityBytes = capacityBytes;
  }

  /** How far a file of a length may grow up to `end`, for handles. */
  growthUpTo(length: number, end: number): number {
    if (end <= length || this.#capacityBytes === Number.MAX_SAFE_INTEGER) return end;
    const own = Math.ceil(length / PAGE_BYTES) * PAGE_BYTES;
    const free = Math.max(0, this.#capacityBytes - this.usedBytes());
    return Math.min(end, own + Math.floor(free / PAGE_BYTES) * PAGE_BYTES);
  }

  /** The life of the disk between two crashes, for handles. */
  get generation(): number {
    return this.#generation;
  }

  /** The source of the disk's own decisions, for handles. */
  get random(): SeededRandom {
    return this.#random;
  }

  /** Syncing a file does nothing (a negative control), for handles. */
  get ignoresDatasync(): boolean {
    return this.#options.ignoreDatasync === true;
  }

  /** Counts an operation for a handle and says how it goes. Throws where the power is off. */
  begin(operation: DiskOperation, path: string, generation: number): Begun {
    this.check(generation, operation, path);
    const fault = this.#faults.strike(operation);
    if (operation === "read") {
      this.#reads += 1;
      return { fault, isCut: false };
    }
    this.#operations += 1;
    this.#operationsUntilCut -= 1;
    this.#trace.push(`${operation} ${path}`);
    return { fault, isCut: this.#operationsUntilCut < 0 };
  }

  /** Throws where the power is off or the handle is of an earlier life, for handles. */
  check(generation: number, operation: string, path: string): void {
    if (this.#operationsUntilCut < 0) throw new SimulatedDiskError("EPOWERCUT", operation, path);
    if (generation !== this.#generation) throw new SimulatedDiskError("EBADF", operation, path);
  }

  #change(
    operation: DiskOperation,
    path: string,
    change: (directory: DirectoryContent, name: string) => void,
  ): void {
    const { fault, isCut } = this.begin(operation, path, this.#generation);
    if (fault !== undefined) throw new SimulatedDiskError(fault.code, operation, path);
    const [directory, name] = this.#parent(path, operation);
    change(directory, name);
    if (isCut) throw new SimulatedDiskError("EPOWERCUT", operation, path);
  }

  #file(path: string, operation: string): FileContent {
    const entry = this.#find(path, operation);
    if (entry instanceof DirectoryContent) throw new SimulatedDiskError("EISDIR", operation, path);
    return entry;
  }

  #directory(path: string, operation: string): DirectoryContent {
    const entry = this.#find(path, operation);
    if (entry instanceof FileContent) throw new SimulatedDiskError("ENOTDIR", operation, path);
    return entry;
  }

  #find(path: string, operation: string): DirectoryEntry {
    const entry = this.#lookup(path);
    if (entry === undefined) throw new SimulatedDiskError("ENOENT", operation, path);
    return entry;
  }

  #parent(path: string, operation: string): [DirectoryContent, string] {
    const cut = path.lastIndexOf("/");
    if (cut < 0) throw new SimulatedDiskError("ENOENT", operation, path);
    return [this.#directory(path.slice(0, cut), operation), path.slice(cut + 1)];
  }

  #lookup(path: string): DirectoryEntry | undefined {
    let entry: DirectoryEntry | undefined = this.#root;
    for (const name of path.split("/")) {
      if (name === "") continue;
      entry = entry instanceof DirectoryContent ? entry.get(name) : undefined;
    }
    return entry;
  }
}

/** All files below a directory, each once. */
function filesOf(directory: DirectoryContent, found = new Set<FileContent>()): Set<FileContent> {
  for (const name of directory.names()) {
    const entry = directory.get(name);
    if (entry instanceof DirectoryContent) filesOf(entry, found);
    else if (entry !== undefined) found.add(entry);
  }
  return found;
}

function namesOf(directory: DirectoryContent, file: FileContent): number {
  let count = 0;
  for (const name of directory.names()) {
    const entry = directory.get(name);
    if (entry instanceof DirectoryContent) count += namesOf(entry, file);
    else if (entry === file) count += 1;
  }
  return count;
}
