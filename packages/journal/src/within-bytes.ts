import type { StoredEntry } from "./journal.js";

/** Entries until their payloads would exceed `bytesMax` together, but at least one. */
export async function* withinBytes(
  entries: AsyncIterable<StoredEntry>,
  bytesMax: number,
): AsyncGenerator<StoredEntry> {
  let bytes = 0;
  let isFirst = true;
  for await (const entry of entries) {
    if (!isFirst && bytes + entry.payload.length > bytesMax) return;
    isFirst = false;
    bytes += entry.payload.length;
    yield entry;
  }
}
