import {
  AwaitedExecution,
  BatchRef,
  CorrelationKeyState,
  CursorException,
  CursorState,
  DedupGroup,
  DedupState,
  DedupTotals,
  ExecutionRecord,
  NamespaceState,
  PartitionState,
  PayloadRef,
  PendingState,
  Priority,
  ProducerState,
  ProducerWindow,
  ReceivedState,
  ScheduledEventRef,
  ScheduledState,
  SequenceRef_Batch,
  SnapshotState,
  SubscriptionState,
  TimerState,
  TopicState,
  WaitState,
} from "@opendxa/pubsub-protocol";
import { type Lane, laneDigit } from "../delivery/lane.js";
import { hex32, hex64, keySegment } from "./key-text.js";
import type { StateCodec, StateKey } from "./state-key.js";

/** What names an event for its publisher. */
export interface EventIdentity {
  /** Source. */
  readonly source: string;
  /** Id. */
  readonly id: string;
}

/** Where an event lies in the journal. */
export interface EventPosition {
  /** Sequence of its entry. */
  readonly sequence: bigint;
  /** Index within the entry. */
  readonly index: number;
}

/** A value that is nothing but there. */
export interface Present {
  /** Always true. */
  readonly present: true;
}

const presence: Present = { present: true };
const empty = new Uint8Array(0);
const presentCodec: StateCodec<Present> = {
  encode: () => ({ finish: () => empty }),
  decode: () => presence,
};
const bytesCodec: StateCodec<Uint8Array> = {
  encode: (value) => ({ finish: () => value }),
  decode: (bytes) => bytes,
};

function key<T>(name: string, codec: StateCodec<T>): StateKey<T> {
  return { name, codec };
}

/** The value of a key that is only present. */
export const present = presence;

/**
 * Every kind of state there is. The names' first segment is short because it is stored with every
 * key; `payloadIndexPrefixes` lists those that are rebuilt from retained payload and therefore are
 * not part of a checkpoint.
 */
