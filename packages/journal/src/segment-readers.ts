import { type Verify, verifyChecksum } from "./checksum.js";
import { CommitIndex } from "./commit-index.js";
import type { Disk, DiskFile } from "./disk.js";
import { FileWindow } from "./file-window.js";
import { JournalError } from "./journal-error.js";
import { SCAN_WINDOW_BYTES } from "./limits.js";
import { type ReadableParts, ReadableSegment } from "./readable-segment.js";
import type { Segment } from "./segment.js";
import {
  decodeFooter,
  FOOTER_TRAILER_BYTES,
  measureFooter,
  type SegmentFooter,
} from "./segment-footer.js";
import { SEGMENT_HEADER_BYTES } from "./segment-header.js";
import { segmentHeads } from "./segment-heads.js";

/** The segments that are open for reading: the active one, and some sealed ones, least used first. */
export class SegmentReaders {
  readonly #disk: Disk;
  readonly #openMax: number;
  readonly #verify: Verify;
  readonly #sealed = new Map<Segment, Promise<ReadableSegment>>();
  #active: ReadableSegment | undefined;
  readonly #opening = new Map<Segment, Promise<ReadableSegment>>();
  /** Closed as soon as the reads that run are over. */
  readonly #retiring = new Map<Segment, Promise<unknown>>();
  #pinned: { readonly segment: Segment; readonly opened: Promise<ReadableSegment> } | undefined;
  #isClosed = false;

  /** `openMax`: sealed segments open at the same time. */
  constructor(disk: Disk, openMax: number, verify: Verify = verifyChecksum) {
    this.#disk = disk;
    this.#openMax = openMax;
    this.#verify = verify;
  }

  /** Makes a segment the active one; what was it before becomes one of the sealed ones. */
  setActive(active: ReadableSegment): void {
    const before = this.#active;
    this.#active = active;
    if (before !== undefined) this.#keep(before.segment, Promise.resolve(before));
  }

  /** A segment with its index, opened if need be. Rejects for one that is dropped. */
  get(segment: Segment): Promise<ReadableSegment> {
    if (this.#isClosed) return Promise.reject(new JournalError("closed", "The journal is closed"));
    if (this.#active?.segment === segment) return Promise.resolve(this.#active);
    if (this.#pinned?.segment === segment) return this.#pinned.opened;
    if (segment.isDropped) return Promise.reject(dropped(segment));
    const opened = this.#sealed.get(segment) ?? this.#open(segment);
    this.#keep(segment, opened);
    return opened;
  }

  /** Keeps one sealed segment open, whatever takes its name on disk, until `unpin` or `drop`. */
  async pin(segment: Segment): Promise<void> {
    // Whoever opens it by its name at this moment is done before the name can change.
    const before = Promise.resolve(this.#opening.get(segment)).catch(() => undefined);
    const opened = before.then(() => this.#open(segment));
    this.#pinned = { segment, opened };
    try {
      await opened;
    } catch (error) {
      this.#pinned = undefined;
      throw error;
    }
  }

  /** Ends what `pin` began. */
  async unpin(segment: Segment): Promise<void> {
    if (this.#pinned?.segment !== segment) return;
    const { opened } = this.#pinned;
    this.#pinned = undefined;
    await (await opened).retire();
  }

  /** Reads bytes of a segment. */
  async read(segment: Segment, buffer: Uint8Array, position: number): Promise<number> {
    let readable = await this.get(segment);
    while (readable.isRetired) readable = await this.get(segment);
    try {
      return await readable.read(buffer, position);
    } catch (error) {
      throw JournalError.from(error, `read of segment ${segment.name}`);
    }
  }

  /**
   * Closes a segment that is no longer part of the journal; resolves when the reads that run are
   * over: from then on its file may be written over.
   */
  async drop(segment: Segment): Promise<void> {
    const opened = this.#sealed.get(segment);
    this.#sealed.delete(segment);
    await this.unpin(segment);
    await (await opened)?.retire();
    await this.#retiring.get(segment);
  }

  /** Closes everything. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const segment of [...this.#sealed.keys()]) await this.drop(segment);
    if (this.#pinned !== undefined) await this.unpin(this.#pinned.segment);
    await this.#active?.retire();
  }

  #keep(segment: Segment, opened: Promise<ReadableSegment>): void {
    this.#sealed.delete(segment);
    this.#sealed.set(segment, opened);
    for (const [oldest, readable] of this.#sealed) {
      if (this.#sealed.size <= this.#openMax) return;
      this.#sealed.delete(oldest);
      this.#retire(oldest, readable);
    }
  }

  #retire(segment: Segment, readable: Promise<ReadableSegment>): void {
    const before = this.#retiring.get(segment);
    // A read handle that fails to close loses nothing; whoever could not open it was told.
    const closed = readable.then((retired) => retired.retire()).catch(() => undefined);
    const retiring = Promise.all([before, closed]).then(() => {
      if (this.#retiring.get(segment) === retiring) this.#retiring.delete(segment);
    });
    this.#retiring.set(segment, retiring);
  }

  #open(segment: Segment): Promise<ReadableSegment> {
    const opened = this.#openFile(segment).finally(() => {
      if (this.#opening.get(segment) === opened) this.#opening.delete(segment);
    });
    this.#opening.set(segment, opened);
    return opened;
  }

  async #openFile(segment: Segment): Promise<ReadableSegment> {
    try {
      const file = await this.#disk.open(segment.path, "read");
      try {
        return new ReadableSegment(segment, file, await this.#locate(segment, file));
      } catch (error) {
        await file.close();
        throw error;
      }
    } catch (error) {
      // The next read tries again.
      this.#sealed.delete(segment);
      throw JournalError.from(error, `opening of segment ${segment.name}`);
    }
  }

  async #locate(segment: Segment, file: DiskFile): Promise<ReadableParts> {
    const footer = await readFooter(segment, file);
    if (footer !== undefined) return footer;
    return await this.#follow(segment, file);
  }

  /** Finds the commits of a sealed segment whose footer is missing or bad, from head to head. */
  async #follow(segment: Segment, file: DiskFile): Promise<ReadableParts> {
    const window = new FileWindow((buffer, at) => file.read(buffer, at), SCAN_WINDOW_BYTES);
    const index = new CommitIndex();
    let commitsEnd = SEGMENT_HEADER_BYTES;
    for await (const { head, position } of segmentHeads(segment, window, this.#verify)) {
      if (head.entryCount > 0) index.note(head.sequence(0), position);
      commitsEnd = position + head.bytes;
    }
    return { commitsEnd, index };
  }
}

/** A sealed segment's footer; undefined where it is missing or anything about it is wrong. */
export async function readFooter(
  segment: Segment,
  file: DiskFile,
): Promise<SegmentFooter | undefined> {
  const window = new FileWindow((buffer, at) => file.read(buffer, at), FOOTER_TRAILER_BYTES);
  const { bytes, header } = segment;
  const trailer = await window.view(
    Math.max(0, bytes - FOOTER_TRAILER_BYTES),
    FOOTER_TRAILER_BYTES,
    bytes,
  );
  const length = trailer === undefined ? undefined : measureFooter(trailer);
  if (length === undefined || length > bytes) return undefined;
  const footerBytes = await window.view(bytes - length, length, bytes);
  const footer = footerBytes === undefined ? undefined : decodeFooter(footerBytes, header);
  if (footer === undefined || footer.lastCommit !== segment.lastCommit) return undefined;
  return footer;
}

function dropped(segment: Segment): JournalError {
  return new JournalError("io_failed", `Segment ${segment.name} is no longer part of the journal`, {
    segment: segment.name,
  });
}
