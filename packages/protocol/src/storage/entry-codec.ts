import { Entry, StoredBatch } from "../gen/opendxa/pubsub/storage/v1/entry.js";
import { batchParts, byteParts, nested } from "./byte-parts.js";

const STORED_BATCH_TAG = 0x7a;
const RECORD_BATCH_TAG = 0x3a;

/**
 * Serializes a journal entry without copying the heads and bodies of its batches: the parts refer
 * to the given memory, which must not change until they are written.
 */
export function encodeEntryParts(entry: Entry): Uint8Array[] {
  const control = Entry.encode({ ...entry, batches: [] }).finish();
  return [control, ...entry.batches.flatMap((batch) => storedBatchField(batch).parts)].filter(
    (part) => part.length > 0,
  );
}

function storedBatchField(stored: StoredBatch): { readonly parts: readonly Uint8Array[] } {
  const own = StoredBatch.encode({ ...stored, batch: undefined }).finish();
  if (stored.batch === undefined) return nested(STORED_BATCH_TAG, byteParts([own]));
  const batch = nested(RECORD_BATCH_TAG, batchParts(stored.batch));
  return nested(STORED_BATCH_TAG, byteParts([own, ...batch.parts]));
}

/**
 * Reads a journal entry. The bytes fields of its batches are views on `bytes`.
 *
 * @throws Error when the bytes are no entry: the journal checks their CRC before
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  return Entry.decode(bytes);
}
