import type { BatchRef, Grant } from "@opendxa/pubsub-core";
import type { Journal } from "@opendxa/pubsub-journal";
import {
  batchBytes,
  Codec,
  countBits,
  type DeliveredBatch,
  decodeEntry,
  type Entry,
  gatherBatch,
  isSelected,
  PubSubError,
  type RecordBatch,
  readBatch,
  type StoredBatch,
  selectionOf,
} from "@opendxa/pubsub-protocol";
import { deliveryBytesMax } from "./limits.js";
import type { RecentEntries } from "./recent-entries.js";

/** Reads entries for delivery and reading, from memory where they are young. */
export class EntryReader {
  readonly #journal: Journal;
  readonly #recent: RecentEntries;

  constructor(journal: Journal, recent: RecentEntries) {
    this.#journal = journal;
    this.#recent = recent;
  }

  /** An entry by sequence. Throws DATA_CORRUPT when it is not readable. */
  async read(sequence: bigint): Promise<Entry | undefined> {
    const recent = this.#recent.entryOf(sequence);
    if (recent !== undefined) return recent;
    try {
      const stored = await this.#journal.readOne(sequence);
      return stored === undefined ? undefined : decodeEntry(stored.payload);
    } catch (cause) {
      throw PubSubError.of("DATA_CORRUPT", `entry ${sequence} cannot be read`, {
        metadata: { sequence },
        cause,
      });
    }
  }

  /** One batch of an entry. */
  async readBatch(sequence: bigint, firstIndex: number): Promise<StoredBatch | undefined> {
    const entry = await this.read(sequence);
    return entry?.batches.find((stored) => stored.firstIndex === firstIndex);
  }

  /** One batch of an entry that is among the youngest. */
  recentBatch(sequence: bigint, firstIndex: number): StoredBatch | undefined {
    const entry = this.#recent.entryOf(sequence);
    return entry?.batches.find((stored) => stored.firstIndex === firstIndex);
  }

  /** A batch of the log, with the offset and time that its release gave to a scheduled one. */
  async readListed(
    ref: Pick<BatchRef, "sequence" | "payload" | "baseOffset">,
  ): Promise<StoredBatch | undefined> {
    const { sequence, payload, baseOffset } = ref;
    const stored = await this.readBatch(payload.sequence, payload.firstIndex);
    if (payload.sequence === sequence || stored?.batch === undefined) return stored;
    const release = await this.read(sequence);
    if (release === undefined) return undefined;
    const batch = { ...stored.batch, baseOffset, appendTimeUnixMs: release.timeUnixMs };
    return { ...stored, batch };
  }
}

/** A part of a batch with the events that are selected in it. */
export interface BatchPart {
  /** The part, with the offsets that its events have in the log. */
  readonly batch: RecordBatch;
  /** Selected events, relative to the part; empty: all. */
  readonly selected: Uint8Array;
  /** Index of its first event in the whole batch. */
  readonly start: number;
}

/** Groups selected events so that each group is at most `deliveryBytesMax`, or one event. */
function groupsOf(batch: RecordBatch, selected: Uint8Array): number[][] {
  const heads = readBatch(batch, { verifyChecksums: false });
  const groups: number[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (let i = 0; i < batch.count; i++) {
    if (!isSelected(selected, i)) continue;
    const head = heads.headRange(i);
    const body = heads.bodyRange(i);
    const size = head.end - head.start + body.end - body.start + 8;
    if (bytes + size > deliveryBytesMax) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(i);
    bytes += size;
  }
  return groups;
}

/**
 * Cuts a batch into parts of at most `deliveryBytesMax`, or one event, and gathers the selected
 * events where they are less than half. Compressed bodies cannot be cut: they go as they are.
 */
export function partsOf(batch: RecordBatch, selected: Uint8Array): BatchPart[] {
  const isSmall = batchBytes(batch) <= deliveryBytesMax;
  const isMostly = selected.length === 0 || countBits(selected) * 2 >= batch.count;
  if (batch.codec !== Codec.UNSPECIFIED || (isSmall && isMostly)) {
    return [{ batch, selected, start: 0 }];
  }
  return groupsOf(batch, selected).map((group) => {
    const gathered = gatherBatch(batch, selectionOf(batch.count, group));
    if (gathered === undefined) throw new Error("an uncompressed batch can be gathered");
    return { batch: gathered.batch, selected: gathered.selected, start: gathered.firstIndex };
  });
}

/** The messages that carry a grant to its consumer. */
export function deliveredBatches(grant: Grant, batch: RecordBatch): DeliveredBatch[] {
  return partsOf(batch, grant.selected).map((part) => ({
    lease: grant.lease,
    sequence: grant.ref.sequence,
    firstIndex: grant.ref.firstIndex + part.start,
    batch: part.batch,
    selected: part.selected,
    attempt: grant.attempt,
    leaseEndUnixMs: BigInt(grant.leaseEndMs),
  }));
}
