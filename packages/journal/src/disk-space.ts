import type { Disk } from "./disk.js";
import { DISK_RESERVE_BYTES, DISK_SPACE_POLL_MS } from "./limits.js";
import type { Timers } from "./timers.js";

/** What is known of the space on a disk. */
export interface SpaceFacts {
  /** Bytes that were free at the last look. */
  readonly freeBytes: number;
  /** Bytes written since. */
  readonly writtenBytes: number;
  /** Bytes that must stay free. */
  readonly reserveBytes: number;
  /** What was decided before. */
  readonly wasLow: boolean;
}

/**
 * Whether so little space is left that nothing new may be taken. Once it is, an eighth more than
 * the reserve must be free before it is not: else every freed block would let one event in.
 */
export function isSpaceLow(facts: SpaceFacts): boolean {
  const { freeBytes, writtenBytes, reserveBytes, wasLow } = facts;
  const wanted = wasLow ? reserveBytes + reserveBytes / 8 : reserveBytes;
  return freeBytes - writtenBytes < wanted;
}

/** How the space of a folder's disk is watched. */
export interface DiskSpaceOptions {
  /** The file system. */
  readonly disk: Pick<Disk, "freeBytes">;
  /** A folder on the disk. */
  readonly folder: string;
  /** Timers for the looks. */
  readonly timers: Timers;
  /** Bytes that must stay free. Default: 512 MiB. */
  readonly reserveBytes?: number;
  /** Is told when `isLow` changes. */
  readonly onChange?: (isLow: boolean, freeBytes: number) => void;
  /** Is told where the disk does not say how much is free; the last answer counts on. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Says whether a disk is nearly full, so that publishing can be refused while acks, deletes and
 * retention go on. Asks the system once a second, never on the way of an append.
 */
export class DiskSpace {
  readonly #options: DiskSpaceOptions;
  readonly #reserveBytes: number;
  #freeBytes = Number.POSITIVE_INFINITY;
  #writtenBytes = 0;
  #isLow = false;
  #timer: unknown;
  #isClosed = false;

  private constructor(options: DiskSpaceOptions) {
    this.#options = options;
    this.#reserveBytes = options.reserveBytes ?? DISK_RESERVE_BYTES;
  }

  /** Begins to watch; resolves after the first look. */
  static async watch(options: DiskSpaceOptions): Promise<DiskSpace> {
    const space = new DiskSpace(options);
    await space.#look();
    return space;
  }

  /** Whether less than the reserve is left. */
  get isLow(): boolean {
    return this.#isLow;
  }

  /** Bytes left, as far as it is known; infinite before the disk ever said. */
  get freeBytes(): number {
    return Math.max(0, this.#freeBytes - this.#writtenBytes);
  }

  /** Counts what is written between two looks. */
  noteWritten(bytes: number): void {
    this.#writtenBytes += bytes;
    this.#decide();
  }

  /** Ends watching. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer !== undefined) this.#options.timers.clearTimer(this.#timer);
  }

  async #look(): Promise<void> {
    const { disk, folder, timers, onError } = this.#options;
    const writtenBefore = this.#writtenBytes;
    try {
      this.#freeBytes = await disk.freeBytes(folder);
      // What is written during the look may be in its answer or not: it counts twice at worst.
      this.#writtenBytes -= writtenBefore;
      this.#decide();
    } catch (error) {
      onError?.(error);
    }
    if (this.#isClosed) return;
    this.#timer = timers.setTimer(() => void this.#look(), DISK_SPACE_POLL_MS);
  }

  #decide(): void {
    const isLow = isSpaceLow({
      freeBytes: this.#freeBytes,
      writtenBytes: this.#writtenBytes,
      reserveBytes: this.#reserveBytes,
      wasLow: this.#isLow,
    });
    if (isLow === this.#isLow) return;
    this.#isLow = isLow;
    this.#options.onChange?.(isLow, this.freeBytes);
  }
}
