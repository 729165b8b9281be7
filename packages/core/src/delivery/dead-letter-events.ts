import { Entry, StoredBatch } from "@opendxa/pubsub-protocol";
import { PartitionOffsets } from "../publishing/partition-offsets.js";
import { appendReads } from "../publishing/stored-batch.js";
import type { DecideContext, Decision, Operation } from "../state/operation.js";
import type { Loaded } from "../state/state-key.js";
import { DecidedTopics } from "../topics/decided-topics.js";
import { type Decompress, deadLetters } from "./dead-letter.js";
import type { DoomedEvents } from "./doomed-events.js";
import { deadLetterBytesMax } from "./limits.js";
import { takeSettledEntries } from "./settled-entries.js";
import type { SubscriptionDelivery } from "./subscription-delivery.js";

/** Doomed events of one batch. */
export interface DeadLetterCommand {
  /** The resident state that named them. */
  readonly delivery: SubscriptionDelivery;
  /** Name of the subscription. */
  readonly subscription: string;
  /** Topic of the letters; created with its defaults when it does not exist. */
  readonly topic: string;
  /** The events. */
  readonly doomed: DoomedEvents;
  /** Their batch as stored. */
  readonly stored: StoredBatch;
  /** How compressed bodies are read. */
  readonly decompress: Decompress;
}

/** What was stored. */
export interface DeadLetterReply {
  /** Letters; 0 when all events were settled meanwhile. */
  readonly letters: number;
}

function decide(
  loaded: Loaded,
  { delivery, subscription, topic, doomed, stored, decompress }: DeadLetterCommand,
  context: DecideContext,
): Decision<DeadLetterReply> {
  const { nowMs } = context;
  const facts = { subscription, topic, nowMs, bytesMax: deadLetterBytesMax, decompress };
  const letters = deadLetters(stored, delivery.stillDoomed(doomed), facts);
  if (letters === undefined)
    return { entries: takeSettledEntries(delivery), reply: { letters: 0 } };
  const topics = new DecidedTopics(loaded, nowMs);
  const { topicId } = topics.findOrCreate(topic);
  const { count } = letters.batch;
  const baseOffset = new PartitionOffsets(loaded).take(topicId, 0, count);
  const batch = { ...letters.batch, baseOffset, appendTimeUnixMs: BigInt(nowMs) };
  // From here on nothing throws: the delivery changes together with the entries.
  const before = takeSettledEntries(delivery);
  const kind = { $case: "eventsSettled", value: delivery.takeDeadLetters(letters.doomed) } as const;
  const batches = [StoredBatch.create({ topicId, deadLetters: true, batch })];
  return {
    entries: [...before, ...topics.entries, Entry.create({ kind, batches })],
    reply: { letters: count },
  };
}

/**
 * Stores the dead letters of doomed events and settles these in one entry. Throws LIMIT_REACHED when
 * the topic would be one too many, and what reading the batch throws; then nothing changed.
 */
export const deadLetterEvents: Operation<DeadLetterCommand, DeadLetterReply> = {
  name: "dead-letter-events",
  reads: ({ topic }, loaded) => appendReads([topic], loaded),
  decide,
};
