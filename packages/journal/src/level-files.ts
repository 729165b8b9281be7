import { join } from "node:path";
import type { Disk } from "./disk.js";
import {
  type FaultPlace,
  fault,
  type JournalFault,
  type JournalFaultKind,
} from "./journal-fault.js";
import { levelBatches } from "./level-batches.js";
import {
  type LevelTableFacts,
  type LevelVersion,
  logNumber,
  readLevelVersion,
  tableNumber,
} from "./level-manifest.js";
import type { KeyRange, PairSource } from "./level-merge.js";
import { batchPairs, comparePairs, type LevelPair } from "./level-pair.js";
import { scanEntries } from "./level-scan.js";
import { LevelTable, readBytes } from "./level-table.js";
import { pageReader } from "./page-reader.js";

const TORN =
  "Behind the last whole batch lies what was never completed, or a last one that is damaged";
const NO_KEY = new Uint8Array(0);
/** Above every key that the journal uses. */
const BEYOND_KEYS = Uint8Array.of(0xff);

/**
 * The files of a LevelDB database, read without LevelDB: that changes them when it opens them, skips
 * what is damaged in its log and does not verify its tables.
 */
export class LevelFiles {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #told = new Set<string>();
  readonly #faults: JournalFault[] = [];

  private constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  /** Reads manifest and logs. `sources` has what they hold, with the tables, which are read later. */
  static async open(
    disk: Disk,
    folder: string,
  ): Promise<{ files: LevelFiles; sources: readonly PairSource[] }> {
    const files = new LevelFiles(disk, folder);
    return { files, sources: await files.#sources() };
  }

  /** What was found to be wrong since the last call, each once. */
  *takeFaults(): Generator<JournalFault> {
    yield* this.#faults.splice(0);
  }

  async #sources(): Promise<PairSource[]> {
    const disk = this.#disk;
    const names = (await disk.exists(this.#folder)) ? await disk.readdir(this.#folder) : [];
    const found = await readLevelVersion(disk, this.#folder);
    const version = "place" in found ? undefined : found;
    if ("place" in found) this.#note("manifest_damaged", found.message, found.place);
    const tables =
      version === undefined ? await this.#allTables(names) : this.#tablesOf(version, names);
    const logs = names
      .filter((name) => (logNumber(name) ?? -1) >= (version?.logNumber ?? 0))
      .sort((one, other) => (logNumber(one) ?? 0) - (logNumber(other) ?? 0));
    return [...tables, ...(await this.#logs(logs))];
  }

  /** The tables of a version; the rest is what a crash left. */
  #tablesOf({ tables }: LevelVersion, names: readonly string[]): PairSource[] {
    const byNumber = new Map<number, string>();
    for (const name of names) {
      const number = tableNumber(name);
      if (number === undefined) continue;
      if (tables.has(number)) byNumber.set(number, name);
      else {
        const place = { segment: name, position: 0, bytes: 0 };
        this.#note("leftover", `Table ${name} belongs to nothing any more`, place);
      }
    }
    const sources: PairSource[] = [];
    for (const facts of tables.values()) {
      const name = byNumber.get(facts.number);
      if (name !== undefined) sources.push(this.#table(name, facts));
      else {
        const segment = `${String(facts.number).padStart(6, "0")}.ldb`;
        this.#note("table_missing", `Table ${segment} is missing`, {
          segment,
          position: 0,
          bytes: 0,
        });
      }
    }
    return sources;
  }

  /** Every table that is there, where nothing says which ones count. */
  async #allTables(names: readonly string[]): Promise<PairSource[]> {
    const sources: PairSource[] = [];
    for (const name of names) {
      const number = tableNumber(name);
      if (number === undefined) continue;
      const bytes = await this.#withFile(name, (file) => file.size());
      const { smallest, largest } = await this.#bounds(name, bytes);
      sources.push(this.#table(name, { number, bytes, smallest, largest }));
    }
    return sources;
  }

  async #bounds(
    name: string,
    bytes: number,
  ): Promise<Pick<LevelTableFacts, "smallest" | "largest">> {
    return await this.#withFile(name, async (file) => {
      const table = await LevelTable.open(this.#reader(name, file), bytes);
      const [first] = table?.blocks ?? [];
      const smallest = first && (await table?.pairs(first))?.[0]?.key;
      return {
        smallest: smallest ?? NO_KEY,
        largest: (smallest && table?.blocks.at(-1)?.last) ?? BEYOND_KEYS,
      };
    });
  }

  #table(name: string, { smallest, largest, bytes }: LevelTableFacts): PairSource {
    return { smallest, largest, open: (range) => this.#pairsOf(name, bytes, range) };
  }

  async *#pairsOf(
    name: string,
    bytes: number,
    range: KeyRange,
  ): AsyncGenerator<readonly LevelPair[]> {
    const file = await this.#disk.open(join(this.#folder, name), "read");
    try {
      const size = await file.size();
      const read = this.#reader(name, file);
      const table = size === bytes ? await LevelTable.open(read, size) : undefined;
      if (table === undefined) {
        const place = { segment: name, position: 0, bytes: size };
        this.#note("table_damaged", `Table ${name} was cut, or its index is damaged`, place);
        yield scanEntries(await readBytes(read, 0, size));
        return;
      }
      for (const aid of table.damagedAids) this.#noteBlock(name, aid);
      for (const block of table.blocks) {
        if (Buffer.compare(block.last, range.first) < 0) continue;
        const pairs = await table.pairs(block);
        if (pairs === undefined) {
          this.#noteBlock(name, block);
          yield scanEntries(await readBytes(read, block.position, block.bytes));
        } else {
          yield pairs;
        }
        if (Buffer.compare(block.last, range.last) > 0) return;
      }
    } finally {
      await file.close();
    }
  }

