import { IndexStoreError } from "./index-store-error.js";

/**
 * Runs writes one after the other in the order of the calls: engines apply concurrent batches in
 * any order, and then a kill could keep a later batch without an earlier one. For the same reason
 * nothing is written after a failure.
 */
export class WriteQueue {
  #tail: Promise<void> = Promise.resolve();
  #failure: IndexStoreError | undefined;

  /** Runs `write` after all writes given before it. */
  add(write: () => Promise<void>): Promise<void> {
    const result = this.#tail.then(() => this.#run(write));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Resolves when the writes given before have ended; rejects where one has ever failed. */
  async settled(): Promise<void> {
    await this.#tail;
    this.#assertHealthy();
  }

  async #run(write: () => Promise<void>): Promise<void> {
    this.#assertHealthy();
    try {
      await write();
    } catch (error) {
      this.#failure = IndexStoreError.from(error, "write");
      throw this.#failure;
    }
  }

  #assertHealthy(): void {
    if (this.#failure === undefined) return;
    throw new IndexStoreError("engine_failed", "An earlier write of the index store failed", {
      details: { operation: "write" },
      cause: this.#failure,
    });
  }
}
