import { JournalError } from "./journal-error.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/** The bounds of a journal. */
export interface JournalLimits {
  /** Bytes of one entry's payload. */
  readonly entryBytesMax: number;
  /** Bytes of the payloads of one commit, and so of one append call, which is never split. */
  readonly commitBytesMax: number;
  /** Entries of one commit, and so of one append call. */
  readonly commitEntriesMax: number;
  /** Bytes of all appends that wait or are being written; each entry counts 256 more. */
  readonly queuedBytesMax: number;
  /** Bytes written with durability `os` that no sync has covered; the next commit syncs them. */
  readonly unsyncedBytesMax: number;
  /** Bytes of one segment file; a commit that would cross it goes into a new segment. */
  readonly segmentBytes: number;
  /** Bytes of recent payloads kept in memory for live delivery; each entry counts 256 more. */
  readonly tailCacheBytesMax: number;
  /** Dropped segment files that are kept to be written over; 0 for none. */
  readonly spareSegmentsMax: number;
  /** Sealed segments whose file and index are kept open for reading. */
  readonly openSegmentsMax: number;
  /** Ranges of one `forget`. */
  readonly forgetRangesMax: number;
  /** Bytes of memory in which forgotten entries are noted; the rest is read back from its files. */
  readonly forgottenBytesMax: number;
  /** Bytes that a segment must have to be rewritten. */
  readonly rewriteBytesMin: number;
}

/** The bounds that hold where the opener gives no others. */
export const JOURNAL_LIMITS: JournalLimits = {
  // One MiB less a page: an entry with its header fits into what gRPC and index take as 1 MiB.
  entryBytesMax: MIB - 4 * KIB,
  // Beyond some MiB a commit gains no throughput and only delays those who wait for it.
  commitBytesMax: 8 * MIB,
  // Keeps the entry table of a commit at 1 MiB.
  commitEntriesMax: 65_536,
  // Eight of the largest commits: what a disk that stalls may hold up in memory.
  queuedBytesMax: 64 * MIB,
  // What a power cut may take from topics that asked for `os`, besides the 100 ms.
  unsyncedBytesMax: 64 * MIB,
  // The unit of retention and of the scan at start: 64 MiB verify in well under a second.
  segmentBytes: 64 * MIB,
  // What was just written; the engine keeps more of it, decoded, for those who follow live.
  tailCacheBytesMax: 4 * MIB,
  // One is written over while retention drops the next: more would only hold space.
  spareSegmentsMax: 2,
  // Each holds a descriptor and at most some tens of KiB of index.
  openSegmentsMax: 64,
  // A whole batch of events, each in a range of its own.
  forgetRangesMax: 65_536,
  // One bit an entry: 64 million entries at hand.
  forgottenBytesMax: 8 * MIB,
  // Below this a smaller file gains some pages at most.
  rewriteBytesMin: 64 * KIB,
};

/** A commit's positions are stored in 32 bits; a segment can exceed its size by one commit. */
const SEGMENT_BYTES_CEILING = 1024 * MIB;

