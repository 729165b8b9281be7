import { indexesIds, payloadRemoval, type StateWrite } from "@opendxa/pubsub-core";
import type { Journal } from "@opendxa/pubsub-journal";
import { decodeEntry, type Entry, type EventsExpired } from "@opendxa/pubsub-protocol";
import type { TopicTable } from "./topic-table.js";

async function read(journal: Journal, sequence: bigint): Promise<Entry | undefined> {
  const stored = await journal.readOne(sequence);
  return stored === undefined ? undefined : decodeEntry(stored.payload);
}

/**
 * What an expiry takes out of the index, as recovery derives it: from the journalled fact and the
 * heads of the batches. Heads that the journal has let go were never indexed by this recovery, or
 * left the index before they left the journal.
 */
export async function removalsOf(
  { topicId, partition, batches }: EventsExpired,
  { journal, topics }: { readonly journal: Journal; readonly topics: TopicTable },
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
