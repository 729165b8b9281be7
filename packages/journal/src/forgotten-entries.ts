import { join } from "node:path";
import type { Disk } from "./disk.js";
import {
  decodeForgotten,
  encodeForgotten,
  type ForgottenSet,
  forgottenName,
} from "./forgotten-file.js";
import { JournalError } from "./journal-error.js";
import { checkLimit, FORGOTTEN_SAVE_MS, type JournalLimits } from "./limits.js";
import { type Segment, segmentAfter, segmentOf, sequenceBefore } from "./segment.js";
import { SequenceBitmap } from "./sequence-bitmap.js";
import { overlap, type SequenceRange } from "./sequence-range.js";
import type { Timers } from "./timers.js";

/** What {@link ForgottenEntries} are made of. */
export interface ForgottenEntriesParts {
  /** The file system. */
  readonly disk: Disk;
  /** The journal's folder. */
  readonly folder: string;
  /** Timers, to save in the background. */
  readonly timers: Timers;
  /** All segments, ascending; others change it. */
  readonly segments: readonly Segment[];
  /** Bytes of memory for sets of sealed segments. */
  readonly bytesMax: number;
  /** Is told where a set could not be saved in the background. */
  readonly onError: (error: JournalError) => void;
}

/** A set that stays in memory until it is released. */
export interface PinnedSet extends ForgottenSet {
  /** Lets it leave the memory. */
  release(): void;
}

interface Held {
  entries: SequenceBitmap;
  goneCount: number;
  isDirty: boolean;
  pins: number;
}

/**
 * Which entries of which segment are forgotten: in memory as far as that is bounded, and in a file
 * beside each sealed segment. The active one's are in memory only: its tail may be lost in a power
 * cut and its sequences given to others, which a file must not name.
 */
export class ForgottenEntries {
  readonly #parts: ForgottenEntriesParts;
  /** Least used first. */
  readonly #held = new Map<Segment, Held>();
  /** Names of segments. */
  readonly #withFile = new Set<string>();
  #queue: Promise<unknown> = Promise.resolve();
  #saveTimer: unknown;
  #isClosed = false;

  /** `withFile`: sealed segments that have a file beside them. */
  constructor(parts: ForgottenEntriesParts, withFile: readonly Segment[]) {
    this.#parts = parts;
    for (const { name } of withFile) this.#withFile.add(name);
  }

