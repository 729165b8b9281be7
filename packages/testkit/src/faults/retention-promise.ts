import type { EntryTime } from "./entry-time.js";
import { AGED_RETENTION_MS, BOUNDED_RETENTION_BYTES } from "./limits.js";
import { BOUNDED } from "./topics.js";
import type { IssuedBatch, Witness } from "./witness.js";

/**
 * Notes which batches retention may have dropped, from what its users can know: their age by any
 * time that the broker may believe in, the bytes above them, and which executions were open by then.
 * Everything else must be there.
 */
export class RetentionPromise {
  readonly #witness: Witness;
  readonly #time: EntryTime;

  /** Writes into the batches of the witness. */
  constructor(witness: Witness, time: EntryTime) {
    this.#witness = witness;
    this.#time = time;
  }

  /** Time passed: some may be too old by now. */
  timePassed(): void {
    if (this.#time.isPaused) return;
    const cutoffMs = this.#time.highMs - AGED_RETENTION_MS;
    for (const batch of this.#witness.agedBatches()) {
      if (batch.appendLowMs <= cutoffMs && !this.#isHeld(batch)) batch.mayBeGone = "age";
    }
  }

  /** A batch is sent, or executions closed: some of the topic with a bound on its bytes may go. */
  grew(): void {
    let bytesAbove = 0;
    for (const batch of this.#witness.batches.toReversed()) {
      if (batch.topic !== BOUNDED) continue;
      bytesAbove += batch.bytes;
      const isBeyond = bytesAbove > BOUNDED_RETENTION_BYTES;
      if (isBeyond && batch.mayBeGone === undefined && !this.#isHeld(batch)) {
        batch.mayBeGone = "bytes";
      }
    }
  }

  #isHeld({ events }: IssuedBatch): boolean {
    const { executions } = this.#witness;
    return events.some(
      ({ correlationId }) => (executions.get(correlationId) ?? 0) > this.#time.highMs,
    );
  }
}
