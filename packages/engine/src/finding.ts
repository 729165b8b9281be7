import type { JournalFaultKind, SequenceRange } from "@opendxa/pubsub-journal";

/**
 * What is wrong with a namespace beside its journal's own kinds.
 *
 * Faults:
 * - `checkpoint_damaged`: a checkpoint file; an older one may still cover it.
 * - `checkpoint_foreign`: a checkpoint of another journal.
 * - `checkpoint_unlinked`: a delta that stands on no checkpoint: one before it is missing.
 * - `checkpoint_ahead`: the journal ends before a checkpoint: its newest segments are missing.
 * - `tail_incomplete`: entries that no sound checkpoint covers and the journal does not have.
 *
 * Notices, which the next start deals with by itself:
 * - `checkpoint_leftover`: what a stop left of a checkpoint being written or merged.
 * - `index_unusable`: the index is behind, ahead, cut off or another journal's: it is rebuilt.
 */
export type FindingKind =
  | JournalFaultKind
  | "checkpoint_damaged"
  | "checkpoint_foreign"
  | "checkpoint_unlinked"
  | "checkpoint_ahead"
  | "checkpoint_leftover"
  | "tail_incomplete"
  | "index_unusable";

/** One finding about a namespace's files. */
export interface Finding {
  /** What it is. */
  readonly kind: FindingKind;
  /** A `notice` is dealt with by the next start; a `fault` needs an operator. */
  readonly severity: "fault" | "notice";
  /** Path within the namespace's folder. */
  readonly file: string;
  /** Byte position at which it begins. */
  readonly position: number;
  /** Bytes concerned; 0 where that is not known or the file is missing. */
  readonly bytes: number;
  /** Entries that it may have taken. */
  readonly sequences?: SequenceRange;
  /** Topics of the events among them, as far as a usable index tells. */
  readonly topics?: readonly string[];
  /** How many events of those topics, as far as a usable index tells. */
  readonly events?: number;
  /** One sentence for people. */
  readonly message: string;
}
