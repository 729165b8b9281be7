import type { JournalEntry, StoredEntry } from "./journal.js";
import { ENTRY_OVERHEAD_BYTES } from "./limits.js";

const COMPACT_AFTER = 1024;

/** The newest entries in memory, so that live delivery never reads the disk. */
export class TailCache {
  readonly #bytesMax: number;
  #entries: (readonly Uint8Array[])[] = [];
  #evicted = 0;
  #bytes = 0;
  /** Sequence of `#entries[0]`, evicted or not. */
  #base: bigint;

  /** `next`: sequence of the first entry that will be added. */
  constructor(bytesMax: number, next: bigint) {
    this.#bytesMax = bytesMax;
    this.#base = next;
  }

  /** Lowest sequence in memory; one more than the newest when empty. */
  get first(): bigint {
    return this.#base + BigInt(this.#evicted);
  }

  /** Bytes held, with 256 for each entry beside its payload. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds the entry that follows the newest. Keeps the parts as they are. */
  add(entry: JournalEntry): void {
    this.#entries.push(entry.parts);
    this.#bytes += cost(entry.parts);
    while (this.#bytes > this.#bytesMax) this.#evict();
  }

  /** An entry, its parts joined once at the first call. */
  get(sequence: bigint): StoredEntry | undefined {
    if (sequence < this.first) return undefined;
    const at = Number(sequence - this.#base);
    const parts = this.#entries[at];
    if (parts === undefined) return undefined;
    const [single] = parts;
    if (parts.length === 1 && single !== undefined) return { sequence, payload: single };
    const payload = Buffer.concat(parts);
    this.#entries[at] = [payload];
    return { sequence, payload };
  }

  #evict(): void {
    this.#bytes -= cost(this.#entries[this.#evicted] ?? []);
    this.#entries[this.#evicted] = [];
    this.#evicted += 1;
    if (this.#evicted < COMPACT_AFTER || this.#evicted * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#evicted);
    this.#base += BigInt(this.#evicted);
    this.#evicted = 0;
  }
}

function cost(parts: readonly Uint8Array[]): number {
  let bytes = ENTRY_OVERHEAD_BYTES;
  for (const part of parts) bytes += part.length;
  return bytes;
}