  /** What the logs hold, in memory: LevelDB keeps at most two, each of one write buffer. */
  async #logs(names: readonly string[]): Promise<PairSource[]> {
    const pairs: LevelPair[] = [];
    let broken: FaultPlace | undefined;
    for await (const { place, changes } of this.#logParts(names)) {
      // Every batch is synced before the next is begun: what lies before one was stored once.
      if (broken !== undefined) this.#note("log_damaged", "Batches in a log are damaged", broken);
      broken = changes === undefined ? place : undefined;
      for (const change of changes ?? []) pairs.push(change);
    }
    if (broken !== undefined) this.#note("torn_tail", TORN, broken);
    pairs.sort(comparePairs);
    const [first, last] = [pairs[0], pairs.at(-1)];
    if (first === undefined || last === undefined) return [];
    return [{ smallest: first.key, largest: last.key, open: () => once(pairs) }];
  }

  async *#logParts(
    names: readonly string[],
  ): AsyncGenerator<{ place: FaultPlace; changes: LevelPair[] | undefined }> {
    for (const name of names) {
      const file = await this.#disk.open(join(this.#folder, name), "read");
      try {
        const log = { name, bytes: await file.size(), read: this.#reader(name, file) };
        for await (const { payload, position, end } of levelBatches(log)) {
          const place = { segment: name, position, bytes: end - position };
          yield { place, changes: payload && changesOf(payload) };
        }
      } finally {
        await file.close();
      }
    }
  }

  async #withFile<Result>(
    name: string,
    use: (file: Awaited<ReturnType<Disk["open"]>>) => Promise<Result>,
  ): Promise<Result> {
    const file = await this.#disk.open(join(this.#folder, name), "read");
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }

  #reader(name: string, file: Awaited<ReturnType<Disk["open"]>>) {
    return pageReader(file, (position, bytes) => {
      this.#note("unreadable", "The disk refuses to read", { segment: name, position, bytes });
    });
  }

  #noteBlock(name: string, { position, bytes }: { position: number; bytes: number }): void {
    const place = { segment: name, position, bytes };
    this.#note("table_damaged", `A block of table ${name} is damaged`, place);
  }

  #note(kind: JournalFaultKind, message: string, place: FaultPlace): void {
    const key = `${kind} ${place.segment} ${place.position}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#faults.push(fault(kind, message, place));
  }
}

function changesOf(payload: Buffer): LevelPair[] | undefined {
  try {
    return batchPairs(payload);
  } catch {
    // A record whose checksum is right by chance; it counts as damaged.
    return undefined;
  }
}

async function* once<Item>(item: Item): AsyncGenerator<Item> {
  yield item;
}
