import { batchBytes, ENTRY_BYTES_MAX, type StoredBatch } from "@opendxa/pubsub-protocol";
import { requireAtMost } from "../delivery/settlement-rules.js";
import { storedBatchOverheadBytes } from "./limits.js";

/** Bytes of an entry beside its batches where it says nothing but that they were published. */
const ENTRY_OVERHEAD_BYTES = 64;
/** Bytes of a batch beside heads and bodies, from above: topic, producer and every text of its defaults. */
const HEADER_BYTES_AT_MOST = 8 * 1_024;

/** Bytes that batches take in an entry, from above: a batch takes some more there than it was sent with. */
export function storedBytes(batches: readonly StoredBatch[]): number {
  return sizeOf(batches, headerBytes);
}

/** Checks that batches fit one entry of the journal. Throws LIMIT_EXCEEDED naming the field. */
export function requireEntryFits(field: string, batches: readonly StoredBatch[]): void {
  const room = ENTRY_BYTES_MAX - ENTRY_OVERHEAD_BYTES;
  // Headers are serialized to be counted, and that only where they could matter.
  if (sizeOf(batches, () => HEADER_BYTES_AT_MOST) <= room) return;
  requireAtMost(field, room, storedBytes(batches));
}

function headerBytes({ batch }: StoredBatch): number {
  return batch === undefined ? 0 : batchBytes(batch) - batch.heads.length - batch.bodies.length;
}

function sizeOf(batches: readonly StoredBatch[], header: (stored: StoredBatch) => number): number {
  return batches.reduce((sum, stored) => {
    const { batch, refused, duplicates } = stored;
    const payload = (batch?.heads.length ?? 0) + (batch?.bodies.length ?? 0);
    const beside = refused.length + duplicates.length + storedBatchOverheadBytes;
    return sum + payload + beside + header(stored);
  }, 0);
}
