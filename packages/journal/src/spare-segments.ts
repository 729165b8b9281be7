import { type Disk, type DiskFile, saysFull } from "./disk.js";
import type { JournalLimits } from "./limits.js";
import { recycleSegment, type Segment, sparePath } from "./segment.js";
import type { SegmentHeader } from "./segment-header.js";

/** Where and how many. */
export interface SpareSegmentsOptions {
  /** The file system. */
  readonly disk: Disk;
  /** The journal's folder. */
  readonly folder: string;
  /** Bounds. */
  readonly limits: JournalLimits;
}

/** A segment file that is made, durable with its name. */
export interface RecycledSegment {
  /** The segment. */
  readonly segment: Segment;
  /** Its file, open for writing. */
  readonly file: DiskFile;
  /** Bytes of the file, those of its earlier life included. */
  readonly fileBytes: number;
}

interface Spare {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Dropped segment files that are kept to be written over, since growing a file makes each sync
 * write the file system's own journal as well. They are no part of the journal: a start removes
 * them.
 */
export class SpareSegments {
  readonly #options: SpareSegmentsOptions;
  #ready: Spare[] = [];
  /** Renamed, but a power cut may still give them their segment's name back. */
  #renamed: Spare[] = [];
  #isSpaceLow = false;
  #givingUp: Promise<unknown> = Promise.resolve();

  /** Begins with none. */
  constructor(options: SpareSegmentsOptions) {
    this.#options = options;
  }

  /** Bytes that they take on disk. */
  get bytes(): number {
    return [...this.#ready, ...this.#renamed].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Takes the name of a dropped segment away: keeps its file, if one more is wanted and nobody else
   * has a name of it, or removes it. Sync the folder and call `settle` afterwards.
   */
  async keepOrRemove(segment: Segment): Promise<void> {
    const { disk } = this.#options;
    const { bytes, links } = await disk.stat(segment.path);
    if (links !== 1 || !this.#isWanted(bytes)) {
      await disk.unlink(segment.path);
      return;
    }
    const path = sparePath(segment);
    await disk.rename(segment.path, path);
    this.#renamed.push({ path, bytes });
  }

  /** Says that the folder is synced. */
  settle(): void {
    this.#ready.push(...this.#renamed);
    this.#renamed = [];
    if (this.#isSpaceLow) this.giveUp();
  }

  /**
   * Makes a segment out of a spare file; undefined where there is none. A file that has been linked
   * since, by a backup, is left to that.
   */
  async take(header: SegmentHeader): Promise<RecycledSegment | undefined> {
    const { disk, folder } = this.#options;
    for (let spare = this.#ready.pop(); spare !== undefined; spare = this.#ready.pop()) {
      const { path, bytes } = spare;
      if ((await disk.stat(path)).links !== 1) {
        await this.#remove(path);
        continue;
      }
      try {
        const made = await recycleSegment(disk, { folder, spare: path }, header);
        return { ...made, fileBytes: bytes };
      } catch (error) {
        // Some file systems need new blocks to write over old ones.
        if (!saysFull(error)) throw error;
        await this.#remove(path);
      }
    }
    return undefined;
  }

  /** While space is low none is kept. */
  noteSpace(isLow: boolean): void {
    this.#isSpaceLow = isLow;
    if (isLow) this.giveUp();
  }

  /** Gives their space back, in the background. */
  giveUp(): void {
    const spares = this.#ready;
    this.#ready = [];
    const removed = spares.map(({ path }) => this.#remove(path));
    this.#givingUp = Promise.all([this.#givingUp, ...removed]);
  }

  /** Gives everything up; resolves when it is. */
  async close(): Promise<void> {
    this.settle();
    this.giveUp();
    await this.#givingUp;
  }

  async #remove(path: string): Promise<void> {
    try {
      await this.#options.disk.unlink(path);
    } catch {
      // It is no part of the journal, and the next start removes it.
    }
  }

  #isWanted(bytes: number): boolean {
    const { spareSegmentsMax, segmentBytes } = this.#options.limits;
    const count = this.#ready.length + this.#renamed.length;
    // A rewritten one has few blocks to write over; one of other bounds would hold too many.
    const isFitting = bytes * 2 >= segmentBytes && bytes <= segmentBytes * 2;
    return isFitting && count < spareSegmentsMax && !this.#isSpaceLow;
  }
}