  /** Bytes of memory that sets take. */
  get bytes(): number {
    let bytes = 0;
    for (const { entries } of this.#held.values()) bytes += entries.bits.length;
    return bytes;
  }

  /** Adds ranges of stored entries; answers the segments concerned. */
  forget(ranges: readonly SequenceRange[]): Promise<ReadonlySet<Segment>> {
    return this.#inOrder(async () => {
      const touched = new Set<Segment>();
      for (const range of ranges) await this.#forget(range, touched);
      this.#armSave();
      return touched;
    });
  }

  /** What is forgotten of a segment, kept in memory until it is released. */
  pin(segment: Segment): Promise<PinnedSet> {
    return this.#inOrder(async () => {
      const held = this.#held.get(segment) ?? (await this.#load(segment));
      held.pins += 1;
      return {
        get entries() {
          return held.entries;
        },
        get goneCount() {
          return held.goneCount;
        },
        release: () => {
          held.pins -= 1;
        },
      };
    });
  }

  /** Notes that a rewritten file has taken a pinned segment's place, without `gone` entries. */
  replace(before: Segment, after: Segment, gone: SequenceBitmap): void {
    const held = this.#held.get(before);
    if (held === undefined) return;
    this.#held.delete(before);
    this.#held.set(after, held);
    held.goneCount = gone.count;
    held.isDirty = true;
    this.#armSave();
  }

  /** Removes what is known of a segment that is no longer part of the journal, its file too. */
  drop(segment: Segment): Promise<void> {
    return this.#inOrder(async () => {
      this.#held.delete(segment);
      if (this.#withFile.delete(segment.name)) await this.#parts.disk.unlink(this.#path(segment));
    });
  }

  /** Saves what is not saved, and ends. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#saveTimer !== undefined) this.#parts.timers.clearTimer(this.#saveTimer);
    await this.#saveAll();
  }

  async #forget(range: SequenceRange, touched: Set<Segment>): Promise<void> {
    const { segments } = this.#parts;
    let segment = segmentOf(segments, range.first) ?? segments[0];
    while (segment !== undefined && segment.header.firstSequence <= range.last) {
      // Taken without an await where it is held: a set that is pinned may be handed on meanwhile.
      const held = this.#held.get(segment) ?? (await this.#load(segment));
      const { firstSequence } = segment.header;
      const next = segmentAfter(segments, segment);
      const end = next === undefined ? range.last : sequenceBefore(next);
      const before = held.entries.count;
      held.entries.add(overlap(range, { first: firstSequence, last: end }));
      if (held.entries.count > before) {
        held.isDirty = true;
        touched.add(segment);
      }
      await this.#makeRoom(segment);
      // Looked up again: a rewritten one may have taken the next one's place meanwhile.
      segment = segmentAfter(segments, segment);
    }
  }

  async #load(segment: Segment): Promise<Held> {
    const { firstSequence } = segment.header;
    const found = this.#withFile.has(segment.name) ? await this.#read(segment) : undefined;
    const held: Held = {
      ...(found ?? { entries: new SequenceBitmap(firstSequence), goneCount: 0 }),
      isDirty: false,
      pins: 0,
    };
    this.#held.set(segment, held);
    return held;
  }

  async #read(segment: Segment): Promise<ForgottenSet | undefined> {
    const { disk } = this.#parts;
    try {
      const file = await disk.open(this.#path(segment), "read");
      try {
        const bytes = new Uint8Array(await file.size());
        let filled = 0;
        for (let read = -1; read !== 0; filled += read) {
          read = await file.read(bytes.subarray(filled), filled);
        }
        return decodeForgotten(bytes.subarray(0, filled), segment);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw JournalError.from(error, `read of what is forgotten of ${segment.name}`);
    }
  }

  /** Lets the least used sets go from memory, saving them first. */
  async #makeRoom(current: Segment): Promise<void> {
    for (const [segment, held] of [...this.#held]) {
      if (this.bytes <= this.#parts.bytesMax) return;
      if (segment === current || held.pins > 0 || !isSealed(segment)) continue;
      if (held.isDirty) await this.#save(segment, held);
      if (!held.isDirty && held.pins === 0) this.#held.delete(segment);
    }
  }

  #saveAll(): Promise<void> {
    return this.#inOrder(async () => {
      for (const [segment, held] of [...this.#held]) {
        if (held.isDirty && isSealed(segment)) await this.#save(segment, held);
      }
    });
  }

  /** Not synced: what a power cut takes is forgotten once more, or its space is freed later. */
  async #save(segment: Segment, held: Held): Promise<void> {
    const { disk } = this.#parts;
    const path = this.#path(segment);
    const draft = `${path}.new`;
    held.isDirty = false;
    try {
      if (await disk.exists(draft)) await disk.unlink(draft);
      const file = await disk.open(draft, "create");
      try {
        await file.writev(encodeForgotten(segment, held), 0);
      } finally {
        await file.close();
      }
      await disk.rename(draft, path);
      this.#withFile.add(segment.name);
    } catch (error) {
      held.isDirty = true;
      throw JournalError.from(error, `saving of what is forgotten of ${segment.name}`);
    }
  }

  #armSave(): void {
    if (this.#saveTimer !== undefined || this.#isClosed) return;
    this.#saveTimer = this.#parts.timers.setTimer(() => {
      this.#saveTimer = undefined;
      this.#saveAll().catch(this.#parts.onError);
    }, FORGOTTEN_SAVE_MS);
  }

  #path(segment: Segment): string {
    return join(this.#parts.folder, forgottenName(segment));
  }

  /** One after the other, so that no set is loaded twice or saved while it leaves. */
  #inOrder<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}

function isSealed(segment: Segment): boolean {
  return segment.lastCommit !== undefined;
}

/** Throws what `Journal.forget` rejects with for ranges that cannot be. */
export function checkForgotten(
  ranges: readonly SequenceRange[],
  limits: JournalLimits,
  lastSequence: bigint,
): void {
  checkLimit(limits, "forgetRangesMax", ranges.length);
  for (const { first, last } of ranges) {
    if (first <= last && last <= lastSequence) continue;
    throw new RangeError(`${first} to ${last} is no range of what is stored`);
  }
}
