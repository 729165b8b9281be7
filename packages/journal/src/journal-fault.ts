import type { SequenceRange } from "./sequence-range.js";

/**
 * What is wrong with a journal's files.
 *
 * Faults, with which the journal refuses to open or to read there:
 * - `header_damaged`: a segment's header; its commits may be sound.
 * - `header_unsupported`: a segment of another version or with unknown flags.
 * - `segment_misnamed`: the header names another file; it was renamed, swapped or copied.
 * - `segment_foreign`: a segment of another journal.
 * - `segment_missing`: a segment that others say must be there.
 * - `commit_damaged`: a commit's head or entry table, or commits that are missing.
 * - `entry_damaged`: the payload of one entry.
 * - `marker_damaged`: `journal.json`, which says how the journal is kept.
 * - `manifest_damaged`: LevelDB's list of its tables; all that are there are read instead.
 * - `table_missing`: a table that LevelDB's manifest names.
 * - `table_damaged`: a block or the index of a table of LevelDB; what it cost follows.
 * - `log_damaged`: batches in LevelDB's log that were synced; what it cost follows.
 * - `head_damaged`: what a journal in LevelDB says of its id, its beginning and its end.
 * - `forgotten_damaged`: which entries of a journal in LevelDB are forgotten, not lost.
 * - `entry_missing`: entries that are not in LevelDB and were never forgotten.
 * - `unreadable`: the disk refuses to read a page; what lies there counts as damaged.
 *
 * Notices, which the next opening deals with by itself:
 * - `torn_tail`: bytes behind the last commit, never promised to anybody or, where `message` says
 *   so, perhaps the last commit before its mark.
 * - `footer_missing`: a sealed segment without an index; a crash in the moment of sealing.
 * - `footer_damaged`: a sealed segment's index, torn by such a crash or damaged since; it is made anew
 *   from the commits, nothing is lost.
 * - `notes_damaged`: which entries are forgotten; their space is freed later.
 * - `leftover`: a file that the next opening removes.
 */
export type JournalFaultKind =
  | "header_damaged"
  | "header_unsupported"
  | "segment_misnamed"
  | "segment_foreign"
  | "segment_missing"
  | "commit_damaged"
  | "entry_damaged"
  | "marker_damaged"
  | "manifest_damaged"
  | "table_missing"
  | "table_damaged"
  | "log_damaged"
  | "head_damaged"
  | "forgotten_damaged"
  | "entry_missing"
  | "unreadable"
  | "torn_tail"
  | "footer_missing"
  | "footer_damaged"
  | "notes_damaged"
  | "leftover";

/** One finding about a journal's files. */
export interface JournalFault {
  /** What it is. */
  readonly kind: JournalFaultKind;
  /** A `notice` is dealt with by the next opening; a `fault` needs an operator. */
  readonly severity: "fault" | "notice";
  /** Path within the folder; `leveldb` for what keys and values there are missing. */
  readonly segment: string;
  /** Byte position at which it begins. */
  readonly position: number;
  /** Bytes concerned; 0 for a file that is missing. */
  readonly bytes: number;
  /**
   * Entries that it may have taken: at most these, or these and later ones where it is the end of
   * the newest segment; absent where it takes none.
   */
  readonly sequences?: SequenceRange;
  /** One sentence for people. */
  readonly message: string;
}

const NOTICES: readonly JournalFaultKind[] = [
  "torn_tail",
  "footer_missing",
  "footer_damaged",
  "notes_damaged",
  "leftover",
];

/** Where a fault lies. */
export interface FaultPlace {
  /** File name. */
  readonly segment: string;
  /** Byte position. */
  readonly position: number;
  /** Bytes concerned. */
  readonly bytes: number;
  /** Entries concerned; an empty range counts as none. */
  readonly sequences?: SequenceRange;
}

/** Builds a finding. */
export function fault(kind: JournalFaultKind, message: string, place: FaultPlace): JournalFault {
  const { segment, position, bytes, sequences } = place;
  const isNone = sequences === undefined || sequences.last < sequences.first;
  return {
    kind,
    severity: NOTICES.includes(kind) ? "notice" : "fault",
    segment,
    position,
    bytes,
    ...(isNone ? {} : { sequences }),
    message,
  };
}
