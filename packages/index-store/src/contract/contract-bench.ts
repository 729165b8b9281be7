import { expect } from "vitest";
import type { IndexEntry, IndexStore } from "../index-store.js";
import { IndexStoreError, type IndexStoreErrorReason } from "../index-store-error.js";
import type { IndexStoreLimits } from "../limits.js";

/** One place where stores are opened, for one test. */
export interface IndexStoreFixture {
  /** Opens the store of this place; again only after closing it. */
  open(limits?: Partial<IndexStoreLimits>): Promise<IndexStore>;
  /** Removes the place. */
  dispose(): Promise<void>;
}

/** What the implementation promises beyond the contract. */
export interface IndexStoreCapabilities {
  /** Opening the place again finds what was written. */
  readonly keepsData: boolean;
  /** What `flush` resolves with. */
  readonly flushIsDurable: boolean;
}

/** The store of one test, and its place. */
export class ContractBench {
  /** The store that is open now. */
  store: IndexStore;
  readonly #fixture: IndexStoreFixture;

  private constructor(fixture: IndexStoreFixture, store: IndexStore) {
    this.#fixture = fixture;
    this.store = store;
  }

  /** Opens the store of a fresh place. */
  static async open(fixture: IndexStoreFixture): Promise<ContractBench> {
    return new ContractBench(fixture, await fixture.open());
  }

  /** Writes keys in one batch, each with "v" and itself as its value. */
  async put(...keys: string[]): Promise<void> {
    await this.store.write(keys.map((key) => ({ key, value: bytes(`v${key}`) })));
  }

  /** Closes the store and opens its place again with other bounds. */
  async reopen(limits: Partial<IndexStoreLimits>): Promise<IndexStore> {
    await this.store.close();
    this.store = await this.#fixture.open(limits);
    return this.store;
  }

  /** Closes the store and removes its place. */
  async dispose(): Promise<void> {
    await this.store.close();
    await this.#fixture.dispose();
  }
}

/** Gives the bench of the running test. */
export type CurrentBench = () => ContractBench;

/** UTF-8 of a text. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An entry as key=value. */
export const textOf = (entry: IndexEntry): string =>
  `${entry.key}=${Buffer.from(entry.value).toString()}`;

/** The keys of entries. */
export const keysOf = (entries: readonly IndexEntry[]): string[] => entries.map(({ key }) => key);

/** All that an iteration gives. */
export async function collect(entries: AsyncIterable<IndexEntry>): Promise<IndexEntry[]> {
  const all: IndexEntry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

/** The reason that an operation is refused with; fails the test where it is not. */
export async function reasonOf(operation: Promise<unknown>): Promise<IndexStoreErrorReason> {
  const error = await operation.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(IndexStoreError);
  return (error as IndexStoreError).reason;
}
