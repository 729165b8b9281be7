import { hex64 } from "@opendxa/pubsub-core";
import type { Disk } from "@opendxa/pubsub-journal";
import {
  mergeCheckpointFiles,
  readCheckpointFile,
  readCheckpointHeader,
  writeCheckpointFile,
} from "./checkpoint-file.js";
import {
  CheckpointError,
  type CheckpointHeader,
  type CheckpointRecord,
} from "./checkpoint-format.js";
import { checkpointChainsKept, checkpointDeltasMax } from "./limits.js";

interface KnownFile {
  readonly name: string;
  readonly header: CheckpointHeader;
  readonly bytes: number;
}

/** A base and the deltas on it, oldest first. */
interface Chain {
  readonly files: readonly KnownFile[];
}

function newest(chain: Chain): bigint {
  return chain.files.at(-1)?.header.sequence ?? 0n;
}

/** Checkpoints of one journal in one folder: writing, finding, merging, dropping. */
export class CheckpointStore {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #journalId: Uint8Array;
  #chains: Chain[] = [];

  private constructor(disk: Disk, folder: string, journalId: Uint8Array) {
    this.#disk = disk;
    this.#folder = folder;
    this.#journalId = journalId;
  }

  /**
   * Looks at the folder. Files that are damaged in their header or belong to no chain are left
   * alone and reported to `onIgnored`.
   */
  static async open(
    disk: Disk,
    folder: string,
    options: {
      readonly journalId: Uint8Array;
      readonly onIgnored: (name: string, why: string) => void;
    },
  ): Promise<CheckpointStore> {
    const store = new CheckpointStore(disk, folder, options.journalId);
    if (!(await disk.exists(folder))) {
      await disk.mkdir(folder);
      await disk.syncDirectory(folder.slice(0, Math.max(1, folder.lastIndexOf("/"))));
    }
    const files: KnownFile[] = [];
    for (const name of (await disk.readdir(folder)).sort()) {
      if (name.endsWith(".tmp")) {
        await disk.unlink(`${folder}/${name}`);
        continue;
      }
      try {
        files.push(await store.#look(name));
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
        options.onIgnored(name, error.message);
      }
    }
    store.#chains = chainsOf(files);
    return store;
  }

  async #look(name: string): Promise<KnownFile> {
    const path = `${this.#folder}/${name}`;
    const header = await readCheckpointHeader(this.#disk, path);
    if (header.journalId.some((byte, i) => byte !== this.#journalId[i])) {
      throw new CheckpointError("it belongs to another journal");
    }
    const file = await this.#disk.open(path, "read");
    try {
      return { name, header, bytes: await file.size() };
    } finally {
      await file.close();
    }
  }

  /** Sequence of the newest checkpoint; 0 when there is none. */
  get newestSequence(): bigint {
    return this.#chains.length === 0 ? 0n : newest(this.#chains.at(-1) as Chain);
  }

  /** Whether the next checkpoint must be a base: there is none, or the deltas outgrew theirs. */
  get wantsBase(): boolean {
    const chain = this.#chains.at(-1);
    if (chain === undefined) return true;
    const [base, ...deltas] = chain.files;
    const deltaBytes = deltas.reduce((sum, file) => sum + file.bytes, 0);
    return deltas.length >= checkpointDeltasMax || deltaBytes > (base?.bytes ?? 0) + 1_048_576;
  }

  /** Writes all state; the chains before the last kept ones are dropped. Answers its bytes. */
  async writeBase(
    sequence: bigint,
    records: AsyncIterable<CheckpointRecord> | Iterable<CheckpointRecord>,
  ): Promise<number> {
    const file = await this.#write({ kind: "base", sequence, previous: 0n }, records);
    this.#chains.push({ files: [file] });
    while (this.#chains.length > checkpointChainsKept) await this.#drop();
    return file.bytes;
  }

  /** Writes what changed since the newest checkpoint, sorted by key. Answers its bytes. */
  async writeDelta(sequence: bigint, records: Iterable<CheckpointRecord>): Promise<number> {
    const chain = this.#chains.at(-1);
    if (chain === undefined) throw new Error("a delta needs a base");
    const file = await this.#write({ kind: "delta", sequence, previous: newest(chain) }, records);
    this.#chains[this.#chains.length - 1] = { files: [...chain.files, file] };
    return file.bytes;
  }

  /** Merges the newest chain and one more delta into a new base, without touching the index. */
  async compact(sequence: bigint, delta: Iterable<CheckpointRecord>): Promise<number> {
    await this.writeDelta(sequence, delta);
    const paths = this.#paths(this.#chains.at(-1));
    return this.writeBase(sequence, mergeCheckpointFiles(this.#disk, paths));
  }

  /**
   * State of the newest chain that reads without damage, checked whole before anything is
   * answered. `undefined` when there is none.
   */
  async readNewest(
    onDamaged: (name: string, why: string) => void,
  ): Promise<{ sequence: bigint; records: AsyncIterable<CheckpointRecord> } | undefined> {
    for (const chain of [...this.#chains].reverse()) {
      const files = await this.#soundFiles(chain, onDamaged);
      if (files.length === 0) continue;
      const sound = { files };
      this.#chains = [...this.#chains.filter((c) => newest(c) < newest(sound)), sound];
      const records = mergeCheckpointFiles(this.#disk, this.#paths(sound));
      return { sequence: newest(sound), records };
    }
    this.#chains = [];
    return undefined;
  }

  async #soundFiles(
    chain: Chain,
    onDamaged: (name: string, why: string) => void,
  ): Promise<KnownFile[]> {
    const sound: KnownFile[] = [];
    for (const file of chain.files) {
      try {
        for await (const record of readCheckpointFile(this.#disk, `${this.#folder}/${file.name}`)) {
          if (record.key.length === 0) throw new CheckpointError("a key is empty");
        }
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
        onDamaged(file.name, error.message);
        return sound;
      }
      sound.push(file);
    }
    return sound;
  }

  async #write(
    header: Omit<CheckpointHeader, "journalId">,
    records: AsyncIterable<CheckpointRecord> | Iterable<CheckpointRecord>,
  ): Promise<KnownFile> {
    const name = `${hex64(header.sequence)}.${header.kind}`;
    const full = { ...header, journalId: this.#journalId };
    const path = { folder: this.#folder, name };
    const bytes = await writeCheckpointFile(this.#disk, path, { header: full, records });
    return { name, header: full, bytes };
  }

  async #drop(): Promise<void> {
    const chain = this.#chains.shift();
    for (const file of [...(chain?.files ?? [])].reverse()) {
      await this.#disk.unlink(`${this.#folder}/${file.name}`);
    }
  }

  #paths(chain: Chain | undefined): string[] {
    return (chain?.files ?? []).map((file) => `${this.#folder}/${file.name}`);
  }
}

function chainsOf(files: readonly KnownFile[]): Chain[] {
  const bases = files.filter((file) => file.header.kind === "base");
  const deltas = files.filter((file) => file.header.kind === "delta");
  const chains = bases.map((base) => {
    const chain = [base];
    for (;;) {
      const at = chain.at(-1)?.header.sequence;
      const next = deltas.find((delta) => delta.header.previous === at);
      if (next === undefined) return { files: chain };
      chain.push(next);
    }
  });
  return chains.sort((a, b) => (newest(a) < newest(b) ? -1 : 1));
}
