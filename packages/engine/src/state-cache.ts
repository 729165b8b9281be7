import type { AnyStateKey, Loaded, StateKey, StateWrite } from "@opendxa/pubsub-core";
import { INDEX_STORE_LIMITS, type IndexStore } from "@opendxa/pubsub-index-store";
import { cachedValuesMax } from "./limits.js";

interface Pinned {
  readonly value: unknown;
  readonly sequence: bigint;
  readonly isLarge: boolean;
}

/** State that is in memory anyway, as of the newest durable entry. */
export interface ResidentState {
  /** Whether a key is of those: then its value is here, or it has none. */
  holds(name: string): boolean;
  /** Its value. */
  get(name: string): unknown;
}

/** Where nothing else is in memory. */
const nothingResident: ResidentState = { holds: () => false, get: () => undefined };

/**
 * The state as the command loop sees it: what the index holds, under what it does not hold yet.
 * Values that wait for the index are pinned; others are kept up to a bound, the longest unused
 * leaving first, but for large ones.
 */
export class StateCache implements Loaded {
  readonly #index: IndexStore;
  readonly #pinned = new Map<string, Pinned>();
  #young = new Map<string, unknown>();
  #old = new Map<string, unknown>();
  readonly #held = new Map<string, unknown>();
  readonly #resident: ResidentState;

  constructor(index: IndexStore, resident: ResidentState = nothingResident) {
    this.#index = index;
    this.#resident = resident;
  }

  has(key: AnyStateKey): boolean {
    const { name } = key;
    return (
      this.#pinned.has(name) ||
      this.#held.has(name) ||
      this.#young.has(name) ||
      this.#old.has(name) ||
      this.#resident.holds(name)
    );
  }

  get<T>(key: StateKey<T>): T | undefined {
    const { name } = key;
    const pinned = this.#pinned.get(name);
    if (pinned !== undefined) return pinned.value as T | undefined;
    if (this.#resident.holds(name)) return this.#resident.get(name) as T | undefined;
    if (this.#young.has(name)) return this.#young.get(name) as T | undefined;
    if (this.#old.has(name)) {
      const value = this.#old.get(name);
      this.#keep(name, value);
      return value as T | undefined;
    }
    return this.#held.get(name) as T | undefined;
  }

  /** Values pinned until the index holds them. */
  get pinnedCount(): number {
    return this.#pinned.size;
  }

  /**
   * Fetches keys for the command loop, its only caller. What was fetched stays until `release`,
   * however small the cache, so that a command with many keys finds all of them.
   */
  async load(keys: readonly AnyStateKey[]): Promise<void> {
    for (const [name, value] of await this.#fetch(keys)) this.#held.set(name, value);
  }

  /** Values for everybody else, who holds nothing, none of them large. At most a few thousand keys at once. */
  async read<T>(keys: readonly StateKey<T>[]): Promise<(T | undefined)[]> {
    const fetched = await this.#fetch(keys);
    return keys.map((key) =>
      fetched.has(key.name) ? (fetched.get(key.name) as T | undefined) : this.get(key),
    );
  }

  /**
   * Values of the keys that were not here. One that was written meanwhile counts as here: a write
   * stays pinned and then young far longer than a fetch lasts.
   */
  async #fetch(keys: readonly AnyStateKey[]): Promise<Map<string, unknown>> {
    const wanted = keys.filter((key) => !this.has(key));
    const fetched = new Map<string, unknown>();
    if (wanted.length === 0) return fetched;
    // A request may name anything: what no index can hold is not there, and its operation refuses it.
    const storable = wanted.filter(({ name }) => {
      const isStorable = name.length <= INDEX_STORE_LIMITS.keyBytesMax;
      if (!isStorable) fetched.set(name, undefined);
      return isStorable;
    });
    // One batch may need more keys than one read takes.
    for (let at = 0; at < storable.length; at += INDEX_STORE_LIMITS.readKeysMax) {
      await this.#fetchSome(storable.slice(at, at + INDEX_STORE_LIMITS.readKeysMax), fetched);
    }
    return fetched;
  }

  async #fetchSome(keys: readonly AnyStateKey[], fetched: Map<string, unknown>): Promise<void> {
    const values = await this.#index.getMany(keys.map((key) => key.name));
    for (const [i, key] of keys.entries()) {
      if (this.has(key)) continue;
      const bytes = values[i];
      const value = bytes === undefined ? undefined : key.codec.decode(bytes);
      fetched.set(key.name, value);
      if (key.isLarge !== true) this.#keep(key.name, value);
    }
  }

  /** Ends the hold on what `load` fetched. */
  release(): void {
    if (this.#held.size > 0) this.#held.clear();
  }

  /** Takes the changes of an entry. */
  write(writes: readonly StateWrite[], sequence: bigint): void {
    for (const { key, value } of writes) {
      this.#pinned.set(key.name, { value, sequence, isLarge: key.isLarge === true });
      this.#held.delete(key.name);
    }
  }

  /** The index holds this value as of `sequence`; a newer one stays pinned. */
  unpin(name: string, sequence: bigint): void {
    const pinned = this.#pinned.get(name);
    if (pinned === undefined || pinned.sequence > sequence) return;
    this.#pinned.delete(name);
    if (!pinned.isLarge && !this.#resident.holds(name)) this.#keep(name, pinned.value);
  }

  #keep(name: string, value: unknown): void {
    this.#young.set(name, value);
    this.#old.delete(name);
    if (this.#young.size >= cachedValuesMax / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
  }
}
