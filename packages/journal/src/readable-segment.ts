import type { CommitIndex } from "./commit-index.js";
import type { DiskFile } from "./disk.js";
import type { Segment } from "./segment.js";

/** What must be known of a segment to read it. */
export interface ReadableParts {
  /** Byte position behind its last commit that may be read. */
  readonly commitsEnd: number;
  /** Where its commits lie. */
  readonly index: CommitIndex;
}

/** A segment whose file is open; closes it when it is retired and the last read is over. */
export class ReadableSegment {
  /** The segment. */
  readonly segment: Segment;
  /** Its open file. */
  readonly file: DiskFile;
  /** Where its commits lie. */
  readonly index: CommitIndex;
  /** Byte position behind the last commit that may be read; grows while it is the active one. */
  commitsEnd: number;
  #readsRunning = 0;
  #isRetired = false;

  /** Takes the file over. */
  constructor(segment: Segment, file: DiskFile, parts: ReadableParts) {
    this.segment = segment;
    this.file = file;
    this.index = parts.index;
    this.commitsEnd = parts.commitsEnd;
  }

  /** Whether it accepts no more reads. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** Reads bytes; see `DiskFile.read`. */
  async read(buffer: Uint8Array, position: number): Promise<number> {
    this.#readsRunning += 1;
    try {
      return await this.file.read(buffer, position);
    } finally {
      this.#readsRunning -= 1;
      if (this.#isRetired && this.#readsRunning === 0) await this.file.close();
    }
  }

  /** Accepts no more reads and closes the file as soon as none is running. */
  async retire(): Promise<void> {
    if (this.#isRetired) return;
    this.#isRetired = true;
    if (this.#readsRunning === 0) await this.file.close();
  }
}
