import type { MessageWriter } from "@opendxa/pubsub-protocol";

/** A value that was encoded and is yet to become bytes. */
export interface Encoded {
  /** The bytes. */
  finish(): Uint8Array;
}

/** How a state value becomes bytes and comes back; every generated message type fits. */
export interface StateCodec<T> {
  /** Serializes a value, in the memory of `writer` when one is given. */
  encode(value: T, writer?: MessageWriter): Encoded;
  /** Reads a value back. */
  decode(bytes: Uint8Array): T;
}

/** Names one value of the projected state, with its type. */
export interface StateKey<T> {
  /** Ordered ASCII name; its first segment says what kind of state it is. */
  readonly name: string;
  /** Codec of the value. */
  readonly codec: StateCodec<T>;
  /** Values may take hundreds of kilobytes: none is kept in memory beyond what needs it. */
  readonly isLarge?: boolean;
}

/** A state key whose value type does not matter where it is used. */
// biome-ignore lint/suspicious/noExplicitAny: a list of keys mixes value types; each use narrows by its own key
export type AnyStateKey = StateKey<any>;

/**
 * State that an operation may look at. A key is loaded when the engine has fetched it, whether or
 * not it has a value.
 */
export interface Loaded {
  /** Whether the key was fetched. */
  has(key: AnyStateKey): boolean;
  /** Its value, `undefined` when it has none. The key must have been fetched. */
  get<T>(key: StateKey<T>): T | undefined;
}

/** One change of the projected state; `undefined` removes the key. */
export interface StateWrite<T = unknown> {
  /** What changes. */
  readonly key: StateKey<T>;
  /** The new value. Values are immutable: a change is a new object. */
  readonly value: T | undefined;
}

/** Builds a write with the key's own value type. */
export function stateWrite<T>(key: StateKey<T>, value: T | undefined): StateWrite {
  return { key: key as AnyStateKey, value };
}

/** The keys of `wanted` that are not loaded yet: what `reads` usually answers. */
export function missingKeys(
  loaded: Loaded,
  wanted: readonly AnyStateKey[],
): readonly AnyStateKey[] {
  const missing = wanted.filter((key) => !loaded.has(key));
  return missing.length === 0 ? noKeys : missing;
}

/** The empty answer of `reads`: everything is loaded. */
export const noKeys: readonly AnyStateKey[] = [];
