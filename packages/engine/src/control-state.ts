import { payloadIndexPrefixes } from "@opendxa/pubsub-core";
import type { IndexEntry, IndexScope, IndexStore } from "@opendxa/pubsub-index-store";
import { mergedBlockRecordsMax } from "./limits.js";
import type { RecordBlock } from "./merge-records.js";

/** Prefix of the engine's own keys, which are not state. */
const ownPrefix = "!";

function endOf(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

/** The ranges between the engine's own keys and those that index payload. */
const controlScopes: readonly IndexScope[] = [ownPrefix, ...payloadIndexPrefixes]
  .sort()
  .map((prefix, i, all) => ({ gte: endOf(prefix), lt: all[i + 1] }));

/** Whether a key of the index is state that a checkpoint holds. */
export function isControlKey(key: string): boolean {
  return controlScopes.some(({ gte = "", lt }) => key >= gte && (lt === undefined || key < lt));
}

async function* inBlocks(
  iterators: readonly AsyncIterator<IndexEntry>[],
  firsts: readonly IteratorResult<IndexEntry>[],
): AsyncGenerator<RecordBlock> {
  let block: IndexEntry[] = [];
  for (const [i, iterator] of iterators.entries()) {
    let step = firsts[i] as IteratorResult<IndexEntry>;
    for (; step.done !== true; step = await iterator.next()) {
      block.push(step.value);
      if (block.length < mergedBlockRecordsMax) continue;
      yield block;
      block = [];
    }
  }
  if (block.length > 0) yield block;
}

/** The control state that the index holds when this resolves, whatever is written to it later. */
export async function controlState(index: IndexStore): Promise<AsyncIterable<RecordBlock>> {
  const iterators = controlScopes.map((scope) => index.iterate(scope)[Symbol.asyncIterator]());
  const firsts = await Promise.all(iterators.map((iterator) => iterator.next()));
  return inBlocks(iterators, firsts);
}
