import type { ExternalEvent } from "@opendxa/pubsub-core";
import type { JournalKind } from "@opendxa/pubsub-journal";
import type {
  AckAndPublishRequest,
  AckAndPublishResponse,
  AwaitFeedbackRequest,
  AwaitFeedbackResponse,
  BatchResult,
  CancelScheduledEventRequest,
  CreateSnapshotRequest,
  Credit,
  Delivery,
  Event,
  Execution,
  FeedbackMatch,
  GetAccountingResponse,
  ListBlockedKeysRequest,
  ListBlockedKeysResponse,
  ListCorrelatedEventsRequest,
  ListCorrelatedEventsResponse,
  ListSnapshotsRequest,
  ListSnapshotsResponse,
  ListSubscriptionsRequest,
  ListSubscriptionsResponse,
  ListTopicsRequest,
  ListTopicsResponse,
  Notice,
  PauseSubscriptionRequest,
  PublishFrame,
  ReadBatch,
  RegisterExecutionResponse,
  ReleaseKeyRequest,
  SeekSubscriptionRequest,
  Settlement,
  SettlementException,
  SkipEventsRequest,
  Snapshot,
  SubmitFeedbackRequest,
  SubmitFeedbackResponse,
  SubscribeOpen,
  Subscription,
  SubscriptionSettings,
  Topic,
  TopicSettings,
  UpdateSubscriptionRequest,
  UpdateTopicRequest,
  Verdicts,
  Wait,
} from "@opendxa/pubsub-protocol";

export type { ExternalEvent, ExternalFeedback } from "@opendxa/pubsub-core";

/**
 * One namespace: its journal and every projection of it. All methods throw or reject with
 * `PubSubError`; a promise resolves only when what it answers is durable.
 */
export interface Engine {
  /** What was found at start and where it runs. */
  readonly info: EngineInfo;
  /** Grants the next epoch to a producer and fences the older ones. `producerId` is 16 bytes. */
  openProducer(producerId: Uint8Array): Promise<number>;
  /** Stores a frame. Results in the order of the batches; retriable faults reject the whole. */
  publish(frame: PublishFrame): Promise<BatchResult[]>;
  /**
   * Settles leased events and stores a frame in one entry, or does neither: `stale` when a lease is,
   * results with refusals when something of the frame is refused.
   */
  ackAndPublish(request: AckAndPublishRequest): Promise<AckAndPublishResponse>;
  /** Cancels a scheduled event. Answers false when it was released before. */
  cancelScheduledEvent(request: CancelScheduledEventRequest): Promise<boolean>;
  /** Bytes that one publishing stream may have unacknowledged now; shrinks under overload. */
  publishCredit(): number;

  /** Creates a topic; `settings` absent: defaults. */
  createTopic(name: string, settings: TopicSettings | undefined): Promise<Created<Topic>>;
  /** Changes settings of a topic, named as in the contract. */
  updateTopic(request: UpdateTopicRequest): Promise<Topic>;
  /** Deletes a topic; its events leave in the background. */
  deleteTopic(name: string): Promise<void>;
  /** A topic with the bounds of its partitions. */
  getTopic(name: string): Promise<Topic>;
  /** A page of topics. */
  listTopics(request: ListTopicsRequest): Promise<ListTopicsResponse>;

  /** Creates a subscription. */
  createSubscription(name: string, settings: SubscriptionSettings): Promise<Created<Subscription>>;
  /** A subscription as it stands. */
  getSubscription(name: string): Promise<Subscription>;
  /** A page of subscriptions. */
  listSubscriptions(request: ListSubscriptionsRequest): Promise<ListSubscriptionsResponse>;
  /** Changes settings of a subscription, named as in the contract; open leases keep their deadline. */
  updateSubscription(request: UpdateSubscriptionRequest): Promise<Subscription>;
  /** Stops dispatch until it is resumed, also over restarts. */
  pauseSubscription(request: PauseSubscriptionRequest): Promise<Subscription>;
  /** Ends a pause. */
  resumeSubscription(name: string): Promise<Subscription>;
  /** Moves a subscription and ends its consumers: they join again in the new epoch. */
  seekSubscription(request: SeekSubscriptionRequest): Promise<Subscription>;
  /** Remembers which events of a subscription are settled. */
  createSnapshot(request: CreateSnapshotRequest): Promise<Snapshot>;
  /** A page of snapshots. */
  listSnapshots(request: ListSnapshotsRequest): Promise<ListSnapshotsResponse>;
  /** Forgets a snapshot. */
  deleteSnapshot(name: string): Promise<void>;
  /** Where every event of a subscription's epoch is, exact at the answered sequence. */
  getAccounting(subscription: string): Promise<GetAccountingResponse>;
  /** A page of the ordering keys that stand still because of their first event. */
  listBlockedKeys(request: ListBlockedKeysRequest): Promise<ListBlockedKeysResponse>;
  /** Settles events as skipped, leased ones too, and answers the number of those that were not settled. */
  skipEvents(request: SkipEventsRequest): Promise<number>;
  /** Lets a blocked key be tried again now. */
  releaseKey(request: ReleaseKeyRequest): Promise<void>;
  /** Deletes a subscription and ends its consumers. */
  deleteSubscription(name: string): Promise<void>;
  /**
   * Joins a consumer to a subscription, creating it when `open.settings` say so; without a name, to
   * one that ends with the consumer.
   */
  subscribe(open: SubscribeOpen, sink: ConsumerSink): Promise<Consumer>;
  /** Settles by the tokens of deliveries; answers what was not carried out. */
  settle(subscription: string, settlement: Settlement): Promise<SettlementException[]>;

