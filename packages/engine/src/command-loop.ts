import type {
  AnyStateKey,
  Decision,
  Operation,
  Projection,
  StateWrite,
} from "@opendxa/pubsub-core";
import type { Journal, JournalEntry } from "@opendxa/pubsub-journal";
import {
  type Entry,
  Entry as EntryMessage,
  encodeEntryParts,
  PubSubError,
} from "@opendxa/pubsub-protocol";
import type { Clock } from "./environment.js";
import {
  prefetchKeysMax,
  prefetchRoundsMax,
  queuedCommandsMax,
  turnBytesMax,
  turnEntriesMax,
  unsyncedBytesMax,
} from "./limits.js";
import type { DurableEntry } from "./recent-entries.js";
import type { StateCache } from "./state-cache.js";

/** An entry that became durable, with the changes that it made. */
export interface AppliedEntry extends DurableEntry {
  /** Its changes of state. */
  readonly writes: readonly StateWrite[];
}

/** What the loop works on. */
export interface CommandLoopParts {
  /** The truth. */
  readonly journal: Journal;
  /** The state. */
  readonly cache: StateCache;
  /** How entries change the state. */
  readonly projection: Projection;
  /** Time of entries, which never goes back. */
  readonly clock: Clock;
  /** Time of the newest entry. */
  readonly lastTimeMs: number;
  /** Called for each entry once it is durable, in order, before its command is answered. */
  readonly onDurable: (entry: AppliedEntry) => void;
  /** Resolves when the loop may go on; the way in which a slow index holds it back. */
  readonly admission: () => Promise<void> | undefined;
  /** Called once when the journal or the index failed. */
  readonly onFailed: (cause: Error) => void;
}

interface Command {
  readonly operation: Operation<unknown, unknown>;
  readonly command: unknown;
  readonly bytes: number;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What is under way, and must be told when something fails. */
interface OpenDrain {
  turn: Turn;
  commands: readonly Command[];
}

interface Turn {
  readonly journalled: JournalEntry[];
  readonly applied: AppliedEntry[];
  readonly answers: (() => void)[];
  readonly rejects: ((error: unknown) => void)[];
  /** Bytes of its commands. */
  bytes: number;
  /** Bytes of its entries. */
  entryBytes: number;
  /** Something in it must not be lost to a power cut. */
  mustSync: boolean;
}

function newTurn(): Turn {
  const nothing = { bytes: 0, entryBytes: 0, mustSync: false };
  return { journalled: [], applied: [], answers: [], rejects: [], ...nothing };
}

/** An entry that says nothing, but whose fsync covers all before it. */
const syncMark: Operation<undefined, void> = {
  name: "sync",
  reads: () => [],
  decide: () => ({ entries: [EntryMessage.create()], reply: undefined }),
};

/**
 * The one place where state changes. Commands are decided in the order in which they came, each on
 * the state that the ones before it left, whether or not that is durable yet; their entries go to
 * the journal together, and nothing is answered before its entry is durable. So the state in memory
 * may run ahead of the disk, but nobody outside can see it do so.
 */
export class CommandLoop {
  readonly #parts: CommandLoopParts;
  #queue: Command[] = [];
  #running = false;
  #next: bigint;
  #durable: bigint;
  #synced = 0n;
  #lastTimeMs: number;
  #unsyncedBytes = 0;
  #failure: PubSubError | undefined;
  #closing = false;
  #turns = 0;
  #idle: (() => void)[] = [];

  constructor(parts: CommandLoopParts) {
    this.#parts = parts;
    this.#next = parts.journal.lastSequence + 1n;
    this.#durable = parts.journal.lastSequence;
    this.#lastTimeMs = parts.lastTimeMs;
  }

  /** Newest durable sequence. */
  get durableSequence(): bigint {
    return this.#durable;
  }

  /** Bytes that wait for their turn or their fsync. */
  get unsyncedBytes(): number {
    return this.#unsyncedBytes;
  }

  /**
   * Runs a command. `bytes` is what it holds in memory until it is durable. Rejects with what the
   * operation throws, OVERLOADED beyond the bounds, STORAGE_FAILED after a failure of the journal
   * and SHUTTING_DOWN after `close`.
   */
  run<C, R>(operation: Operation<C, R>, command: C, bytes = 0): Promise<R> {
    return this.#enqueue(operation, command, { bytes, refusal: this.#refusal(bytes) });
  }

