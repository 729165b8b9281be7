import type { BatchSlot } from "./batch-slot.js";
import type { ConsumerState } from "./consumer-ring.js";
import type { Run } from "./run.js";

/** Indexes of consecutive events within an entry. */
export interface IndexSpan {
  /** First index. */
  readonly first: number;
  /** Last index, included. */
  readonly last: number;
}

/** Events of one batch handed to one consumer. */
export interface Lease {
  /** What fences it. */
  readonly token: bigint;
  /** Whose it is. */
  readonly consumer: ConsumerState;
  /** The batch. */
  readonly slot: BatchSlot;
  /** What was handed out, disjoint; stays when the lease ends. */
  readonly spans: readonly IndexSpan[];
  /** What is still leased. */
  readonly runs: Set<Run>;
}
