import type { CheckedScope } from "./index-key.js";
import type { IndexEngine, IndexEntry, IndexWrite } from "./index-store.js";

/** One chunk of a cursor. */
export interface CursorChunk {
  /** The next entries in the cursor's order. */
  readonly entries: IndexEntry[];
  /** No entry follows. Where it is false there may still be none. */
  readonly done: boolean;
}

/** A position in a snapshot of the store. One call at a time. */
export interface StoreCursor {
  /** At most `count` further entries. */
  next(count: number): Promise<CursorChunk>;
  /** Lets the snapshot go. Called once. */
  close(): Promise<void>;
}

/**
 * What an engine does for a {@link BoundedStore}, which checks every argument, keeps writes in
 * order (one at a time), counts what is open and closes last.
 */
export interface StoreDriver {
  /** The engine's name. */
  readonly engine: IndexEngine;
  /** Values in the order of the keys, from one consistent state. */
  getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** Takes a snapshot now and stands before its first entry in scope. */
  openCursor(scope: CheckedScope): StoreCursor;
  /** Applies a batch atomically. */
  write(batch: readonly IndexWrite[]): Promise<void>;
  /** As in the contract, for the writes that have been resolved. */
  flush(): Promise<boolean>;
  /** Deletes everything. */
  clear(): Promise<void>;
  /** Roughly the bytes in use. */
  approximateBytes(): Promise<number>;
  /** Closes the engine; nothing is running and every cursor is closed. */
  close(): Promise<void>;
}
