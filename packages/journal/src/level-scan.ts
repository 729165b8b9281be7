import { LevelBytes } from "./level-bytes.js";
import { type LevelPair, tablePair } from "./level-pair.js";
import { decodeEntry, ENTRY_HEAD_BYTES, ENTRY_KEY_BYTES, entryKey } from "./level-records.js";

/** Number and type behind a key in a table. */
const TAG_BYTES = 8;

/**
 * Entries in a damaged part of a table, found by trying every byte: each names its sequence and has
 * a checksum of its own, so that what is found is sound wherever it lies. Ascending.
 */
export function scanEntries(bytes: Buffer): LevelPair[] {
  const found: LevelPair[] = [];
  for (let at = 0; at < bytes.length; ) {
    const hit = entryAt(bytes, at);
    if (hit === undefined) {
      at += 1;
      continue;
    }
    found.push(hit.pair);
    at = hit.end;
  }
  return found.sort((one, other) => Buffer.compare(one.key, other.key));
}

/** An entry whose lengths begin at a position. */
function entryAt(bytes: Buffer, at: number): { pair: LevelPair; end: number } | undefined {
  const rest = new LevelBytes(bytes.subarray(at));
  try {
    const [shared, keyBytes, valueBytes] = [rest.varint(), rest.varint(), rest.varint()];
    const isLikely =
      shared + keyBytes === ENTRY_KEY_BYTES + TAG_BYTES &&
      keyBytes > TAG_BYTES &&
      valueBytes >= ENTRY_HEAD_BYTES;
    if (!isLikely) return undefined;
    const keyEnd = rest.take(keyBytes);
    const value = rest.take(valueBytes);
    const sequence = value.readBigUInt64LE(0);
    const key = Buffer.from(entryKey(sequence));
    key.set(keyEnd.subarray(0, -TAG_BYTES), shared);
    if (decodeEntry(key, value) === undefined) return undefined;
    const pair = tablePair(Buffer.concat([key, keyEnd.subarray(-TAG_BYTES)]), value);
    return { pair, end: at + rest.at };
  } catch {
    // No lengths, or such that lead beyond the end.
    return undefined;
  }
}
