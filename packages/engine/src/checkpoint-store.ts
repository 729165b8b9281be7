import { hex64 } from "@opendxa/pubsub-core";
import { type Disk, JournalError } from "@opendxa/pubsub-journal";
import {
  type CheckpointChain,
  type CheckpointFile,
  chainsOf,
  filesFrom,
  hasOutgrownBase,
  mergeableDeltas,
  newestSequence,
  superfluousDeltas,
} from "./checkpoint-chain.js";
import {
  readCheckpointFile,
  readCheckpointHeader,
  writeCheckpointFile,
} from "./checkpoint-file.js";
import { CheckpointError, type CheckpointHeader } from "./checkpoint-format.js";
import { checkpointChainsKept } from "./limits.js";
import { mergeRecords, type RecordBlock, type RecordBlocks } from "./merge-records.js";

/** Checkpoints of one journal in one folder: writing, finding, merging, dropping. */
export class CheckpointStore {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #journalId: Uint8Array;
  #chains: CheckpointChain[] = [];

  private constructor(disk: Disk, folder: string, journalId: Uint8Array) {
    this.#disk = disk;
    this.#folder = folder;
    this.#journalId = journalId;
  }

  /**
   * Looks at the folder. Files that are damaged in their header are left alone and reported to
   * `onIgnored`; what a stop left of a write or a merge is removed. Rejects with `io_failed` where
   * the disk refuses.
   */
  static async open(
    disk: Disk,
    folder: string,
    options: {
      readonly journalId: Uint8Array;
      readonly onIgnored: (name: string, why: string) => void;
    },
  ): Promise<CheckpointStore> {
    try {
      return await CheckpointStore.#open(disk, folder, options);
    } catch (error) {
      throw notUsable(folder, error);
    }
  }

