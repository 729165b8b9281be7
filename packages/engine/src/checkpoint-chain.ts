import type { CheckpointHeader } from "./checkpoint-format.js";
import {
  checkpointChainsKept,
  checkpointDeltaSlackBytes,
  checkpointMergeWidth,
  checkpointSmallBytes,
} from "./limits.js";

/** A checkpoint file whose header was read. */
export interface CheckpointFile {
  /** Name in the folder. */
  readonly name: string;
  /** What it says of itself. */
  readonly header: CheckpointHeader;
  /** Its size. */
  readonly bytes: number;
}

/** A base and the deltas on it, oldest first; never empty. */
export interface CheckpointChain {
  /** The files. */
  readonly files: readonly CheckpointFile[];
}

/** Sequence of the state that a chain means. */
export function newestSequence(chain: CheckpointChain | undefined): bigint {
  return chain?.files.at(-1)?.header.sequence ?? 0n;
}

/**
 * Finds the chains among files, the oldest first. A chain ends where the next one's base stands.
 * Where a merged delta and those that it replaced are both there, because a merge was cut off, the
 * one that reaches further counts.
 */
export function chainsOf(files: readonly CheckpointFile[]): CheckpointChain[] {
  const furthest = new Map<bigint, CheckpointFile>();
  for (const file of files) {
    const { kind, previous, sequence } = file.header;
    const known = furthest.get(previous);
    if (kind === "delta" && (known === undefined || known.header.sequence < sequence)) {
      furthest.set(previous, file);
    }
  }
  const bases = files
    .filter(({ header }) => header.kind === "base")
    .sort((a, b) => (a.header.sequence < b.header.sequence ? -1 : 1));
  return bases.map((base, i) => {
    const end = bases[i + 1]?.header.sequence;
    const chain = [base];
    for (let last = base; last.header.sequence !== end; ) {
      const next = furthest.get(last.header.sequence);
      if (next === undefined) break;
      chain.push(next);
      last = next;
    }
    return { files: chain };
  });
}

/**
 * The files from a chain's base on to the newest delta. A chain goes on in the deltas of the next
 * one where it reached the state that the next base holds, so that a damaged base costs nothing.
 */
export function filesFrom(chains: readonly CheckpointChain[], at: number): CheckpointFile[] {
  const files = [...(chains[at]?.files ?? [])];
  for (const { files: next } of chains.slice(at + 1)) {
    if (next[0]?.header.sequence !== files.at(-1)?.header.sequence) break;
    files.push(...next.slice(1));
  }
  return files;
}

/**
 * Deltas that nobody needs and a stop has left: those that a merge has replaced, between two files of
 * a chain, and those of a dropped chain whose base went first, because a loss of power keeps removals
 * in no order.
 */
export function superfluousDeltas(
  files: readonly CheckpointFile[],
  chains: readonly CheckpointChain[],
): CheckpointFile[] {
  const used = new Set(chains.flatMap((chain) => chain.files));
  return files.filter(
    (file) =>
      !used.has(file) &&
      file.header.kind === "delta" &&
      (isReplaced(file, chains) || isDropped(file, chains)),
  );
}

function isReplaced(
  { header: delta }: CheckpointFile,
  chains: readonly CheckpointChain[],
): boolean {
  return chains.some((chain) =>
    chain.files.some(
      ({ header }) =>
        header.kind === "delta" &&
        header.previous <= delta.previous &&
        delta.sequence <= header.sequence,
    ),
  );
}

function isDropped({ header: delta }: CheckpointFile, chains: readonly CheckpointChain[]): boolean {
  const oldestKept = chains.at(-checkpointChainsKept)?.files[0];
  return oldestKept !== undefined && delta.sequence <= oldestKept.header.sequence;
}

/** Whether the deltas of a chain outgrew its base, so that merging all of them costs no more. */
export function hasOutgrownBase({ files: [base, ...deltas] }: CheckpointChain): boolean {
  const deltaBytes = deltas.reduce((sum, { bytes }) => sum + bytes, 0);
  return deltaBytes > (base?.bytes ?? 0) + checkpointDeltaSlackBytes;
}

function tierOf({ bytes }: CheckpointFile): number {
  const sizes = Math.max(1, bytes / checkpointSmallBytes);
  return Math.floor(Math.log(sizes) / Math.log(checkpointMergeWidth));
}

/**
 * The newest deltas, when there are enough of like size to be merged into one: so a chain has a
 * number of files that grows with the logarithm of its bytes, as in a log-structured merge-tree
 * (O'Neil et al., 1996) with tiers.
 */
export function mergeableDeltas({ files }: CheckpointChain): readonly CheckpointFile[] {
  const newest = files.slice(1).slice(-checkpointMergeWidth);
  const isFull = newest.length === checkpointMergeWidth;
  return isFull && newest.every((file) => tierOf(file) === tierOf(newest[0]!)) ? newest : [];
}
