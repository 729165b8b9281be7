import type { IndexStore } from "@opendxa/pubsub-index-store";
import { ChangedRecords } from "./changed-records.js";
import { CheckpointError } from "./checkpoint-format.js";
import type { CheckpointStore } from "./checkpoint-store.js";
import { controlState } from "./control-state.js";
import type { EngineLog, TimerHandle, Timers } from "./environment.js";
import { markDurable } from "./index-chain.js";
import type { IndexWriter } from "./index-writer.js";
import type { JournalSpace } from "./journal-space.js";
import {
  checkpointBaseJournalBytes,
  checkpointBaseJournalFactor,
  checkpointIntervalMs,
  checkpointJournalBytes,
  checkpointKeysMax,
} from "./limits.js";
import type { RecordBlocks } from "./merge-records.js";
import type { StateChange } from "./state-change.js";

/** What a checkpointer works with. */
export interface CheckpointerParts {
  /** Where checkpoints go. */
  readonly store: CheckpointStore;
  /** The index, made durable beside each checkpoint. */
  readonly index: IndexStore;
  /** How far the index is. */
  readonly writer: IndexWriter;
  /** Timers. */
  readonly timers: Timers;
  /** Resolves when a power cut cannot take entries up to a sequence away any more. */
  readonly synced: (sequence: bigint) => Promise<void>;
  /** Frees what no checkpoint and no batch needs. */
  readonly space: JournalSpace;
  /** Told of each checkpoint. */
  readonly log: EngineLog;
}

/**
 * Collects what changed since the last checkpoint and writes it in the background, without holding
 * up the command loop: the collection is exchanged at once and written from the side.
 */
export class Checkpointer {
  readonly #parts: CheckpointerParts;
  #changed = new ChangedRecords();
  #sequence: bigint;
  #bytes = 0;
  #bytesSinceBase = 0;
  #timer: TimerHandle | undefined;
  #running: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(parts: CheckpointerParts, sequence: bigint) {
    this.#parts = parts;
    this.#sequence = sequence;
  }

  /**
   * Writes a base first: for a new journal, and after an unclean stop, when it is not known what
   * changed since the last checkpoint. `state` is a view of the state at `sequence` that was
   * taken before anything else was applied.
   */
  startWithBase(sequence: bigint, state: RecordBlocks): void {
    this.#track(this.#writeBase(sequence, state), sequence);
  }

  /** Whether so much has changed that the command loop should wait for the checkpoint. */
  get isBehind(): boolean {
    return this.#running !== undefined && this.#changed.size >= checkpointKeysMax;
  }

  /** Resolves when the running checkpoint is written. */
  get settled(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Takes the changes of control state by a durable entry of this size in the journal. */
  add(changes: readonly StateChange[], entry: { sequence: bigint; bytes: number }): void {
    for (const change of changes) this.#changed.add(change);
    this.#sequence = entry.sequence;
    this.#bytes += entry.bytes;
    this.#bytesSinceBase += entry.bytes;
    if (this.#bytes >= checkpointJournalBytes || this.#changed.size >= checkpointKeysMax) {
      this.#start();
    } else {
      this.#timer ??= this.#parts.timers.setTimer(() => {
        this.#timer = undefined;
        this.#start();
      }, checkpointIntervalMs);
    }
  }

  /** Starts nothing more, and resolves when a running checkpoint has ended. */
  async stop(): Promise<void> {
    this.#clearTimer();
    await this.#running;
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#parts.timers.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  /** Writes what is left and stops. */
  async close(): Promise<void> {
    await this.stop();
    if (this.#changed.size === 0) return;
    this.#start();
    await this.#running;
    // Making the journal durable may have added an entry, which set the timer again.
    this.#clearTimer();
  }

  #start(): void {
    if (this.#running !== undefined || this.#failure !== undefined) return;
    const changed = this.#changed;
    const sequence = this.#sequence;
    this.#changed = new ChangedRecords();
    this.#bytes = 0;
    this.#clearTimer();
    // A base out of the index, which was ahead of what was collected, holds all of it.
    if (sequence <= this.#parts.store.newestSequence) return;
    this.#track(this.#write(changed, sequence), sequence);
  }

  #track(work: Promise<void>, sequence: bigint): void {
    this.#running = work.then(
      () => {
        this.#running = undefined;
      },
      (error: unknown) => {
        this.#running = undefined;
        this.#failure = error instanceof Error ? error : new Error(String(error));
        this.#parts.log.warn("checkpoint failed; the next start replays more of the journal", {
          sequence,
          cause: this.#failure.message,
        });
      },
    );
  }

  async #writeBase(sequence: bigint, state: RecordBlocks): Promise<void> {
    const { store, log } = this.#parts;
    this.#bytesSinceBase = 0;
    await this.#settle(sequence);
    const bytes = await store.writeBase(sequence, state);
    log.info("checkpoint base written", { sequence, bytes });
  }

  async #write(changed: ChangedRecords, sequence: bigint): Promise<void> {
    const { store, space, log } = this.#parts;
    const keys = changed.size;
    const isBaseDue = this.#isBaseDue();
    if (isBaseDue) this.#bytesSinceBase = 0;
    const oldestPayload = space.oldestPayload(sequence);
    // Awaited far below: without this a failure on the way there would go unheard.
    oldestPayload.catch(() => undefined);
    await this.#settle(sequence);
    try {
      const bytes = await store.write(sequence, changed.blocks(), isBaseDue);
      log.info("checkpoint written", { sequence, bytes, keys });
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      await this.#replaceDamaged(error);
      return;
    }
    try {
      const { oldestBase } = store;
      await space.free({ sequence, oldestPayload: await oldestPayload, oldestBase });
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      log.warn("space could not be freed; it is tried after the next checkpoint", { cause });
    }
  }

  /** A file that was to be merged is damaged; the index holds all state, and more of it. */
  async #replaceDamaged(cause: CheckpointError): Promise<void> {
    const { index, writer, log } = this.#parts;
    const why = { cause: cause.message };
    log.warn("a damaged checkpoint was met while merging; a base is written anew", why);
    // Only between two of its batches is it known which sequence the index is at.
    const { sequence, state } = await writer.between(async (applied) => ({
      sequence: applied,
      state: await controlState(index),
    }));
    await this.#writeBase(sequence, state);
  }

  /**
   * The journal is durable before the index is, where its engine can, and that before the
   * checkpoint: neither may be ahead of the journal after a power cut, and an index below the newest
   * checkpoint is rebuilt, because what it lacks may have left the journal.
   */
  async #settle(sequence: bigint): Promise<void> {
    const { index, writer, synced } = this.#parts;
    await synced(sequence);
    await writer.reached(sequence);
    await markDurable(index, writer.applied);
  }

  /** Only a new base lets the journal before the older one go. */
  #isBaseDue(): boolean {
    const factor = checkpointBaseJournalFactor * this.#parts.store.baseBytes;
    return this.#bytesSinceBase >= Math.max(checkpointBaseJournalBytes, factor);
  }
}
