import { cancelRemoval, indexesIds, payloadRemoval, type StateWrite } from "@opendxa/pubsub-core";
import type { Journal } from "@opendxa/pubsub-journal";
import {
  decodeEntry,
  type Entry,
  type EventsExpired,
  type ScheduledCancelled,
} from "@opendxa/pubsub-protocol";
import type { TopicTable } from "./topic-table.js";

async function read(journal: Journal, sequence: bigint): Promise<Entry | undefined> {
  const stored = await journal.readOne(sequence);
  return stored === undefined ? undefined : decodeEntry(stored.payload);
}

/** What recovery reads. */
interface RemovalParts {
  readonly journal: Journal;
  readonly topics: TopicTable;
}

/** What an entry takes out of the index, as recovery derives it. */
export async function removalsOf({ kind }: Entry, parts: RemovalParts): Promise<StateWrite[]> {
  switch (kind?.$case) {
    case "eventsExpired":
      return await expiryRemovals(kind.value, parts);
    case "scheduledCancelled":
      return await cancelRemovals(kind.value, parts);
    default:
      return [];
  }
}

async function cancelRemovals(
  fact: ScheduledCancelled,
  { journal, topics }: RemovalParts,
): Promise<StateWrite[]> {
  const entry = await read(journal, fact.payloadSequence);
  return cancelRemoval(fact, entry, (id) => topics.indexOf(id));
}

/**
 * What an expiry takes out of the index,: told from the journalled fact and the heads of the
 * batches. Heads that the journal has let go were never indexed by this recovery, or
 * left the index before they left the journal.
 */
async function expiryRemovals(
  { topicId, partition, batches }: EventsExpired,
  { journal, topics }: RemovalParts,
): Promise<StateWrite[]> {
  const hasEvents = indexesIds(topics.indexOf(topicId));
  const writes: StateWrite[] = [];
  for (const batch of batches) {
    const entry = hasEvents ? await read(journal, batch.sequence) : undefined;
    const leaving = { topicId, partition, ...batch };
    writes.push(...payloadRemoval(leaving, entry, (id) => topics.indexOf(id)));
  }
  return writes;
}
