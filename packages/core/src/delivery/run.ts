import type { RetryCause } from "@opendxa/pubsub-protocol";
import type { BatchSlot } from "./batch-slot.js";
import type { KeyQueue } from "./key-queue.js";
import type { Lease } from "./lease.js";

/**
 * Where events are: `ready` for a consumer, `held` behind an earlier event of their ordering key,
 * `waiting` for their retry time, `leased`, `doomed` to become dead letters, `settled`, or `gone`
 * when the run was cut into others.
 */
export type RunState = "ready" | "held" | "waiting" | "leased" | "doomed" | "settled" | "gone";

/**
 * Consecutive events of one batch with one fate, one ordering key and one expire time. Its bounds
 * never change: cutting a run makes new ones, so that whoever still holds the old one sees that it
 * is gone. Excluded events lie inside of runs and are counted nowhere.
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
  /** Failed attempts that are journalled or about to be; the last one of a doomed run is not. */
  attempts: number;
  /** End of the lease when leased, earliest retry when waiting; milliseconds since the Unix epoch. */
  atMs: number;
  /** Reason of the last nack. */
  reason: string;
  /** Why the last attempt failed, since the start. */
  cause: RetryCause;
  /** The change that journals why it waits, which comes again not before; 0: that is journalled. */
  failedIn: number;
  /** The lease, when leased. */
  lease: Lease | undefined;
  /** From when on its events are not delivered; infinite: always. */
  readonly expireMs: number;
  /** The book looks at its expire time. */
  isTimed: boolean;
  /** The queue of its ordering key, while unsettled. */
  key: KeyQueue | undefined;
  /** The unsettled run of the key before it. */
  before: Run | undefined;
  /** The unsettled run of the key behind it. */
  after: Run | undefined;
}
