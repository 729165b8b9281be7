import { AppendQueue, type PendingAppend } from "./append-queue.js";
import type { AppendedRange, AppendOptions, JournalEntry } from "./journal.js";
import { failed, isFull, JournalError } from "./journal-error.js";
import type { JournalLimits } from "./limits.js";

/** What a {@link GroupCommit} works with. */
export interface GroupCommitParts {
  /** Bounds. */
  readonly limits: JournalLimits;
  /** Newest sequence assigned. */
  readonly lastSequence: bigint;
  /** Makes appends durable as one commit. What it throws ends the journal, but for `full`. */
  readonly commit: (batch: readonly PendingAppend[]) => Promise<void>;
  /** Is called when a commit can be read, before its appends resolve. */
  readonly onCommitted: (batch: readonly PendingAppend[]) => void;
  /** Is told once when the journal fails for good. */
  readonly onFailure: (error: JournalError) => void;
}

interface Task {
  readonly run: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: JournalError) => void;
}

interface Committing {
  readonly batch: readonly PendingAppend[];
  readonly isDone: Promise<void>;
}

/**
 * The one loop in which a journal changes: appends that arrive during one commit are the next, and
 * what else changes the journal runs between two commits.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts;
  readonly #queue: AppendQueue;
  readonly #tasks: Task[] = [];
  #lastSequence: bigint;
  #running: Promise<void> | undefined;
  #ended: JournalError | undefined;

  /** Begins idle. */
  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
    this.#queue = new AppendQueue(parts.limits, parts.lastSequence);
    this.#lastSequence = parts.lastSequence;
  }

  /** Newest sequence whose commit is done. */
  get lastSequence(): bigint {
    return this.#lastSequence;
  }

  /** Why nothing more is taken; undefined while the journal is sound and open. */
  get ended(): JournalError | undefined {
    return this.#ended;
  }

  /** Whether something is going on or waits. */
  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** See `Journal.append`. */
  append(entries: readonly JournalEntry[], options: AppendOptions): Promise<AppendedRange> {
    return new Promise((resolve, reject) => {
      // What is thrown here rejects the promise.
      if (this.#ended !== undefined) throw this.#ended;
      this.#queue.add(entries, options, { resolve, reject });
      this.#start();
    });
  }

  /** Runs something between two commits. What it throws ends the journal, but for `full`. */
  between(run: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended;
      this.#tasks.push({ run, resolve, reject });
      this.#start();
    });
  }

  /** Throws where the journal is closed; one that failed can still be read. */
  checkReadable(): void {
    if (this.#ended?.reason === "closed") throw this.#ended;
  }

  /**
   * Takes nothing more and finishes what waits, then `last` if the journal is sound. Rejects with
   * `failed` where that fails.
   */
  async close(last: () => Promise<void>): Promise<void> {
    const wasSound = this.#ended === undefined;
    this.#ended ??= new JournalError("closed", "The journal is closed");
    await this.#running;
    try {
      if (wasSound && this.#ended.reason === "closed") await last();
    } catch (error) {
      throw this.#fail(error);
    } finally {
      this.#ended = new JournalError("closed", "The journal is closed");
    }
  }

  /** Begins in a microtask, so that appends of one turn share a commit. */
  #start(): void {
    this.#running ??= Promise.resolve().then(() => this.#run());
  }

  async #run(): Promise<void> {
    try {
      while (this.#tasks.length > 0 || !this.#queue.isEmpty) {
        await this.#runTask(this.#tasks.shift());
        let committing = this.#begin();
        while (committing !== undefined) {
          const done = await this.#settled(committing);
          // The disk goes on before those who waited are told, who have work to do and append anew.
          committing = this.#tasks.length === 0 ? this.#begin() : undefined;
          for (const { first, last, resolve } of done) resolve({ first, last });
        }
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#running = undefined;
  }

  /** Begins the next commit, if anything waits for one. */
  #begin(): Committing | undefined {
    const batch = this.#queue.take();
    if (batch.length === 0) return undefined;
    return { batch, isDone: this.#parts.commit(batch) };
  }

  async #runTask(task: Task | undefined): Promise<void> {
    if (task === undefined) return;
    try {
      await task.run();
    } catch (error) {
      if (isFull(error)) {
        task.reject(error as JournalError);
        return;
      }
      const failure = failed(error);
      task.reject(failure);
      throw failure;
    }
    task.resolve();
  }

  /** Waits for a commit; answers the appends that are to be told that it is done. */
  async #settled({ batch, isDone }: Committing): Promise<readonly PendingAppend[]> {
    try {
      await isDone;
    } catch (error) {
      if (isFull(error)) {
        // Their sequences were never stored, so those behind them cannot be either.
        const refused = [...batch, ...this.#queue.reset(this.#lastSequence)];
        for (const append of refused) append.reject(error as JournalError);
        return [];
      }
      const failure = failed(error);
      for (const append of batch) append.reject(failure);
      throw failure;
    }
    this.#lastSequence = batch.at(-1)?.last ?? this.#lastSequence;
    this.#queue.release(batch);
    this.#parts.onCommitted(batch);
    return batch;
  }

  /** Ends the journal for good: after a failed write or sync nobody knows what the disk holds. */
  #fail(cause: unknown): JournalError {
    const failure = failed(cause);
    this.#ended = failure;
    for (let batch = this.#queue.take(); batch.length > 0; batch = this.#queue.take()) {
      for (const append of batch) append.reject(failure);
    }
    for (const task of this.#tasks.splice(0)) task.reject(failure);
    this.#parts.onFailure(failure);
    return failure;
  }
}
