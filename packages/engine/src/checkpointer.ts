import { payloadIndexPrefixes, type StateWrite } from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import type { CheckpointRecord } from "./checkpoint-format.js";
import type { CheckpointStore } from "./checkpoint-store.js";
import type { AppliedEntry } from "./command-loop.js";
import type { EngineLog, TimerHandle, Timers } from "./environment.js";
import { markDurable } from "./index-chain.js";
import type { IndexWriter } from "./index-writer.js";
import { checkpointIntervalMs, checkpointJournalBytes, checkpointKeysMax } from "./limits.js";

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
  /** Told of each checkpoint. */
  readonly log: EngineLog;
}

/** Whether a key of the index is state that a checkpoint holds. */
export function isControlKey(key: string): boolean {
  return !key.startsWith("!") && !payloadIndexPrefixes.some((prefix) => key.startsWith(prefix));
}

async function* filterControl(
  iterator: AsyncIterator<CheckpointRecord>,
  first: IteratorResult<CheckpointRecord>,
): AsyncGenerator<CheckpointRecord> {
  for (let step = first; step.done !== true; step = await iterator.next()) {
    if (isControlKey(step.value.key)) yield step.value;
  }
}

/** The control state that the index holds now, whatever is written to it later. */
export async function controlSnapshot(index: IndexStore): Promise<AsyncIterable<CheckpointRecord>> {
  const iterator = index.iterate({})[Symbol.asyncIterator]();
  return filterControl(iterator, await iterator.next());
}

/**
 * Collects what changed since the last checkpoint and writes it in the background, without holding
 * up the command loop: the collection is exchanged at once and written from the side.
 */
export class Checkpointer {
  readonly #parts: CheckpointerParts;
  #changed = new Map<string, StateWrite>();
  #sequence: bigint;
  #bytes = 0;
  #timer: TimerHandle | undefined;
  #running: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(parts: CheckpointerParts, sequence: bigint) {
    this.#parts = parts;
    this.#sequence = sequence;
  }

  /**
   * Writes a base first: for a new journal, and after an unclean stop, when it is not known what
   * changed since the last checkpoint. `records` is a view of the state at `sequence` that was
   * taken before anything else was applied.
   */
  startWithBase(sequence: bigint, records: AsyncIterable<CheckpointRecord>): void {
    this.#track(this.#writeBase(sequence, records), sequence);
  }

  /** Whether so much has changed that the command loop should wait for the checkpoint. */
  get isBehind(): boolean {
    return this.#running !== undefined && this.#changed.size >= checkpointKeysMax;
  }

  /** Resolves when the running checkpoint is written. */
  get settled(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Takes the changes of a durable entry. */
  add({ writes, sequence, bytes }: AppliedEntry): void {
    for (const write of writes) this.#changed.set(write.key.name, write);
    this.#sequence = sequence;
    this.#bytes += bytes;
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
  }

  #start(): void {
    if (this.#running !== undefined || this.#failure !== undefined) return;
    const changed = this.#changed;
    const sequence = this.#sequence;
    this.#changed = new Map();
    this.#bytes = 0;
    this.#clearTimer();
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

  async #writeBase(sequence: bigint, records: AsyncIterable<CheckpointRecord>): Promise<void> {
    const { store, index, writer, log } = this.#parts;
    const bytes = await store.writeBase(sequence, records);
    await markDurable(index, writer.applied);
    log.info("checkpoint base written", { sequence, bytes });
  }

  async #write(changed: Map<string, StateWrite>, sequence: bigint): Promise<void> {
    const { store, index, writer, log } = this.#parts;
    const records = sortedRecords(changed);
    const bytes = store.wantsBase
      ? await store.compact(sequence, records)
      : await store.writeDelta(sequence, records);
    await writer.reached(sequence);
    await markDurable(index, writer.applied);
    log.info("checkpoint written", { sequence, bytes, keys: changed.size });
  }
}

function* sortedRecords(changed: Map<string, StateWrite>): Generator<CheckpointRecord> {
  const names = [...changed.keys()].filter(isControlKey).sort();
  for (const name of names) {
    const { key, value } = changed.get(name) as StateWrite;
    yield { key: name, value: value === undefined ? undefined : key.codec.encode(value).finish() };
  }
}