  /**
   * Runs a command of the engine itself, such as settlements, which overload must not stop: their
   * number is bounded by that of subscriptions and timers.
   */
  runInternal<C, R>(operation: Operation<C, R>, command: C): Promise<R> {
    return this.#enqueue(operation, command, { bytes: 0, refusal: this.#failure });
  }

  /** Resolves when a power cut cannot take entries up to a sequence away any more. */
  async synced(sequence: bigint): Promise<void> {
    if (this.#synced < sequence) await this.runInternal(syncMark, undefined);
  }

  #enqueue<C, R>(
    operation: Operation<C, R>,
    command: C,
    { bytes, refusal }: { bytes: number; refusal: PubSubError | undefined },
  ): Promise<R> {
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise<R>((resolve, reject) => {
      this.#unsyncedBytes += bytes;
      this.#queue.push({
        operation: operation as Operation<unknown, unknown>,
        command,
        bytes,
        resolve: resolve as (reply: unknown) => void,
        reject,
      });
      this.#start();
    });
  }

  /** Takes nothing more and resolves when everything accepted is answered. */
  async close(): Promise<void> {
    this.#closing = true;
    if (!this.#running && this.#turns === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Whether the journal or the index failed. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Accepts nothing more, because something that it stands on failed. */
  stop(cause: Error): void {
    if (this.#failure === undefined) this.#fail(cause);
  }

  #refusal(bytes: number): PubSubError | undefined {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#closing) return PubSubError.of("SHUTTING_DOWN", "the broker is stopping");
    const isOverBytes = this.#unsyncedBytes + bytes > unsyncedBytesMax;
    if (!isOverBytes && this.#queue.length < queuedCommandsMax) return undefined;
    return PubSubError.of("OVERLOADED", "more is waiting for the disk than the broker's bound", {
      metadata: { limit: unsyncedBytesMax, bytes: this.#unsyncedBytes },
      retryAfterMs: 100,
    });
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    queueMicrotask(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    const open: OpenDrain = { turn: newTurn(), commands: [] };
    try {
      await this.#drainAll(open);
    } catch (error) {
      this.#fail(asError(error));
      const rejects = [...open.turn.rejects, ...open.commands.map(({ reject }) => reject)];
      for (const reject of rejects) reject(this.#failure);
    }
  }

  async #drainAll(open: OpenDrain): Promise<void> {
    while (this.#queue.length > 0 && this.#failure === undefined) {
      const wait = this.#parts.admission();
      if (wait !== undefined) {
        open.turn = this.#send(open.turn);
        await wait;
      }
      const commands = this.#queue;
      open.commands = commands;
      this.#queue = [];
      open.turn = await this.#prefetch(commands, open.turn);
      for (const [i, command] of commands.entries()) {
        open.turn = await this.#take(command, open.turn);
        if (this.#failure !== undefined) {
          for (const { reject } of commands.slice(i + 1)) reject(this.#failure);
          break;
        }
      }
      this.#parts.cache.release();
    }
    this.#send(open.turn);
    this.#parts.cache.release();
    this.#running = false;
    this.#settleIdle();
  }

  /** Fetches what all waiting commands need with one read a round instead of one for each. */
  async #prefetch(commands: readonly Command[], turn: Turn): Promise<Turn> {
    const { cache } = this.#parts;
    let current = turn;
    for (let round = 0; round < prefetchRoundsMax; round++) {
      const missing = new Map<string, AnyStateKey>();
      for (const { operation, command } of commands) {
        for (const key of operation.reads(command, cache)) missing.set(key.name, key);
        if (missing.size >= prefetchKeysMax) break;
      }
      if (missing.size === 0) return current;
      current = this.#send(current);
      await cache.load([...missing.values()]);
    }
    return current;
  }

  async #take(command: Command, turn: Turn): Promise<Turn> {
    const { operation } = command;
    let current = turn;
    const { cache } = this.#parts;
    for (;;) {
      const missing = operation.reads(command.command, cache);
      if (missing.length === 0) break;
      current = this.#send(current);
      await cache.load(missing);
    }
    let decision: Decision<unknown>;
    try {
      const nowMs = Math.max(this.#lastTimeMs, this.#parts.clock.now());
      decision = operation.decide(cache, command.command, { nowMs, nextSequence: this.#next });
    } catch (error) {
      this.#unsyncedBytes -= command.bytes;
      current.answers.push(() => command.reject(error));
      current.rejects.push(command.reject);
      return current;
    }
    const mustSync = decision.durability !== "os";
    for (const entry of decision.entries) current = await this.#apply(entry, current, mustSync);
    current.bytes += command.bytes;
    current.answers.push(() => command.resolve(decision.reply));
    current.rejects.push(command.reject);
    return current;
  }

  /** Adds an entry; a turn that is full goes first, because one append of the journal is bounded. */
  async #apply(draft: Entry, begun: Turn, mustSync: boolean): Promise<Turn> {
    const { cache, projection, clock } = this.#parts;
    this.#lastTimeMs = Math.max(this.#lastTimeMs, clock.now());
    const entry = { ...draft, timeUnixMs: BigInt(this.#lastTimeMs) };
    const sequence = this.#next++;
    const writes = await applyEntry({ cache, projection }, entry, sequence);
    const parts = encodeEntryParts(entry);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const isFull =
      begun.entryBytes + bytes > turnBytesMax || begun.applied.length >= turnEntriesMax;
    const turn = isFull ? this.#send(begun) : begun;
    turn.journalled.push({ parts });
    turn.applied.push({ sequence, entry, bytes, writes });
    turn.entryBytes += bytes;
    if (mustSync) turn.mustSync = true;
    return turn;
  }

  /** Hands a turn to the journal and answers an empty one. Answers keep the order of the turns. */
  #send(turn: Turn): Turn {
    if (turn.answers.length === 0 && turn.applied.length === 0) return turn;
    this.#turns++;
    const first = turn.applied[0];
    const durable =
      first === undefined
        ? this.#previous
        : this.#parts.journal.append(turn.journalled, {
            expectedLast: first.sequence - 1n,
            durability: turn.mustSync ? "fsync" : "os",
          });
    const previous = this.#previous;
    this.#previous = Promise.all([previous, durable]).then(
      () => this.#complete(turn),
      (error: unknown) => this.#fail(asError(error), turn),
    );
    return newTurn();
  }

  #previous: Promise<unknown> = Promise.resolve();

  #complete(turn: Turn): void {
    this.#turns--;
    this.#unsyncedBytes -= turn.bytes;
    if (this.#failure !== undefined) {
      for (const reject of turn.rejects) reject(this.#failure);
      this.#settleIdle();
      return;
    }
    if (turn.mustSync) this.#synced = turn.applied.at(-1)?.sequence ?? this.#synced;
    for (const applied of turn.applied) {
      this.#durable = applied.sequence;
      this.#parts.onDurable(applied);
    }
    for (const answer of turn.answers) answer();
    this.#settleIdle();
  }

  #fail(cause: Error, turn?: Turn): void {
    const isFirst = this.#failure === undefined;
    this.#failure ??= PubSubError.of(
      "STORAGE_FAILED",
      "the journal or the index failed and the broker stopped accepting; whether this was stored is unknown",
      { cause },
    );
    if (turn !== undefined) {
      this.#turns--;
      for (const reject of turn.rejects) reject(this.#failure);
    }
    for (const command of this.#queue) command.reject(this.#failure);
    this.#queue = [];
    if (isFirst) this.#parts.onFailed(cause);
    this.#running = false;
    this.#settleIdle();
  }

  #settleIdle(): void {
    if (this.#running || this.#turns > 0 || this.#queue.length > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Applies one entry to the cached state and answers its changes: the only way state changes. */
export async function applyEntry(
  state: { readonly cache: StateCache; readonly projection: Projection },
  entry: Entry,
  sequence: bigint,
): Promise<readonly StateWrite[]> {
  const { cache, projection } = state;
  for (;;) {
    const missing = projection.reads(entry, sequence, cache);
    if (missing.length === 0) break;
    await cache.load(missing);
  }
  const writes = projection.apply(cache, entry, sequence);
  cache.write(writes, sequence);
  return writes;
}
