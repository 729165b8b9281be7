import {
  type AnyStateKey,
  type Loaded,
  type StateKey,
  type StateWrite,
  stateWrite,
} from "../state/state-key.js";

/** Changes of one entry, seen by those that follow in the same entry. */
export class StateChanges {
  readonly #loaded: Loaded;
  readonly #writes = new Map<string, StateWrite>();

  /** Starts from the state before the entry. */
  constructor(loaded: Loaded) {
    this.#loaded = loaded;
  }

  /** The value as it stands now. */
  get<T>(key: StateKey<T>): T | undefined {
    const write = this.#writes.get(key.name);
    return write === undefined ? this.#loaded.get(key) : (write.value as T | undefined);
  }

  /** The value, which an entry's own decision has seen. Throws when there is none: a fault. */
  must<T>(key: StateKey<T>): T {
    return required(this.get(key), key.name);
  }

  /** Sets a value. */
  put<T>(key: StateKey<T>, value: T): void {
    this.#writes.set(key.name, stateWrite(key, value));
  }

  /** Removes a value. */
  remove(key: AnyStateKey): void {
    this.#writes.set(key.name, stateWrite(key, undefined));
  }

  /** Everything that changed, each key once. */
  list(): readonly StateWrite[] {
    return [...this.#writes.values()];
  }
}

/** A value that entries and records always have. Throws when it is absent: a fault of the program. */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`no ${what}`);
  return value;
}
