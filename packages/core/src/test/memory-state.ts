import { Entry } from "@opendxa/pubsub-protocol";
import type { Operation, Projection } from "../state/operation.js";
import type { AnyStateKey, Loaded, StateKey } from "../state/state-key.js";

/**
 * The smallest engine there is, for tests: encoded state in a map, every key fetched only after it
 * was asked for, entries applied one by one.
 */
export class MemoryState {
  readonly #values = new Map<string, Uint8Array>();
  readonly #projections: readonly Projection[];
  readonly entries: Entry[] = [];
  nowMs: number;

  constructor(projections: readonly Projection[], nowMs = 1_000) {
    this.#projections = projections;
    this.nowMs = nowMs;
  }

  run<C, R>(operation: Operation<C, R>, command: C): R {
    const loaded = this.#load((view) => operation.reads(command, view));
    const context = { nowMs: this.nowMs, nextSequence: BigInt(this.entries.length + 1) };
    const { entries, reply } = operation.decide(loaded, command, context);
    for (const entry of entries) this.apply({ ...entry, timeUnixMs: BigInt(this.nowMs) });
    return reply;
  }

  apply(given: Entry): void {
    const entry = Entry.decode(Entry.encode(given).finish());
    this.entries.push(entry);
    const sequence = BigInt(this.entries.length);
    for (const projection of this.#projections) {
      const loaded = this.#load((view) => projection.reads(entry, sequence, view));
      for (const { key, value } of projection.apply(loaded, entry, sequence)) {
        if (value === undefined) this.#values.delete(key.name);
        else this.#values.set(key.name, key.codec.encode(value).finish());
      }
    }
  }

  /** Sets a value as an entry of another kind would. */
  put<T>(key: StateKey<T>, value: T): void {
    this.#values.set(key.name, key.codec.encode(value).finish());
  }

  get<T>(key: StateKey<T>): T | undefined {
    const bytes = this.#values.get(key.name);
    return bytes === undefined ? undefined : key.codec.decode(bytes);
  }

  /** The whole state as text, to compare two of them. */
  dump(): readonly string[] {
    const line = ([name, bytes]: [string, Uint8Array]): string =>
      `${name}=${Buffer.from(bytes).toString("hex")}`;
    return [...this.#values].map(line).sort();
  }

  #load(reads: (view: Loaded) => readonly AnyStateKey[]): Loaded {
    const fetched = new Set<string>();
    const view: Loaded = {
      has: (key) => fetched.has(key.name),
      get: (key) => {
        if (!fetched.has(key.name)) throw new Error(`${key.name} was read without being asked for`);
        return this.get(key);
      },
    };
    for (let round = 0; round < 10; round++) {
      const missing = reads(view);
      if (missing.length === 0) return view;
      for (const key of missing) fetched.add(key.name);
    }
    throw new Error("reads never ends");
  }
}
