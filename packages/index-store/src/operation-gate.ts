import { IndexStoreError } from "./index-store-error.js";
import { checkLimit, type IndexStoreLimits } from "./limits.js";

/** Counts running operations, so that closing can wait for them and refuse later ones. */
export class OperationGate {
  readonly #limits: IndexStoreLimits;
  #running = 0;
  #closed = false;
  #whenIdle: (() => void) | undefined;

  constructor(limits: IndexStoreLimits) {
    this.#limits = limits;
  }

  /** Throws `closed` once closing has begun. */
  assertOpen(): void {
    if (this.#closed) throw new IndexStoreError("closed", "The index store is closed");
  }

  /** Runs an operation; what the engine throws becomes an `IndexStoreError`. */
  async run<T>(name: string, operation: () => Promise<T>): Promise<T> {
    this.assertOpen();
    checkLimit(this.#limits, "operationsMax", this.#running + 1);
    this.#running += 1;
    try {
      return await operation();
    } catch (error) {
      throw IndexStoreError.from(error, name);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#whenIdle?.();
    }
  }

  /** Refuses further operations and resolves when none is running. Called once. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
  }
}
