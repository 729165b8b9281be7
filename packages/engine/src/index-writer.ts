import type { IndexStore, IndexWrite } from "@opendxa/pubsub-index-store";
import { chainKey, encodeSequence, indexKeys } from "./index-chain.js";
import { indexBacklogWritesMax, indexBatchBytesMax, indexBatchWritesMax } from "./limits.js";
import type { StateChange } from "./state-change.js";

interface Waiting {
  readonly change: StateChange;
  readonly sequence: bigint;
}

/** What the writer works with: the time, and its owner's ears. */
export interface IndexWriterOwner {
  /** Milliseconds on a scale that nobody sets. */
  now(): number;
  /** The index holds this key as of the sequence. */
  written(name: string, sequence: bigint): void;
  /** The index failed; nothing more is written. */
  failed(error: Error): void;
}

/**
 * Brings durable changes into the index, off the publish path: one batch in flight, later writes of
 * a key replacing earlier ones. Each batch carries the sequence that it applies and that of the
 * batch before, so that a hole left by an unclean stop is found (`verifyChain`).
 */
export class IndexWriter {
  readonly #index: IndexStore;
  readonly #owner: IndexWriterOwner;
  #waiting = new Map<string, Waiting>();
  #durable: bigint;
  #applied: bigint;
  #running: Promise<void> | undefined;
  #failure: Error | undefined;
  /** When the oldest change that waits, and the oldest that is being written, became durable. */
  #waitingSinceMs: number | undefined;
  #writingSinceMs: number | undefined;
  readonly #pauses: { run: () => Promise<void>; reject: (error: Error) => void }[] = [];
  readonly #watchers = new Set<{
    target: bigint;
    resolve: () => void;
    reject: (e: Error) => void;
  }>();

  constructor(index: IndexStore, applied: bigint, owner: IndexWriterOwner) {
    this.#index = index;
    this.#owner = owner;
    this.#applied = applied;
    this.#durable = applied;
  }

  /** Newest sequence whose changes the index holds. */
  get applied(): bigint {
    return this.#applied;
  }

  /** Whether so much waits that the command loop should hold back. */
  get isBehind(): boolean {
    return this.#waiting.size >= indexBacklogWritesMax;
  }

  /** How long the oldest durable entry that the index lacks has been waiting, in milliseconds. */
  get behindMs(): number {
    const since = this.#writingSinceMs ?? this.#waitingSinceMs;
    return since === undefined ? 0 : this.#owner.now() - since;
  }

  /** Takes the changes of durable entries up to `sequence`. */
  add(changes: readonly StateChange[], sequence: bigint): void {
    for (const change of changes) this.#waiting.set(change.key, { change, sequence });
    this.#durable = sequence;
    this.#waitingSinceMs ??= this.#owner.now();
    this.#running ??= this.#run();
  }

  /** Resolves when the index holds everything up to the sequence. */
  reached(target: bigint): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#applied >= target) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#watchers.add({ target, resolve, reject });
    });
  }

  /**
   * Runs something while nothing is written and the index holds exactly what follows from the entries
   * up to a sequence, of which it is told. Later changes wait for it: it must be short.
   */
  between<Result>(run: (applied: bigint) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#pauses.push({
        run: () => run(this.#applied).then(resolve, reject),
        reject,
      });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    try {
      while (this.#applied < this.#durable || this.#pauses.length > 0) {
        for (const pause of this.#pauses.splice(0)) await pause.run();
        if (this.#applied < this.#durable) await this.#writeAll();
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      for (const watcher of this.#watchers) watcher.reject(this.#failure);
      this.#watchers.clear();
      for (const { reject } of this.#pauses.splice(0)) reject(this.#failure);
      this.#owner.failed(this.#failure);
      return;
    } finally {
      this.#running = undefined;
    }
  }

  /**
   * Writes all that waits, in one atomic batch where it fits. Otherwise `partial` stands in the
   * index until the last batch is in, so that a stop in between makes recovery rebuild.
   */
  async #writeAll(): Promise<void> {
    const batch = [...this.#waiting.values()];
    const target = this.#durable;
    this.#waiting = new Map();
    this.#writingSinceMs = this.#waitingSinceMs;
    this.#waitingSinceMs = undefined;
    const parts = chunksOf(batch.map(({ change }) => change));
    const last = parts.pop() ?? [];
    const isSeveral = parts.length > 0;
    if (isSeveral) {
      await this.#index.write([{ key: indexKeys.partial, value: encodeSequence(target) }]);
    }
    for (const part of parts) await this.#index.write(part);
    last.push({ key: indexKeys.applied, value: encodeSequence(target) });
    last.push({ key: chainKey(target), value: encodeSequence(this.#applied) });
    if (isSeveral) last.push({ key: indexKeys.partial, value: undefined });
    await this.#index.write(last);
    this.#applied = target;
    this.#writingSinceMs = undefined;
    for (const { change, sequence } of batch) this.#owner.written(change.key, sequence);
    this.#notify();
  }

  #notify(): void {
    for (const watcher of this.#watchers) {
      if (watcher.target > this.#applied) continue;
      this.#watchers.delete(watcher);
      watcher.resolve();
    }
  }
}

/** Cuts writes into batches that keep the bounds on writes and bytes. */
function chunksOf(writes: readonly IndexWrite[]): IndexWrite[][] {
  const chunks: IndexWrite[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const write of writes) {
    const size = write.key.length + (write.value?.length ?? 0);
    if (bytes + size > indexBatchBytesMax || (chunks.at(-1)?.length ?? 0) >= indexBatchWritesMax) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)?.push(write);
    bytes += size;
  }
  return chunks;
}
