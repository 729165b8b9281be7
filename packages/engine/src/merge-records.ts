import type { CheckpointRecord } from "./checkpoint-format.js";
import { mergedBlockRecordsMax } from "./limits.js";

/** Records sorted by key that are held in memory together. */
export type RecordBlock = readonly CheckpointRecord[];

/** Records sorted by key, block after block. */
export type RecordBlocks = AsyncIterable<RecordBlock> | Iterable<RecordBlock>;

class Source {
  readonly #blocks: AsyncIterator<RecordBlock> | Iterator<RecordBlock>;
  #block: RecordBlock = [];
  #at = 0;
  #key: string | undefined;

  constructor(blocks: RecordBlocks) {
    this.#blocks =
      Symbol.asyncIterator in blocks ? blocks[Symbol.asyncIterator]() : blocks[Symbol.iterator]();
  }

  /** Key of the next record; `undefined` at the end. */
  get key(): string | undefined {
    return this.#key;
  }

  get hasEnded(): boolean {
    return this.#key === undefined;
  }

  get record(): CheckpointRecord {
    return this.#block[this.#at] as CheckpointRecord;
  }

  /** Goes on to the next record; answers false where the next block must be loaded first. */
  advance(): boolean {
    this.#at++;
    if (this.#at >= this.#block.length) return false;
    this.#key = this.record.key;
    return true;
  }

  async load(): Promise<void> {
    this.#at = 0;
    do {
      const { done, value } = await this.#blocks.next();
      this.#block = done === true ? [] : value;
      if (done === true) break;
    } while (this.#block.length === 0);
    this.#key = this.#block[0]?.key;
  }
}

function leastKey(sources: readonly Source[]): string {
  let least = sources[0]?.key as string;
  for (const { key } of sources) if ((key as string) < least) least = key as string;
  return least;
}

/**
 * Merges sources, the newest last, into one: of each key the newest record. Removed keys are left
 * out where nothing older lies below that they would have to hide.
 */
export async function* mergeRecords(
  sources: readonly RecordBlocks[],
  { keepRemoved }: { readonly keepRemoved: boolean },
): AsyncGenerator<RecordBlock> {
  const all = sources.map((blocks) => new Source(blocks));
  for (const source of all) await source.load();
  let live = all.filter(({ hasEnded }) => !hasEnded);
  let block: CheckpointRecord[] = [];
  while (live.length > 0) {
    const least = leastKey(live);
    const having = live.filter(({ key }) => key === least);
    const { record } = having.at(-1) as Source;
    if (keepRemoved || record.value !== undefined) block.push(record);
    const atBlockEnd = having.filter((source) => !source.advance());
    for (const source of atBlockEnd) await source.load();
    if (atBlockEnd.length > 0) live = live.filter(({ hasEnded }) => !hasEnded);
    if (block.length < mergedBlockRecordsMax) continue;
    yield block;
    block = [];
  }
  if (block.length > 0) yield block;
}
