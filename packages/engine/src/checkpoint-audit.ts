import { type Disk, JournalError } from "@opendxa/pubsub-journal";
import {
  type CheckpointChain,
  type CheckpointFile,
  chainsOf,
  filesFrom,
  superfluousDeltas,
} from "./checkpoint-chain.js";
import { readCheckpointFile, readCheckpointHeader } from "./checkpoint-file.js";
import { CheckpointError } from "./checkpoint-format.js";
import type { Finding, FindingKind } from "./finding.js";

/** What the checkpoints of a namespace are. */
export interface AuditedCheckpoints {
  /** What is wrong with them. */
  readonly findings: readonly Finding[];
  /** Sequence of the newest state that sound files give; 0 for none. */
  readonly soundSequence: bigint;
  /** Newest sequence that any header names, and its file. */
  readonly newest: { readonly sequence: bigint; readonly file: string } | undefined;
}

/** Reads every block of every checkpoint file, without changing anything. */
export async function auditCheckpoints(
  disk: Disk,
  folder: string,
  journalId: Uint8Array | undefined,
): Promise<AuditedCheckpoints> {
  const audit = new CheckpointAudit(disk, folder, journalId);
  const names = (await disk.exists(folder)) ? (await disk.readdir(folder)).sort() : [];
  for (const name of names) await audit.read(name);
  return audit.result();
}

class CheckpointAudit {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #journalId: Uint8Array | undefined;
  readonly #findings: Finding[] = [];
  readonly #files: CheckpointFile[] = [];
  readonly #damaged = new Set<string>();

  constructor(disk: Disk, folder: string, journalId: Uint8Array | undefined) {
    this.#disk = disk;
    this.#folder = folder;
    this.#journalId = journalId;
  }

  async read(name: string): Promise<void> {
    const path = `${this.#folder}/${name}`;
    if (name.endsWith(".tmp")) {
      this.#findings.push(finding("checkpoint_leftover", name, 0, "was never completed"));
      return;
    }
    try {
      const header = await readCheckpointHeader(this.#disk, path);
      const id = this.#journalId;
      if (id !== undefined && Buffer.compare(header.journalId, id) !== 0) {
        this.#findings.push(finding("checkpoint_foreign", name, 8, "belongs to another journal"));
        return;
      }
      this.#files.push({ name, header, bytes: 0 });
      for await (const _block of readCheckpointFile(this.#disk, path));
    } catch (error) {
      // This machine cannot read the file, so that nothing is known of it.
      if (error instanceof JournalError && error.reason === "unsupported") throw error;
      this.#damaged.add(name);
      this.#findings.push(damage(name, error));
    }
  }

  result(): AuditedCheckpoints {
    const files = this.#files;
    const chains = chainsOf(files);
    const last = files.toSorted((a, b) => (a.header.sequence < b.header.sequence ? -1 : 1)).at(-1);
    return {
      findings: [...this.#findings, ...unused(files, chains)],
      soundSequence: this.#soundSequence(chains),
      newest:
        last === undefined
          ? undefined
          : { sequence: last.header.sequence, file: `checkpoints/${last.name}` },
    };
  }

  #soundSequence(chains: readonly CheckpointChain[]): bigint {
    let sound = 0n;
    for (const at of chains.keys()) {
      const reached = this.#reach(filesFrom(chains, at));
      if (reached > sound) sound = reached;
    }
    return sound;
  }

  /** Sequence of the last file before the first damaged one. */
  #reach(files: readonly CheckpointFile[]): bigint {
    const end = files.findIndex(({ name }) => this.#damaged.has(name));
    return files.slice(0, end < 0 ? files.length : end).at(-1)?.header.sequence ?? 0n;
  }
}

/** Files that no chain needs, and why. */
function unused(files: readonly CheckpointFile[], chains: readonly CheckpointChain[]): Finding[] {
  const used = new Set(chains.flatMap((chain) => chain.files));
  const superfluous = new Set(superfluousDeltas(files, chains));
  return files
    .filter((file) => !used.has(file))
    .map((file) =>
      superfluous.has(file)
        ? finding("checkpoint_leftover", file.name, 0, "is not needed any more")
        : finding("checkpoint_unlinked", file.name, 32, "stands on a checkpoint that is missing"),
    );
}

function damage(name: string, error: unknown): Finding {
  // Where the disk refuses to read, what it refuses counts as damaged: the audit goes on.
  const position = error instanceof CheckpointError ? error.position : 0;
  const why = error instanceof Error ? error.message : String(error);
  return finding("checkpoint_damaged", name, position, `is damaged: ${why}`);
}

function finding(kind: FindingKind, name: string, position: number, what: string): Finding {
  return {
    kind,
    severity: kind === "checkpoint_leftover" ? "notice" : "fault",
    file: `checkpoints/${name}`,
    position,
    bytes: 0,
    message: `Checkpoint ${name} ${what}`,
  };
}