  /** Batches of one topic-partition from an offset on. Groups of at most 256 KiB or one event. */
  readEvents(read: ReadRange, signal: AbortSignal): AsyncIterable<ReadBatch[]>;
  /** A page of the events that carry a correlation id. */
  listCorrelatedEvents(request: ListCorrelatedEventsRequest): Promise<ListCorrelatedEventsResponse>;

  /** Registers an execution. */
  registerExecution(execution: Execution): Promise<RegisterExecutionResponse>;
  /** An execution as it stands. */
  getExecution(executionId: string): Promise<Execution>;
  /** Takes feedback from a caller. */
  submitFeedback(request: SubmitFeedbackRequest): Promise<SubmitFeedbackResponse>;
  /** Takes what a webhook brought: raw event, mapped feedback, match and memory in one entry. */
  receiveExternal(external: ExternalEvent): Promise<ExternalOutcome>;
  /** Values of connector memory; absent keys have no value. At most 64 keys. */
  readMemory(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Yields the stored wait at once and its outcome at the end. */
  awaitFeedback(
    request: AwaitFeedbackRequest,
    signal: AbortSignal,
  ): AsyncIterable<AwaitFeedbackResponse>;
  /** A wait as it stands. */
  getWait(waitId: string): Promise<Wait>;

  /** Resolves with the cause when the journal failed and nothing is accepted any more. */
  readonly failed: Promise<Error>;
  /** Figures for metrics and lists. */
  stats(): EngineStats;
  /** Finishes what was accepted, writes a checkpoint and closes; consumers end SHUTTING_DOWN. */
  close(): Promise<void>;
}

/** What was created, or existed with equal settings. */
export interface Created<T> {
  /** The thing. */
  readonly value: T;
  /** It existed before. */
  readonly existed: boolean;
}

/** Facts of one start. */
export interface EngineInfo {
  /** One more with every start on this folder. */
  readonly startNumber: number;
  /** Milliseconds since the Unix epoch. */
  readonly startTimeMs: number;
  /** Engine of the index. */
  readonly indexEngine: "rocksdb" | "leveldb" | "memory";
  /** Implementation of the journal. */
  readonly journal: JournalKind;
  /** Newest durable sequence found at start. */
  readonly recoveredSequence: bigint;
  /** Entries applied again at start. */
  readonly replayedEntries: number;
  /** Bytes of a torn tail that were cut. */
  readonly tornBytes: number;
  /** The index had to be rebuilt, and why. */
  readonly rebuilt: string | undefined;
}

/** Figures of a running engine. */
export interface EngineStats {
  /** Newest durable sequence. */
  readonly durableSequence: bigint;
  /** Newest sequence whose state the index holds. */
  readonly indexedSequence: bigint;
  /** How long the oldest durable entry that the index lacks has been waiting, in milliseconds. */
  readonly indexBehindMs: number;
  /** Bytes of the journal. */
  readonly journalBytes: number;
  /** Topics. */
  readonly topics: number;
  /** Subscriptions. */
  readonly subscriptions: number;
  /** Consumers joined now. */
  readonly consumers: number;
  /** Batches that left by retention, or with their topic, since the start. */
  readonly batchesExpired: number;
  /** The clock jumped and is not believed yet: nothing leaves for its age. */
  readonly isTimePaused: boolean;
}

/** Where a consumer's messages go. Calls come from the engine's loop and must not throw. */
export interface ConsumerSink {
  /**
   * Takes a delivery. Answers false when the transport is full; the engine then holds back until
   * `Consumer.resume`. What was taken counts against the credit.
   */
  deliver(delivery: Delivery): boolean;
  /** Takes verdicts, in the order of the settlements. */
  verdicts(verdicts: Verdicts): void;
  /** Takes the reason for a standstill. */
  notice(notice: Notice): void;
  /** The subscription ended this consumer: deleted, sought, shutting down. */
  end(error: Error): void;
}

/** A joined consumer. */
export interface Consumer {
  /** Unique while the engine runs. */
  readonly id: bigint;
  /** The subscription at the time of joining. */
  readonly subscription: Subscription;
  /** Adds credit. */
  credit(credit: Credit): void;
  /** Settles; the verdicts go to the sink when they are durable. */
  settle(settlement: Settlement): void;
  /** The transport has room again. */
  resume(): void;
  /** Leaves; leases end and count as attempts. */
  close(): void;
  /** Leaves; leases run on until they are settled by their tokens or their deadline passes. */
  detach(): void;
}

/** What to read. */
export interface ReadRange {
  /** Topic. */
  readonly topic: string;
  /** Partition. */
  readonly partition: number;
  /** First offset. */
  readonly offset: bigint;
  /** Events at most; 0: no bound. */
  readonly eventsMax: bigint;
  /** Go on with new events. */
  readonly follow: boolean;
}

/** What became of an external event, durably. */
export interface ExternalOutcome {
  /** The provider had delivered it before. */
  readonly duplicate: boolean;
  /** Offset of the raw event (of the original when it is a duplicate). */
  readonly offset: bigint;
  /** Executions that the feedback was matched to. */
  readonly matches: readonly FeedbackMatch[];
  /** The feedback matched nothing and waits. */
  readonly pending: boolean;
}

/** A stored event with its position, as the reading methods make it. */
export interface StoredEvent {
  /** The event. */
  readonly event: Event;
  /** Sequence of its entry. */
  readonly sequence: bigint;
  /** Index within the entry. */
  readonly index: number;
}
