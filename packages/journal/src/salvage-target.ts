import type { CommitContent } from "./append-queue.js";
import type { JournalLimits } from "./limits.js";

/** What a salvaged journal is told of the damaged one. */
export interface SalvagedJournal {
  /** Its id. */
  readonly journalId: Uint8Array;
  /** Oldest sequence retained. */
  readonly firstSequence: bigint;
  /** Bounds. */
  readonly limits: JournalLimits;
}

/** Where salvaged entries go. */
export interface SalvageTarget {
  /** Its bounds. */
  readonly limits: JournalLimits;
  /** Writes entries; their sequences ascend from call to call. */
  write(content: CommitContent): Promise<void>;
  /** Says what was assigned, so that no sequence is given twice, and makes all of it durable. */
  finish(lastSequence: bigint): Promise<void>;
  /** Ends it after an error. */
  close(): Promise<void>;
}
