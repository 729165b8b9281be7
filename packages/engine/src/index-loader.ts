import type { IndexStore, IndexWrite } from "@opendxa/pubsub-index-store";
import { indexBatchBytesMax, loadedWritesMax } from "./limits.js";

/** Fills an index that nobody reads yet, in batches that keep its bounds on writes and bytes. */
export class IndexLoader {
  readonly #index: IndexStore;
  #batch: IndexWrite[] = [];
  #bytes = 0;

  constructor(index: IndexStore) {
    this.#index = index;
  }

  /** Takes writes; later ones of a key win. */
  async add(writes: Iterable<IndexWrite>): Promise<void> {
    for (const write of writes) {
      const size = write.key.length + (write.value?.length ?? 0);
      const isFull =
        this.#batch.length >= loadedWritesMax || this.#bytes + size > indexBatchBytesMax;
      if (isFull) await this.flush();
      this.#batch.push(write);
      this.#bytes += size;
    }
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    if (this.#batch.length > 0) await this.#index.write(this.#batch);
    this.#batch = [];
    this.#bytes = 0;
  }
}
