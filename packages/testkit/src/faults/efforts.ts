import type { EngineStats } from "@opendxa/pubsub-engine";
import type { Journal } from "@opendxa/pubsub-journal";

/** How often engines did what the matrix is to go through. */
export class Efforts {
  /** Batches that retention or a deletion dropped. */
  expired = 0;
  /** Engines that ended with a journal whose beginning had been let go. */
  truncations = 0;
  /** Segments that were rewritten. */
  rewrites = 0;
  /** Deltas of checkpoints that a merge or a newer base made superfluous. */
  merges = 0;
  /** Engines that ended while retention by time was paused. */
  pauses = 0;
  #tracedOperations = 0;

  /** Takes what a disk did since the last time. */
  disk(trace: readonly string[]): void {
    for (const line of trace.slice(this.#tracedOperations)) {
      if (line.startsWith("unlink") && line.endsWith(".delta")) this.merges += 1;
    }
    this.#tracedOperations = trace.length;
  }

  /** Takes what an engine did that ends now. */
  engine({ batchesExpired, isTimePaused }: EngineStats, journal: Journal): void {
    this.expired += batchesExpired;
    if (isTimePaused) this.pauses += 1;
    if (journal.firstSequence > 1n) this.truncations += 1;
    this.rewrites += journal.figures.rewrittenSegments;
  }
}
