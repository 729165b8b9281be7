import type { BatchSlot } from "./batch-slot.js";
import type { Lease } from "./lease.js";

/**
 * Where events are: `ready` for a consumer, `waiting` for their retry time, `leased`, `settled`, or
 * `gone` when the run was cut into others.
 */
export type RunState = "ready" | "waiting" | "leased" | "settled" | "gone";

/**
 * Consecutive events of one batch with one fate. Its bounds never change: cutting a run makes new
 * ones, so that whoever still holds the old one sees that it is gone. Excluded events lie inside
 * of runs and are counted nowhere.
 */
export interface Run {
  /** Its batch. */
  readonly slot: BatchSlot;
  /** First index within the entry. */
  readonly first: number;
  /** Last index within the entry, included. */
  readonly last: number;
  /** Its events, excluded ones left out. */
  readonly count: number;
  /** Where they are. */
  state: RunState;
  /** Failed attempts so far. */
  attempts: number;
  /** End of the lease when leased, earliest retry when waiting; milliseconds since the Unix epoch. */
  atMs: number;
  /** Reason of the last nack. */
  reason: string;
  /** The lease, when leased. */
  lease: Lease | undefined;
}
