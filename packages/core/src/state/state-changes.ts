import {
  type AnyStateKey,
  type Loaded,
  type StateKey,
  type StateWrite,
  stateWrite,
} from "./state-key.js";

const noWrites: readonly StateWrite[] = [];

/**
 * State with the changes of one entry on top: those that follow in the same entry see them. Most
 * entries change nothing of most projections, and there is one of these for each: without changes
 * it holds nothing.
 */
export class StateChanges implements Loaded {
  readonly #below: Loaded;
  #writes: Map<string, StateWrite> | undefined;

  /** Starts from the state before the entry. */
  constructor(below: Loaded) {
    this.#below = below;
  }

  /** Whether the key was fetched or changed. */
  has(key: AnyStateKey): boolean {
    return this.#writes?.has(key.name) === true || this.#below.has(key);
  }

  /** The value as it stands now. */
  get<T>(key: StateKey<T>): T | undefined {
    const write = this.#writes?.get(key.name);
    return write === undefined ? this.#below.get(key) : (write.value as T | undefined);
  }

  /** The value, which an entry's own decision has seen. Throws when there is none: a fault. */
  must<T>(key: StateKey<T>): T {
    return required(this.get(key), key.name);
  }

  /** Sets a value. */
  put<T>(key: StateKey<T>, value: T): void {
    this.add(stateWrite(key, value));
  }

  /** Removes a value. */
  remove(key: AnyStateKey): void {
    this.add(stateWrite(key, undefined));
  }

  /** Takes a change as it is. */
  add(write: StateWrite): void {
    this.#writes ??= new Map();
    this.#writes.set(write.key.name, write);
  }

  /** Everything that changed, each key once, in the order of the first changes. */
  list(): readonly StateWrite[] {
    return this.#writes === undefined ? noWrites : [...this.#writes.values()];
  }
}

/** A value that entries and records always have. Throws when it is absent: a fault of the program. */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`no ${what}`);
  return value;
}
