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
  #retiring: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  /** Takes the file over. */
  constructor(segment: Segment, file: DiskFile, parts: ReadableParts) {
    this.segment = segment;
    this.file = file;
    this.index = parts.index;
    this.commitsEnd = parts.commitsEnd;
  }

  /** Whether it accepts no more reads. */
  get isRetired(): boolean {
    return this.#retiring !== undefined;
  }

  /** Reads bytes; see `DiskFile.read`. */
  async read(buffer: Uint8Array, position: number): Promise<number> {
    this.#readsRunning += 1;
    try {
      return await this.file.read(buffer, position);
    } finally {
      this.#readsRunning -= 1;
      if (this.#readsRunning === 0) this.#onIdle?.();
    }
  }

  /** Accepts no more reads; resolves when none is running any more and the file is closed. */
  retire(): Promise<void> {
    this.#retiring ??= this.#idle().then(() => this.file.close());
    return this.#retiring;
  }

  #idle(): Promise<void> {
    if (this.#readsRunning === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }
}
