import type { CommitIdentity } from "./commit-header.js";
import { END_RECORD_BYTES, encodeEndRecord } from "./end-record.js";
import { FILE_PAGE_BYTES } from "./limits.js";

/** The active segment's file where it was written over one that had been dropped. */
export class RecycledFile {
  #bytes: number;
  /** Where the pages end that hold bytes of this life. */
  #pagesEnd = 0;

  /** `bytes`: of the file with those of its earlier life; 0 where it has none. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Bytes that the file takes behind a position. */
  bytesBehind(position: number): number {
    return Math.max(0, this.#bytes - position);
  }

  /**
   * What is written behind the commit before `nextCommit`, which ends at a position: an end record,
   * with zeros to the end of a page of old bytes, since a page that is written whole is not read
   * before.
   */
  endRecord(identity: CommitIdentity, nextCommit: bigint, position: number): Uint8Array {
    const end = position + END_RECORD_BYTES;
    if (end <= this.#pagesEnd) return encodeEndRecord(identity, nextCommit);
    this.#pagesEnd = Math.ceil(end / FILE_PAGE_BYTES) * FILE_PAGE_BYTES;
    this.#bytes = Math.max(this.#bytes, this.#pagesEnd);
    return encodeEndRecord(identity, nextCommit, this.#pagesEnd - position);
  }

  /** Says that the file was cut to its last commit. */
  cut(): void {
    this.#bytes = 0;
    this.#pagesEnd = 0;
  }
}
