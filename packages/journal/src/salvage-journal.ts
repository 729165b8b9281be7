import type { CommitContent } from "./append-queue.js";
import { verifyChecksum } from "./checksum.js";
import { CommitIndex } from "./commit-index.js";
import type { Disk } from "./disk.js";
import { ensureFolder } from "./ensure-folder.js";
import { JournalError } from "./journal-error.js";
import { type JournalLimits, journalLimits, SALVAGE_COMMIT_BYTES } from "./limits.js";
import { openAudit } from "./open-audit.js";
import type { Random } from "./random.js";
import { ReadableSegment } from "./readable-segment.js";
import { openLevelTarget } from "./salvage-level.js";
import { SalvageLedger, type SalvageReport } from "./salvage-report.js";
import type { SalvagedJournal, SalvageTarget } from "./salvage-target.js";
import { createSegment, isSegmentName } from "./segment.js";
import type { AuditItem } from "./segment-audit.js";
import { SegmentReaders } from "./segment-readers.js";
import { SegmentWriter } from "./segment-writer.js";

/** How a journal is salvaged. */
export interface SalvageJournalOptions {
  /** The file system of both folders. */
  readonly disk: Disk;
  /** The damaged journal; it is only read. No broker may be using it. */
  readonly from: string;
  /** The folder of the new journal; made if it is not there, and without a journal if it is. */
  readonly to: string;
  /** Source of salts, for segments. */
  readonly random: Random;
  /** The journal's 16 bytes, needed only where nothing in the folder is left to tell. */
  readonly journalId?: Uint8Array;
  /** A sequence that a checkpoint or index knows: what is appended later goes behind it. */
  readonly lastSequenceMin?: bigint;
  /** Bounds that differ from `JOURNAL_LIMITS`, as the journal is opened with later. */
  readonly limits?: Partial<JournalLimits>;
}

type SoundEntry = Extract<AuditItem, { kind: "entry" }>;

/**
 * Writes all sound entries of a damaged journal into a new folder, as a journal of the same kind
 * under the same sequences, with holes where entries are lost, and says what that is. The new
 * journal keeps the id: checkpoints and index name it, and a checkpoint holds what the journal
 * itself no longer has. Throw the index away afterwards: it may point at entries that are lost.
 *
 * Rejects with `corrupt` where nothing tells the journal's id, `conflict` where the new folder has a
 * journal, `full` where no space is left, `io_failed` where the disk refuses to write. The new
 * journal is durable when it resolves, and must not be used where it does not.
 */
export async function salvageJournal(options: SalvageJournalOptions): Promise<SalvageReport> {
  const { disk, from, journalId: knownId } = options;
  const audit = await openAudit({
    disk,
    folder: from,
    ...(knownId === undefined ? {} : { journalId: knownId }),
  });
  const { journalId, firstSequence } = audit;
  if (journalId === undefined) {
    throw new JournalError("corrupt", `Nothing in ${from} tells the journal's id; name it`);
  }
  try {
    const limits = journalLimits(options.limits);
    await ensureFolder(disk, options.to);
    const openTarget = audit.kind === "segments" ? openSegmentTarget : openLevelTarget;
    const target = await openTarget(options, { journalId, firstSequence, limits });
    const ledger = new SalvageLedger();
    try {
      await copySound(audit.items(), target, ledger);
      const least = options.lastSequenceMin ?? 0n;
      const lastSequence = audit.lastSequence > least ? audit.lastSequence : least;
      await target.finish(lastSequence);
      return ledger.report(journalId, lastSequence);
    } catch (error) {
      await target.close();
      throw error;
    }
  } catch (error) {
    throw JournalError.from(error, `salvage of ${from}`);
  }
}

async function copySound(
  items: AsyncGenerator<AuditItem>,
  target: SalvageTarget,
  ledger: SalvageLedger,
): Promise<void> {
  const gathered = new Gathered();
  for await (const item of items) {
    if (item.kind === "fault") {
      ledger.note(item.fault);
      continue;
    }
    if (!gathered.hasRoom(item, target.limits)) await target.write(gathered.take());
    gathered.add(item);
    ledger.keep(item.payload);
  }
  if (gathered.count > 0) await target.write(gathered.take());
}

async function openSegmentTarget(
  { disk, to, random }: SalvageJournalOptions,
  { journalId, firstSequence, limits }: SalvagedJournal,
): Promise<SalvageTarget> {
  if ((await disk.readdir(to)).some(isSegmentName)) {
    throw new JournalError("conflict", `There is a journal in ${to} already`);
  }
  const { segment, file } = await createSegment(disk, to, {
    journalId,
    salt: random.bytes(8),
    firstSequence,
    firstCommit: 1n,
    previousFirstSequence: 0n,
    firstRetained: firstSequence,
    isRewritten: false,
    isRecycled: false,
  });
  const readers = new SegmentReaders(disk, limits.openSegmentsMax, verifyChecksum);
  const index = new CommitIndex();
  const writer = new SegmentWriter(
    { disk, folder: to, random, limits, readers },
    {
      active: new ReadableSegment(segment, file, { commitsEnd: segment.bytes, index }),
      segments: [segment],
      lastSequence: firstSequence - 1n,
      lastCommit: 0n,
      unmarkedCommit: 0n,
      firstRetained: firstSequence,
    },
  );
  return {
    limits,
    write: async (content) => {
      await writer.commit([content]);
    },
    async finish(lastSequence) {
      // Without entries it only says what was assigned.
      await writer.commit([emptyAt(lastSequence)]);
      await writer.mark();
      await writer.close();
      await readers.close();
    },
    close: () => readers.close(),
  };
}

/** Entries that become one commit. */
class Gathered {
  #entries: SoundEntry[] = [];
  #bytes = 0;

  get count(): number {
    return this.#entries.length;
  }

  hasRoom({ payload }: SoundEntry, limits: JournalLimits): boolean {
    const bytesMax = Math.min(SALVAGE_COMMIT_BYTES, limits.commitBytesMax);
    const isFull = this.#bytes + payload.length > bytesMax || this.count >= limits.commitEntriesMax;
    return this.count === 0 || !isFull;
  }

  add(entry: SoundEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.payload.length;
  }

  take(): CommitContent {
    const entries = this.#entries;
    const bytes = this.#bytes;
    this.#entries = [];
    this.#bytes = 0;
    return {
      entries: entries.map(({ payload }) => ({ parts: [payload] })),
      rows: entries.map(({ sequence, payload, checksum }) => ({
        sequence,
        length: payload.length,
        checksum,
      })),
      bytes,
      mustSync: false,
      first: entries[0]?.sequence ?? 0n,
      last: entries.at(-1)?.sequence ?? 0n,
    };
  }
}

function emptyAt(sequence: bigint): CommitContent {
  const range = { first: sequence + 1n, last: sequence };
  return { entries: [], rows: [], bytes: 0, mustSync: false, ...range };
}
