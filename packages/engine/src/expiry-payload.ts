import {
  type BatchRef,
  type ExpiryCandidate,
  expiredBatchOf,
  expiryCorrelationIdsMax,
  indexesIds,
  payloadRemoval,
  type StateWrite,
} from "@opendxa/pubsub-core";
import { type Entry, hasBit, readBatch } from "@opendxa/pubsub-protocol";
import type { EntryReader } from "./delivery-builder.js";
import { entryGone } from "./entry-gone.js";
import type { PlannedExpiry } from "./expiry-planner.js";
import { expiryRemovalsMax } from "./limits.js";
import type { TopicTable } from "./topic-table.js";

/** Batches as the decision needs them, and what leaves the index with each. */
export interface ExpiryPayload {
  /** As many of the planned batches as fit one expiry, at least one. */
  readonly candidates: readonly ExpiryCandidate[];
  /** Per candidate. */
  readonly removals: readonly (readonly StateWrite[])[];
}

const noIds: ReadonlySet<string> = new Set();

function correlationIdsOf(entry: Entry | undefined, ref: BatchRef): ReadonlySet<string> {
  const { firstIndex } = ref.payload;
  const stored = entry?.batches.find((each) => each.firstIndex === firstIndex);
  if (stored?.batch === undefined) return noIds;
  const heads = readBatch(stored.batch, { verifyChecksums: false });
  const ids = new Set<string>();
  for (let i = 0; i < stored.batch.count; i++) {
    const id = hasBit(ref.excluded, i) ? undefined : heads.correlationId(i);
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

/** Entries one after another, each read once however many batches of it are wanted. */
class HeadReader {
  readonly #reader: EntryReader;
  #sequence = 0n;
  #entry: Entry | undefined;

  constructor(reader: EntryReader) {
    this.#reader = reader;
  }

  /** Throws DATA_CORRUPT. */
  async read(sequence: bigint): Promise<Entry> {
    if (this.#sequence !== sequence) {
      this.#entry = await this.#reader.read(sequence);
      this.#sequence = sequence;
    }
    if (this.#entry !== undefined) return this.#entry;
    throw entryGone(sequence);
  }
}

/**
 * Reads the heads of planned batches where that is needed: the topic indexes single events, or
 * executions may hold them. Throws DATA_CORRUPT.
 */
export async function payloadOf(
  plan: PlannedExpiry,
  parts: {
    readonly reader: EntryReader;
    readonly topics: TopicTable;
    readonly canBeHeld: boolean;
    readonly batchesMax: number;
  },
): Promise<ExpiryPayload> {
  const { topics, canBeHeld } = parts;
  const heads = new HeadReader(parts.reader);
  const candidates: ExpiryCandidate[] = [];
  const removals: StateWrite[][] = [];
  let ids = 0;
  let writes = 0;
  for (const ref of plan.refs.slice(0, parts.batchesMax)) {
    const isNeeded = canBeHeld || indexesIds(topics.indexOf(ref.topicId));
    const entry = isNeeded ? await heads.read(ref.payload.sequence) : undefined;
    const correlationIds = canBeHeld ? correlationIdsOf(entry, ref) : noIds;
    const leaving = { ...expiredBatchOf(ref), topicId: ref.topicId, partition: ref.partition };
    const removal = payloadRemoval(leaving, entry, (id) => topics.indexOf(id));
    ids += correlationIds.size;
    writes += removal.length;
    const isFull = ids > expiryCorrelationIdsMax || writes > expiryRemovalsMax;
    if (isFull && candidates.length > 0) break;
    candidates.push({ ref, correlationIds });
    removals.push(removal);
  }
  return { candidates, removals };
}