/** What an entry costs in memory besides its payload: bounds count it, or tiny ones escape them. */
export const ENTRY_OVERHEAD_BYTES = 256;
/** Bytes that a system reads from a file before some of them are written over. */
export const FILE_PAGE_BYTES = 4 * KIB;
/** Parts that a system takes in one synced write: more would be several writes, each synced. */
export const SYNCED_PARTS_MAX = 1024;
/** Milliseconds between looks whether the writer is idle; twice this is the promise of 100 ms. */
export const IDLE_CHECK_MS = 50;
/** Bytes between two entries of a segment's index: one read of this size finds any commit. */
export const INDEX_SPACING_BYTES = 64 * KIB;
/** Bytes read at once from a segment while going through it. */
export const SCAN_WINDOW_BYTES = 256 * KIB;
/** Bytes read at once to find a single entry. */
export const LOOKUP_WINDOW_BYTES = 16 * KIB;
/** Places at which single entries were found last: about as many readers go on from theirs. */
export const LOOKUP_PLACES_MAX = 64;
/** Bytes kept with one of them: what is larger was read for a large entry, and is not worth it. */
export const LOOKUP_KEPT_BYTES_MAX = 64 * KIB;
/** Bytes that stay free on the disk for acks, deletes and retention when publishing is refused. */
export const DISK_RESERVE_BYTES = 512 * MIB;
/** Milliseconds between looks at the free space: a fast disk writes half of the reserve meanwhile. */
export const DISK_SPACE_POLL_MS = 1_000;
/** Bytes of payload that are gathered into one commit of a rewritten segment. */
export const REWRITE_COMMIT_BYTES = MIB;
/** Bytes of a rewritten segment between syncs: a commit's own sync never waits behind much more. */
export const REWRITE_SYNC_BYTES = 4 * MIB;
/** Milliseconds after which what was forgotten is noted in its files. */
export const FORGOTTEN_SAVE_MS = 5_000;
/** Bytes that are given up together where a disk refuses to read them. */
export const SALVAGE_PAGE_BYTES = 4 * KIB;
/** Bytes of payload that salvage gathers into one commit. */
export const SALVAGE_COMMIT_BYTES = MIB;
/** Faults, and ranges of lost entries, that a salvage report lists; the rest is counted. */
export const SALVAGE_REPORT_MAX = 10_000;
/** Bytes read at once from a file that is copied or hashed. */
export const COPY_WINDOW_BYTES = MIB;
/** Milliseconds between looks whether the writer marked its last commit; it does within 100. */
export const MARK_WAIT_MS = 50;
/** Looks for that mark before a copy gives up: 3 s, for a disk whose syncs take long. */
export const MARK_LOOKS_MAX = 60;
/** Segment headers read at the same time when a journal is opened. */
export const HEADERS_IN_FLIGHT = 16;
/** Bytes of one of LevelDB's two write buffers, and so of one of its logs. */
export const LEVEL_WRITE_BUFFER_BYTES = 16 * MIB;
/** Bytes of LevelDB's block cache. */
export const LEVEL_CACHE_BYTES = 8 * MIB;
/** Table files that LevelDB keeps open. */
export const LEVEL_OPEN_FILES_MAX = 256;
/** Bytes that LevelDB reads ahead for an iteration. */
export const LEVEL_READ_BYTES = 256 * KIB;
/** Bytes of newest entries that are checked at start: two logs, each with one commit beyond. */
export const LEVEL_CHECK_BYTES = 2 * (LEVEL_WRITE_BUFFER_BYTES + 16 * MIB);
/** Looks at LevelDB's manifest before a copy gives up: each takes as long as the tables that are new. */
export const LEVEL_COPY_LOOKS_MAX = 60;
/** Entries that one batch removes, so that commits wait for no more. */
export const LEVEL_REMOVALS_MAX = 4096n;
/** Largest sequence: positions elsewhere pack it into 48 bits. */
export const SEQUENCE_MAX = 2n ** 48n - 1n;

/** The default bounds with changes, checked against each other. Throws `RangeError`. */
export function journalLimits(changes: Partial<JournalLimits> = {}): JournalLimits {
  const limits = { ...JOURNAL_LIMITS, ...changes };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isInteger(value) || value < 0) {
      throw new RangeError(`${name} must be a whole number, not ${value}`);
    }
  }
  const { entryBytesMax, commitBytesMax, queuedBytesMax, segmentBytes } = limits;
  if (entryBytesMax > commitBytesMax || commitBytesMax > queuedBytesMax) {
    throw new RangeError("entryBytesMax <= commitBytesMax <= queuedBytesMax does not hold");
  }
  if (segmentBytes > SEGMENT_BYTES_CEILING || commitBytesMax > SEGMENT_BYTES_CEILING) {
    throw new RangeError(`segmentBytes and commitBytesMax end at ${SEGMENT_BYTES_CEILING}`);
  }
  if (limits.commitEntriesMax < 1 || limits.openSegmentsMax < 1) {
    throw new RangeError("commitEntriesMax and openSegmentsMax begin at 1");
  }
  return limits;
}

/** Throws `limit_exceeded` where `actual` is more than the bound of that name. */
export function checkLimit(
  limits: JournalLimits,
  limit: keyof JournalLimits,
  actual: number,
): void {
  const max = limits[limit];
  if (actual <= max) return;
  throw new JournalError("limit_exceeded", `${limit} is ${max}, but this needs ${actual}`, {
    details: { limit, max, actual },
  });
}
