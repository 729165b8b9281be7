import { type Entry, encodeBatch, type OutgoingEvent, StoredBatch } from "@opendxa/pubsub-protocol";
import type { DecideContext } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { DecidedTopics } from "../topics/decided-topics.js";
import { PartitionOffsets } from "./partition-offsets.js";

/** Events that the broker itself stores in one topic, on partition 0. */
export interface TopicAppend {
  /** Topic; created with its defaults when it does not exist. */
  readonly topic: string;
  /** Events, at least one. */
  readonly events: readonly OutgoingEvent[];
}

/** Where an event of an append lies. */
export interface AppendPosition {
  /** Number of the topic. */
  readonly topicId: number;
  /** Offset in partition 0. */
  readonly offset: bigint;
  /** Sequence of the entry. */
  readonly sequence: bigint;
  /** Index within the entry. */
  readonly index: number;
}

/** What one entry appends. */
export interface AppendPlan {
  /** Topics that come into being; these entries go before the entry that holds the batches. */
  readonly created: readonly Entry[];
  /** Batches for `Entry.batches`. */
  readonly batches: StoredBatch[];
  /** Per append, per event. */
  readonly positions: readonly (readonly AppendPosition[])[];
}

/** Keys needed by `planAppends` for these topics. */
export function appendReads(topics: readonly string[], loaded: Loaded): readonly AnyStateKey[] {
  const names = topics.map((topic) => stateKeys.topic(topic));
  const first = missingKeys(loaded, [stateKeys.namespace(), ...names]);
  if (first.length > 0) return first;
  const partitions: AnyStateKey[] = [];
  for (const name of names) {
    const state = loaded.get(name);
    if (state !== undefined) partitions.push(stateKeys.partition(state.topicId, 0));
  }
  return missingKeys(loaded, partitions);
}

/**
 * Builds the batches that one entry stores besides its own fact. The entry's sequence is
 * `context.nextSequence` + the number of `created` entries.
 */
export function planAppends(
  loaded: Loaded,
  appends: readonly TopicAppend[],
  context: DecideContext,
): AppendPlan {
  const topics = new DecidedTopics(loaded, context.nowMs);
  const topicIds = appends.map(({ topic }) => topics.findOrCreate(topic).topicId);
  const sequence = context.nextSequence + BigInt(topics.entries.length);
  const offsets = new PartitionOffsets(loaded);
  const batches: StoredBatch[] = [];
  const positions: AppendPosition[][] = [];
  let firstIndex = 0;
  for (const [i, { topic, events }] of appends.entries()) {
    const topicId = topicIds[i] as number;
    const baseOffset = offsets.take(topicId, 0, events.length);
    const batch = {
      ...encodeBatch({ topic, partition: 0, events }),
      baseOffset,
      appendTimeUnixMs: BigInt(context.nowMs),
    };
    batches.push(StoredBatch.create({ topicId, firstIndex, batch }));
    const start = firstIndex;
    positions.push(
      events.map((_, at) => ({
        topicId,
        offset: baseOffset + BigInt(at),
        sequence,
        index: start + at,
      })),
    );
    firstIndex += events.length;
  }
  return { created: topics.entries, batches, positions };
}