export const stateKeys = {
  /** Counters of the namespace and its clock. */
  namespace: (): StateKey<NamespaceState> => key("ns", NamespaceState),
  /** A topic by name. */
  topic: (name: string): StateKey<TopicState> => key(`topic/${keySegment(name)}`, TopicState),
  /** A topic that was deleted while its events have not all left. */
  deletedTopic: (topicId: number): StateKey<TopicState> =>
    key(`gone/${hex32(topicId)}`, TopicState),
  /** Bounds of one partition. */
  partition: (topicId: number, partition: number): StateKey<PartitionState> =>
    key(`part/${hex32(topicId)}/${hex32(partition)}`, PartitionState),
  /** Where a batch lies, by topic-partition and base offset. */
  batch: (topicId: number, partition: number, baseOffset: bigint): StateKey<BatchRef> =>
    key(`b/${hex32(topicId)}/${hex32(partition)}/${hex64(baseOffset)}`, BatchRef),
  /** A batch by the sequence of its entry and the index of its event 0 within it. */
  sequence: (sequence: bigint, firstIndex: number): StateKey<SequenceRef_Batch> =>
    key(`s/${hex64(sequence)}/${hex32(firstIndex)}`, SequenceRef_Batch),
  /** Batches of the lanes HIGH and LOW, beside those of all lanes. */
  lane: (lane: Lane, sequence: bigint, firstIndex: number): StateKey<Present> =>
    key(`l/${laneDigit(lane)}/${hex64(sequence)}/${hex32(firstIndex)}`, presentCodec),
  /** What became of a scheduled batch, by the position of its payload. */
  payload: (sequence: bigint, firstIndex: number): StateKey<PayloadRef> =>
    key(`p/${hex64(sequence)}/${hex32(firstIndex)}`, PayloadRef),
  /** Events of a source and id in the order of storing: an id may be there more than once. */
  eventId: (topicId: number, event: EventIdentity, position: EventPosition): StateKey<Present> =>
    key(
      `i/${hex32(topicId)}/${keySegment(event.id)}/${keySegment(event.source)}/${hex64(position.sequence)}/${hex32(position.index)}`,
      presentCodec,
    ),
  /** Events of a correlation id in the order of storing. */
  correlated: (correlationId: string, sequence: bigint, index: number): StateKey<Present> =>
    key(`c/${keySegment(correlationId)}/${hex64(sequence)}/${hex32(index)}`, presentCodec),
  /** A producer by its 16 bytes in hexadecimal. */
  producer: (producer: string): StateKey<ProducerState> => key(`prod/${producer}`, ProducerState),
  /** The last batches of a producer in a topic-partition; those of a topic stand together. */
  producerWindow: (
    producer: string,
    topicId: number,
    partition: number,
  ): StateKey<ProducerWindow> =>
    key(`pwin/${hex32(topicId)}/${hex32(partition)}/${producer}`, ProducerWindow),
  /** A remembered event id of a topic that deduplicates. */
  dedup: (topicId: number, source: string, id: string): StateKey<DedupState> =>
    key(`dd/${hex32(topicId)}/${keySegment(id)}/${keySegment(source)}`, DedupState),
  /** Remembered ids of one entry, by their age. */
  dedupGroup: (topicId: number, group: bigint): StateKey<DedupGroup> =>
    key(`ddg/${hex32(topicId)}/${hex64(group)}`, DedupGroup),
  /** What a topic that deduplicates remembers in all. */
  dedupTotals: (topicId: number): StateKey<DedupTotals> =>
    key(`ddt/${hex32(topicId)}`, DedupTotals),
  /** A scheduled batch that waits, by the position of its payload. */
  scheduled: (sequence: bigint, firstIndex: number): StateKey<ScheduledState> =>
    key(`sch/${hex64(sequence)}/${hex32(firstIndex)}`, ScheduledState),
  /** Where a scheduled event waits. */
  scheduledEvent: (topicId: number, event: EventIdentity): StateKey<ScheduledEventRef> =>
    key(
      `schi/${hex32(topicId)}/${keySegment(event.id)}/${keySegment(event.source)}`,
      ScheduledEventRef,
    ),
  /** A subscription by name. */
  subscription: (name: string): StateKey<SubscriptionState> =>
    key(`sub/${keySegment(name)}`, SubscriptionState),
  /** A remembered position of a subscription, by its own name. */
  snapshot: (name: string): StateKey<SnapshotState> => ({
    ...key(`snap/${keySegment(name)}`, SnapshotState),
    isLarge: true,
  }),
  /** Where a subscription stands in a lane. */
  cursor: (subscriptionId: number, lane: Lane = Priority.NORMAL): StateKey<CursorState> =>
    key(`cur/${hex32(subscriptionId)}/${laneDigit(lane)}`, CursorState),
  /** Exceptions of a subscription in one entry and lane. */
  cursorException: (
    subscriptionId: number,
    sequence: bigint,
    lane: Lane = Priority.NORMAL,
  ): StateKey<CursorException> =>
    key(`exc/${hex32(subscriptionId)}/${laneDigit(lane)}/${hex64(sequence)}`, CursorException),
  /** An execution. */
  execution: (executionId: string): StateKey<ExecutionRecord> =>
    key(`x/${keySegment(executionId)}`, ExecutionRecord),
  /** Waits for an execution that is not registered yet. */
  awaitedExecution: (executionId: string): StateKey<AwaitedExecution> =>
    key(`xw/${keySegment(executionId)}`, AwaitedExecution),
  /** Owners of a correlation key. */
  correlationKey: (correlationKey: string): StateKey<CorrelationKeyState> =>
    key(`k/${keySegment(correlationKey)}`, CorrelationKeyState),
  /** Pending feedback or an orphan. */
  pending: (feedbackKey: string): StateKey<PendingState> =>
    key(`pf/${keySegment(feedbackKey)}`, PendingState),
  /** Feedback that was received before. */
  received: (feedbackKey: string): StateKey<ReceivedState> =>
    key(`rf/${keySegment(feedbackKey)}`, ReceivedState),
  /** A wait. */
  wait: (waitId: string): StateKey<WaitState> => key(`w/${keySegment(waitId)}`, WaitState),
  /** A timer, ordered by its time. `kind` and `id` make it unique. */
  timer: (dueMs: number, kind: TimerKind, id: string): StateKey<TimerState> =>
    key(`t/${hex64(BigInt(dueMs))}/${kind}/${keySegment(id)}`, TimerState),
  /** A connector's memory. */
  memory: (memoryKey: string): StateKey<Uint8Array> =>
    key(`m/${keySegment(memoryKey)}`, bytesCodec),
};

/**
 * What a timer fires: the end of a wait, of an execution, of pending feedback's time, of a memory, of
 * a subscription without consumers; the release of a scheduled batch.
 */
export type TimerKind = "w" | "x" | "p" | "r" | "e" | "s";

/** First segments of keys that are rebuilt from retained payload instead of being checkpointed. */
export const payloadIndexPrefixes: readonly string[] = ["b/", "s/", "l/", "p/", "i/", "c/"];
