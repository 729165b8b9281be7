import type { Verify } from "./checksum.js";
import { type Disk, saysFull } from "./disk.js";
import type { ForgottenEntries, PinnedSet } from "./forgotten-entries.js";
import type { JournalFigures } from "./journal.js";
import { JournalError } from "./journal-error.js";
import type { JournalLimits } from "./limits.js";
import type { Random } from "./random.js";
import { draftPath, type Segment, segmentAfter } from "./segment.js";
import { type CopiedSegment, type CopySource, copyLive, measureLive } from "./segment-copy.js";
import type { SegmentReaders } from "./segment-readers.js";
import type { SequenceBitmap } from "./sequence-bitmap.js";

/** What a {@link SegmentRewriter} is made of. */
export interface SegmentRewriterParts {
  /** The file system. */
  readonly disk: Disk;
  /** The journal's folder. */
  readonly folder: string;
  /** Source of salts. */
  readonly random: Random;
  /** Checks what is read. */
  readonly verify: Verify;
  /** Bounds. */
  readonly limits: JournalLimits;
  /** All segments, ascending; a rewritten one takes its segment's place in it. */
  readonly segments: Segment[];
  /** The open segments. */
  readonly readers: SegmentReaders;
  /** What is forgotten. */
  readonly forgotten: ForgottenEntries;
  /** Is told what went wrong with a segment; it is not tried again. */
  readonly onError: (error: JournalError) => void;
}

/** Entries that must be forgotten since the last look before a segment is looked at again: 1/8. */
const LOOK_AGAIN_SHARE = 8;

/**
 * Replaces sealed segments in which less than half is needed by ones without the rest, in the
 * background, one at a time. A crash at any moment leaves the old file or the new one, whole.
 */
export class SegmentRewriter {
  readonly #parts: SegmentRewriterParts;
  readonly #due = new Set<Segment>();
  readonly #triedAt = new WeakMap<Segment, number>();
  readonly #refused = new WeakSet<Segment>();
  #running: Promise<void> | undefined;
  #installing: Promise<void> = Promise.resolve();
  #isStopped = false;
  /** A rename that failed may have been done: the old file stays open and is read on from. */
  #isInDoubt = false;
  #rewrittenSegments = 0;
  #rewrittenBytes = 0;

  /** Begins idle. */
  constructor(parts: SegmentRewriterParts) {
    this.#parts = parts;
  }

  /** What was done since it was made. */
  get figures(): JournalFigures {
    return {
      rewrittenSegments: this.#rewrittenSegments,
      rewrittenBytes: this.#rewrittenBytes,
    };
  }

  /** Looks at a segment of which something was forgotten, soon. */
  consider(segment: Segment): void {
    if (this.#isStopped) return;
    this.#due.add(segment);
    this.#running ??= Promise.resolve().then(() => this.#run());
  }

  /** Resolves when no file is taking a segment's place; one that is dropped no longer will. */
  settled(): Promise<void> {
    return this.#installing;
  }

  /** Ends what is going on and takes nothing more. */
  async close(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (const segment of this.#due) {
      this.#due.delete(segment);
      if (this.#isStopped) break;
      try {
        await this.#look(segment);
      } catch (error) {
        if (!saysFull(error)) this.#refused.add(segment);
        if (this.#isInDoubt) this.#isStopped = true;
        if (!this.#isRetained(segment)) continue;
        this.#parts.onError(JournalError.from(error, `rewriting of segment ${segment.name}`));
      }
    }
    this.#running = undefined;
  }

  #isRetained({ name }: Segment): boolean {
    return this.#parts.segments.some((segment) => segment.name === name);
  }

  async #look(segment: Segment): Promise<void> {
    const { segments, forgotten, readers, limits } = this.#parts;
    const isOut = segment.isDropped || segment.lastCommit === undefined;
    if (isOut || segment.bytes < limits.rewriteBytesMin || this.#refused.has(segment)) return;
    const set = await forgotten.pin(segment);
    try {
      const next = segmentAfter(segments, segment);
      if (next === undefined || !this.#isDue(segment, next, set)) return;
      await readers.pin(segment);
      await this.#rewrite(segment, set);
    } finally {
      set.release();
      if (!this.#isInDoubt) await readers.unpin(segment);
    }
  }

  /** Whether half of the entries that the file has are forgotten, and enough since the last look. */
  #isDue(segment: Segment, next: Segment, { entries, goneCount }: PinnedSet): boolean {
    const span = Number(next.header.firstSequence - segment.header.firstSequence);
    const held = span - goneCount;
    const forgotten = entries.count - goneCount;
    const triedAt = this.#triedAt.get(segment);
    if (forgotten === 0 || forgotten * 2 < held) return false;
    return (
      triedAt === undefined || forgotten === held || forgotten >= triedAt + held / LOOK_AGAIN_SHARE
    );
  }

  async #rewrite(segment: Segment, set: PinnedSet): Promise<void> {
    const { disk, readers, verify, random, limits } = this.#parts;
    const gone = set.entries.clone();
    const source: CopySource = {
      segment,
      verify,
      read: (buffer, position) => readers.read(segment, buffer, position),
      isLive: (sequence) => !gone.has(sequence),
    };
    if ((await measureLive(source)) * 2 >= segment.bytes) {
      this.#triedAt.set(segment, gone.count - set.goneCount);
      return;
    }
    const draft = draftPath(segment);
    const file = await disk.open(draft, "create");
    let copied: CopiedSegment | undefined;
    try {
      copied = await copyLive(source, {
        file,
        salt: random.bytes(8),
        commitEntriesMax: limits.commitEntriesMax,
        onWritten: (bytes) => {
          this.#rewrittenBytes += bytes;
          return !this.#isStopped && !segment.isDropped;
        },
      });
    } catch (error) {
      await file.close();
      // What cannot be removed now is removed by the next start.
      await disk.unlink(draft).catch(() => undefined);
      throw error;
    }
    await file.close();
    if (copied === undefined || segment.isDropped || this.#isStopped) await disk.unlink(draft);
    else await this.#install(segment, copied, gone);
  }

  async #install(segment: Segment, copied: CopiedSegment, gone: SequenceBitmap): Promise<void> {
    const installed = this.#takePlace(segment, copied, gone);
    this.#installing = installed.catch(() => undefined);
    await installed;
  }

  async #takePlace(before: Segment, copied: CopiedSegment, gone: SequenceBitmap): Promise<void> {
    const { disk, folder, segments, readers, forgotten } = this.#parts;
    this.#isInDoubt = true;
    await disk.rename(draftPath(before), before.path);
    this.#isInDoubt = false;
    const at = segments.indexOf(before);
    // Retention that came in between removes the file by its name, whichever it is.
    if (at < 0) return;
    const after: Segment = { ...before, ...copied };
    segments[at] = after;
    forgotten.replace(before, after, gone);
    before.isDropped = true;
    this.#rewrittenSegments += 1;
    await readers.drop(before);
    await disk.syncDirectory(folder);
    this.consider(after);
  }
}
