import { type FSWatcher, watch } from "node:fs";

/** When one file of a checkpoint was being written, milliseconds since the Unix epoch. */
export interface Writing {
  /** What the file was called. */
  readonly name: string;
  /** Its first sight. */
  readonly from: number;
  /** Its last: it has its own name by then, or is gone. */
  readonly to: number;
}

/** What a file is called while it is not complete. */
const INCOMPLETE = ".tmp";

/** Watches a folder for the lives of incomplete files, without asking the process that writes them. */
export class CheckpointWatch {
  readonly #watcher: FSWatcher;
  readonly #open = new Map<string, Writing>();

  /** Begins to watch the folder. */
  constructor(folder: string) {
    this.#watcher = watch(folder, (_event, name) => this.#seen(name));
  }

  #seen(name: string | null): void {
    if (name === null || !name.endsWith(INCOMPLETE)) return;
    const now = performance.timeOrigin + performance.now();
    this.#open.set(name, { name, from: this.#open.get(name)?.from ?? now, to: now });
  }

  /** What was written since the last time this was asked. */
  take(): Writing[] {
    const written = [...this.#open.values()];
    this.#open.clear();
    return written;
  }

  /** Ends the watching. */
  close(): void {
    this.#watcher.close();
  }
}
