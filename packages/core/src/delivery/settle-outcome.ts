import type { SettlementException } from "@opendxa/pubsub-protocol";
import type { AbsentBatch } from "./absent-batch.js";
import type { Moment } from "./moment.js";

/** When a settlement is carried out, and what it needs beside what is resident. */
export interface SettleMoment extends Moment {
  /** Batches that match, of the entries that `absentSequences` named. */
  readonly absent?: readonly AbsentBatch[];
}

/** What became of a settlement. */
export interface SettleOutcome {
  /** What could not be carried out as asked. */
  readonly verdicts: SettlementException[];
  /** Events were doomed by it: answer when their dead letters are durable. */
  readonly isDooming: boolean;
}
