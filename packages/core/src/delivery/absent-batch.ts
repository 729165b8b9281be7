import type { BatchRef } from "./batch-ref.js";
import type { BatchTraits } from "./batch-traits.js";

/** A batch that a settlement names and that was not looked at yet, as the index has it. */
export interface AbsentBatch {
  /** The batch. */
  readonly ref: BatchRef;
  /** Needed with order KEY only. */
  readonly traits?: BatchTraits;
}