  static async #open(
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
    const files: CheckpointFile[] = [];
    for (const name of (await disk.readdir(folder)).sort()) {
      if (name.endsWith(".tmp")) {
        await disk.unlink(`${folder}/${name}`);
        continue;
      }
      try {
        files.push(await store.#look(name));
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw notUsable(`${folder}/${name}`, error);
        options.onIgnored(name, error.message);
      }
    }
    store.#chains = chainsOf(files);
    for (const { name } of superfluousDeltas(files, store.#chains)) {
      await disk.unlink(`${folder}/${name}`);
    }
    return store;
  }

  async #look(name: string): Promise<CheckpointFile> {
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
    return newestSequence(this.#chains.at(-1));
  }

  /**
   * Sequence of the oldest base that is kept, from which recovery may have to start; `undefined`
   * while there is but one, because a second chance needs the whole journal.
   */
  get oldestBase(): bigint | undefined {
    if (this.#chains.length < checkpointChainsKept) return undefined;
    return this.#chains[0]?.files[0]?.header.sequence;
  }

  /** Size of the newest base in bytes; 0 when there is none. */
  get baseBytes(): number {
    return this.#chains.at(-1)?.files[0]?.bytes ?? 0;
  }

  /** Writes all state; the chains before the last kept ones are dropped. Answers its bytes. */
  async writeBase(sequence: bigint, state: RecordBlocks): Promise<number> {
    const file = await this.#write({ kind: "base", sequence, previous: 0n }, state);
    this.#chains.push({ files: [file] });
    while (this.#chains.length > checkpointChainsKept) await this.#drop();
    return file.bytes;
  }

  /**
   * Writes what changed since the newest checkpoint, as a base where there is none. Then merges
   * files where that is due, or all of them into a base where `isBaseDue`. Answers the bytes written
   * in all.
   */
  async write(sequence: bigint, changes: RecordBlocks, isBaseDue = false): Promise<number> {
    const chain = this.#chains.at(-1);
    if (chain === undefined) {
      return this.writeBase(sequence, mergeRecords([changes], { keepRemoved: false }));
    }
    const previous = newestSequence(chain);
    const delta = await this.#write({ kind: "delta", sequence, previous }, changes);
    this.#replaceNewest([...chain.files, delta]);
    return delta.bytes + (await this.#mergeDue(isBaseDue));
  }

  async #mergeDue(isBaseDue: boolean): Promise<number> {
    let bytes = 0;
    for (;;) {
      const chain = this.#chains.at(-1) as CheckpointChain;
      if (isBaseDue || hasOutgrownBase(chain)) {
        const merged = mergeRecords(this.#readAll(chain.files), { keepRemoved: false });
        return bytes + (await this.writeBase(newestSequence(chain), merged));
      }
      const deltas = mergeableDeltas(chain);
      if (deltas.length === 0) return bytes;
      bytes += await this.#mergeDeltas(chain, deltas);
    }
  }

  /** The merged delta takes the name of its newest, in one step; then the others are superfluous. */
  async #mergeDeltas(chain: CheckpointChain, deltas: readonly CheckpointFile[]): Promise<number> {
    const { previous } = (deltas[0] as CheckpointFile).header;
    const sequence = newestSequence(chain);
    const records = mergeRecords(this.#readAll(deltas), { keepRemoved: true });
    const merged = await this.#write({ kind: "delta", sequence, previous }, records);
    this.#replaceNewest([...chain.files.slice(0, -deltas.length), merged]);
    for (const { name } of deltas.slice(0, -1)) await this.#disk.unlink(`${this.#folder}/${name}`);
    return merged.bytes;
  }

  #replaceNewest(files: readonly CheckpointFile[]): void {
    this.#chains[this.#chains.length - 1] = { files };
  }

  /**
   * State of the newest chain that reads without damage, checked whole before anything is
   * answered. `undefined` when there is none. Rejects with `io_failed` where the disk refuses to
   * read: that says nothing of the file, so nothing older is taken for it.
   */
  async readNewest(
    onDamaged: (name: string, why: string) => void,
  ): Promise<{ sequence: bigint; blocks: RecordBlocks } | undefined> {
    for (let at = this.#chains.length - 1; at >= 0; at -= 1) {
      const files = await this.#soundFiles(filesFrom(this.#chains, at), onDamaged);
      if (files.length === 0) continue;
      this.#chains = [...this.#chains.slice(0, at), { files }];
      const sequence = this.newestSequence;
      return { sequence, blocks: mergeRecords(this.#readAll(files), { keepRemoved: false }) };
    }
    this.#chains = [];
    return undefined;
  }

  async #soundFiles(
    files: readonly CheckpointFile[],
    onDamaged: (name: string, why: string) => void,
  ): Promise<CheckpointFile[]> {
    const sound: CheckpointFile[] = [];
    for (const file of files) {
      try {
        for await (const block of this.#read(file)) {
          if (block.some(({ key }) => key.length === 0)) {
            throw new CheckpointError("a key is empty");
          }
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
    blocks: RecordBlocks,
  ): Promise<CheckpointFile> {
    const name = `${hex64(header.sequence)}.${header.kind}`;
    const full = { ...header, journalId: this.#journalId };
    const path = { folder: this.#folder, name };
    const bytes = await writeCheckpointFile(this.#disk, path, { header: full, blocks });
    return { name, header: full, bytes };
  }

  async #drop(): Promise<void> {
    const chain = this.#chains.shift();
    for (const file of [...(chain?.files ?? [])].reverse()) {
      await this.#disk.unlink(`${this.#folder}/${file.name}`);
    }
  }

  async *#read({ name }: CheckpointFile): AsyncGenerator<RecordBlock> {
    const path = `${this.#folder}/${name}`;
    try {
      yield* readCheckpointFile(this.#disk, path);
    } catch (error) {
      throw error instanceof CheckpointError ? error : notUsable(path, error);
    }
  }

  #readAll(files: readonly CheckpointFile[]): RecordBlocks[] {
    return files.map((file) => this.#read(file));
  }
}

/** The disk refused; damage is a `CheckpointError` and never comes here. */
function notUsable(path: string, error: unknown): JournalError {
  if (error instanceof JournalError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new JournalError("io_failed", `checkpoints cannot be used at ${path}: ${why}`, {
    details: { file: path },
    cause: error,
  });
}
