import { Entry } from "@opendxa/pubsub-protocol";
import type { Decision, Operation } from "../state/operation.js";
import { type AnyStateKey, type Loaded, missingKeys } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { knownTopic } from "./known-topic.js";

/** Which topic to delete. */
export interface DeleteTopicCommand {
  /** Name. */
  readonly name: string;
}

/** Which deleted topic to forget. */
export interface PurgeTopicCommand {
  /** Number. */
  readonly topicId: number;
}

function deleteReads({ name }: DeleteTopicCommand, loaded: Loaded): readonly AnyStateKey[] {
  return missingKeys(loaded, [stateKeys.topic(name)]);
}

function decideDelete(loaded: Loaded, { name }: DeleteTopicCommand): Decision<void> {
  const { topicId } = knownTopic(loaded, name);
  const kind = { $case: "topicDeleted", value: { topicId, name } } as const;
  return { entries: [Entry.create({ kind })], reply: undefined };
}

/**
 * Deletes a topic: its name is free, nothing more is stored in it, and its events leave by
 * `expireEvents`; `purgeTopic` ends that. Throws TOPIC_NOT_FOUND.
 */
export const deleteTopic: Operation<DeleteTopicCommand, void> = {
  name: "delete-topic",
  reads: deleteReads,
  decide: decideDelete,
};

function purgeReads({ topicId }: PurgeTopicCommand, loaded: Loaded): readonly AnyStateKey[] {
  return missingKeys(loaded, [stateKeys.deletedTopic(topicId)]);
}

function decidePurge(loaded: Loaded, { topicId }: PurgeTopicCommand): Decision<void> {
  const topic = loaded.get(stateKeys.deletedTopic(topicId))?.topic;
  if (topic === undefined) return { entries: [], reply: undefined };
  const partitions = topic.settings?.partitions ?? 1;
  const kind = { $case: "topicPurged", value: { topicId, partitions } } as const;
  return { entries: [Entry.create({ kind })], reply: undefined };
}

/** Forgets a deleted topic, once all of its events have expired. */
export const purgeTopic: Operation<PurgeTopicCommand, void> = {
  name: "purge-topic",
  reads: purgeReads,
  decide: decidePurge,
};
