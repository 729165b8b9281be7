import { hex64 } from "@opendxa/pubsub-core";
import type { IndexStore, IndexWrite } from "@opendxa/pubsub-index-store";

/** Keys that the engine keeps in the index for itself; '!' sorts before all state. */
export const indexKeys = {
  /** Journal that the index projects, 16 bytes. */
  journal: "!journal",
  /** Newest applied sequence. */
  applied: "!applied",
  /** Sequence up to which the index is known to be durable on disk. */
  mark: "!mark",
  /** Which keys index payload, and how. */
  layout: "!layout",
  /** A set of changes larger than one batch is being written. */
  partial: "!partial",
} as const;

/** Layout of this version: since 2 no two batches share a key. Another one is rebuilt. */
export const indexLayout = new Uint8Array([2]);

const chainPrefix = "!chain/";

/** Key of the link that the batch ending at `sequence` leaves. */
export function chainKey(sequence: bigint): string {
  return `${chainPrefix}${hex64(sequence)}`;
}

/** A sequence as 8 bytes. */
export function encodeSequence(sequence: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, sequence);
  return bytes;
}

/** Reads a sequence back; absent counts as 0. */
export function decodeSequence(bytes: Uint8Array | undefined): bigint {
  if (bytes === undefined || bytes.length !== 8) return 0n;
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
}

/** Whether the index can be used as it is. */
export type ChainVerdict =
  | { readonly usable: true; readonly applied: bigint }
  | { readonly usable: false; readonly why: string };

/**
 * Walks the links back from the newest applied sequence to the last durable mark. A missing link
 * means that the engine lost a batch in the middle, and the index must be rebuilt.
 */
export async function verifyChain(
  index: IndexStore,
  journal: { readonly id: Uint8Array; readonly lastSequence: bigint },
): Promise<ChainVerdict> {
  const [id, layout, applied, mark, partial] = await index.getMany([
    indexKeys.journal,
    indexKeys.layout,
    indexKeys.applied,
    indexKeys.mark,
    indexKeys.partial,
  ]);
  if (id === undefined) return { usable: false, why: "the index is empty" };
  if (id.length !== 16 || id.some((byte, i) => byte !== journal.id[i])) {
    return { usable: false, why: "the index belongs to another journal" };
  }
  if (layout?.[0] !== indexLayout[0]) {
    return { usable: false, why: "the index has the layout of another version" };
  }
  if (partial !== undefined) return { usable: false, why: "a large change was written in part" };
  const newest = decodeSequence(applied);
  if (newest > journal.lastSequence) {
    return { usable: false, why: "the index is ahead of the journal" };
  }
  const bottom = decodeSequence(mark);
  for (let at = newest; at > bottom; ) {
    const link = await index.get(chainKey(at));
    if (link === undefined) return { usable: false, why: `the link of sequence ${at} is missing` };
    at = decodeSequence(link);
  }
  return newest < bottom
    ? { usable: false, why: "the index was rolled back below its durable mark" }
    : { usable: true, applied: newest };
}

/** Makes the index durable where its engine can, and drops the links that are not needed any more. */
export async function markDurable(index: IndexStore, applied: bigint): Promise<void> {
  if (!(await index.flush())) return;
  const links = await index.scan({ gte: chainPrefix, lte: chainKey(applied), limit: 10_000 });
  const writes: IndexWrite[] = links.map(({ key }) => ({ key, value: undefined }));
  writes.push({ key: indexKeys.mark, value: encodeSequence(applied) });
  await index.write(writes);
}
