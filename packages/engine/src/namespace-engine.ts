import { createTopic, deleteTopic, publish, stateKeys, updateTopic } from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import type { Journal } from "@opendxa/pubsub-journal";
import {
  type AckAndPublishRequest,
  type AckAndPublishResponse,
  type AwaitFeedbackRequest,
  type AwaitFeedbackResponse,
  type BatchResult,
  type CancelScheduledEventRequest,
  type CreateSnapshotRequest,
  type Execution,
  type GetAccountingResponse,
  type ListBlockedKeysRequest,
  type ListBlockedKeysResponse,
  type ListCorrelatedEventsRequest,
  type ListCorrelatedEventsResponse,
  type ListSnapshotsRequest,
  type ListSnapshotsResponse,
  type ListSubscriptionsRequest,
  type ListSubscriptionsResponse,
  type ListTopicsRequest,
  type ListTopicsResponse,
  type PauseSubscriptionRequest,
  PublishFrame,
  PubSubError,
  type ReadBatch,
  type RegisterExecutionResponse,
  type ReleaseKeyRequest,
  type SeekSubscriptionRequest,
  type Settlement,
  type SettlementException,
  type SkipEventsRequest,
  type Snapshot,
  type SubmitFeedbackRequest,
  type SubmitFeedbackResponse,
  type SubscribeOpen,
  type Subscription,
  type SubscriptionSettings,
  type Topic,
  TopicPattern,
  type TopicSettings,
  type UpdateSubscriptionRequest,
  type UpdateTopicRequest,
  type Wait,
} from "@opendxa/pubsub-protocol";
import type { Checkpointer } from "./checkpointer.js";
import type { CommandLoop } from "./command-loop.js";
import type { DurableReader } from "./durable-reader.js";
import type {
  Consumer,
  ConsumerSink,
  Created,
  Engine,
  EngineInfo,
  EngineStats,
  ExternalEvent,
  ExternalOutcome,
  ReadRange,
} from "./engine-api.js";
import type { DiskWatch } from "./environment.js";
import type { EventLog } from "./event-log.js";
import type { FeedbackHost } from "./feedback-host.js";
import type { IndexWriter } from "./index-writer.js";
import {
  memoryKeysMax,
  nearlyFullRetryMs,
  publishCreditBytesMax,
  publishCreditBytesMin,
  unsyncedBytesMax,
} from "./limits.js";
import { pageSizeOf } from "./page.js";
import type { ProducersHost } from "./producers-host.js";
import { publishCommandOf } from "./publish-command.js";
import type { RetentionHost } from "./retention-host.js";
import type { ScheduledHost } from "./scheduled-host.js";
import type { SubscriptionAccounting } from "./subscription-accounting.js";
import type { SubscriptionChanges } from "./subscription-changes.js";
import type { SubscriptionDesk } from "./subscription-desk.js";
import type { SubscriptionHost } from "./subscription-host.js";
import type { TimerScan } from "./timer-scan.js";
import type { TopicTable } from "./topic-table.js";

/** What a running engine is made of. */
export interface NamespaceEngineParts {
  /** The truth. */
  readonly journal: Journal;
  /** Its projection. */
  readonly index: IndexStore;
  /** Brings changes into the index. */
  readonly writer: IndexWriter;
  /** Decides. */
  readonly loop: CommandLoop;
  /** State that is durable. */
  readonly state: DurableReader;
  /** Topics. */
  readonly topics: TopicTable;
  /** Writes checkpoints. */
  readonly checkpointer: Checkpointer;
  /** Subscriptions. */
  readonly subscriptions: SubscriptionHost;
  /** What changes them. */
  readonly changes: SubscriptionChanges;
  /** What settles their events beside their consumers. */
  readonly desk: SubscriptionDesk;
  /** Where their events are. */
  readonly accounting: SubscriptionAccounting;
  /** Stored events. */
  readonly events: EventLog;
  /** Executions and waits. */
  readonly feedback: FeedbackHost;
  /** Batches that wait for their deliver time. */
  readonly scheduled: ScheduledHost;
  /** Idempotent producers. */
  readonly producers: ProducersHost;
  /** Fires durable timers. */
  readonly due: TimerScan;
  /** Drops what retention leaves. */
  readonly retention: RetentionHost;
  /** Longest retention that a topic may ask for, in milliseconds. */
  readonly retentionMsMax: number;
  /** Watches the disk; absent: it is never full. */
  readonly diskWatch: DiskWatch | undefined;
}

function nearlyFull(reserveBytes: number): PubSubError {
  const text = `less than ${reserveBytes} bytes are free on the broker's disk`;
  return PubSubError.of("STORAGE_NEARLY_FULL", text, {
    metadata: { reserve_bytes: reserveBytes },
    retryAfterMs: nearlyFullRetryMs,
  });
}

/** The engine of one namespace. */
export class NamespaceEngine implements Engine {
  readonly info: EngineInfo;
  readonly failed: Promise<Error>;
  readonly #parts: NamespaceEngineParts;
  #reportFailure: (cause: Error) => void = () => undefined;

  constructor(parts: NamespaceEngineParts, info: EngineInfo) {
    this.#parts = parts;
    this.info = info;
    this.failed = new Promise((resolve) => {
      this.#reportFailure = resolve;
    });
  }

  /** Journal or index failed: nothing more is accepted. */
  fail(cause: Error): void {
    this.#reportFailure(cause);
    this.#parts.loop.stop(cause);
  }

  openProducer(producerId: Uint8Array): Promise<number> {
    return this.#parts.producers.open(producerId);
  }

  cancelScheduledEvent(request: CancelScheduledEventRequest): Promise<boolean> {
    return this.#parts.scheduled.cancel(request);
  }

  /**
   * Runs what stores something new, unless the disk is below its reserve. What only settles,
   * deletes or expires is never refused: it is how space comes back.
   */
  async #store<T>(run: () => Promise<T>): Promise<T> {
    const { diskWatch } = this.#parts;
    if (diskWatch?.isLow === true) throw nearlyFull(diskWatch.reserveBytes);
    return await run();
  }

  publish(frame: PublishFrame): Promise<BatchResult[]> {
    const { command, bytes } = this.#received(frame);
    return this.#store(() => this.#parts.loop.run(publish, command, bytes));
  }

  async ackAndPublish(request: AckAndPublishRequest): Promise<AckAndPublishResponse> {
    const { subscription, acks, frame = PublishFrame.create() } = request;
    const { command, bytes } = this.#received(frame);
    const asked = { subscription, acks, publish: command, bytes };
    const { refusal, ...reply } = await this.#store(() => this.#parts.desk.ackAndPublish(asked));
    if (refusal !== undefined) throw refusal;
    return reply;
  }

  #received(frame: PublishFrame): ReturnType<typeof publishCommandOf> {
    const received = publishCommandOf(frame);
    this.#parts.diskWatch?.noteWritten(received.bytes);
    return received;
  }

  publishCredit(): number {
    const free = 1 - this.#parts.loop.unsyncedBytes / unsyncedBytesMax;
    return Math.max(publishCreditBytesMin, Math.floor(publishCreditBytesMax * free));
  }

  async createTopic(name: string, settings: TopicSettings | undefined): Promise<Created<Topic>> {
    const { loop, retentionMsMax } = this.#parts;
    const command = { name, settings, retentionMsMax };
    const { topic, existed } = await this.#store(() => loop.run(createTopic, command));
    return { value: topic, existed };
  }

  updateTopic({ name, settings, fields }: UpdateTopicRequest): Promise<Topic> {
    const { loop, retentionMsMax } = this.#parts;
    return loop.run(updateTopic, { name, settings, fields, retentionMsMax });
  }

  deleteTopic(name: string): Promise<void> {
    return this.#parts.loop.run(deleteTopic, { name });
  }

  async getTopic(name: string): Promise<Topic> {
    const state = this.#parts.topics.byName(name);
    if (state?.topic === undefined) {
      throw PubSubError.of("TOPIC_NOT_FOUND", `topic ${name} does not exist`, {
        metadata: { topic: name },
      });
    }
    const count = state.topic.settings?.partitions ?? 1;
    const keys = Array.from({ length: count }, (_, i) => stateKeys.partition(state.topicId, i));
    const states = await this.#parts.state.read(keys);
    const partitions = states.map((known, partition) => {
      const { firstOffset = 0n, nextOffset = 0n } = known ?? {};
      return { partition, firstOffset, nextOffset };
    });
    return { ...state.topic, partitions };
  }

  async listTopics(request: ListTopicsRequest): Promise<ListTopicsResponse> {
    const size = pageSizeOf(request.pageSize);
    const pattern = request.pattern === "" ? undefined : TopicPattern.parse(request.pattern);
    const topics: Topic[] = [];
    for (const name of this.#parts.topics.namesAfter(request.pageToken)) {
      const isWanted = pattern === undefined ? !name.startsWith("$") : pattern.matches(name);
      const topic = this.#parts.topics.byName(name)?.topic;
      if (!isWanted || topic === undefined) continue;
      if (topics.length === size) return { topics, nextPageToken: topics.at(-1)?.name ?? "" };
      topics.push(topic);
    }
    return { topics, nextPageToken: "" };
  }

  createSubscription(name: string, settings: SubscriptionSettings): Promise<Created<Subscription>> {
    return this.#store(() => this.#parts.subscriptions.create(name, settings));
  }

  getSubscription(name: string): Promise<Subscription> {
    return this.#parts.subscriptions.get(name);
  }

  listSubscriptions(request: ListSubscriptionsRequest): Promise<ListSubscriptionsResponse> {
    return this.#parts.subscriptions.list(request);
  }

  updateSubscription(request: UpdateSubscriptionRequest): Promise<Subscription> {
    return this.#parts.changes.update(request);
  }

  pauseSubscription(request: PauseSubscriptionRequest): Promise<Subscription> {
    return this.#parts.changes.pause(request);
  }

  resumeSubscription(name: string): Promise<Subscription> {
    return this.#parts.changes.resume(name);
  }

  seekSubscription(request: SeekSubscriptionRequest): Promise<Subscription> {
    return this.#parts.changes.seek(request);
  }

  createSnapshot(request: CreateSnapshotRequest): Promise<Snapshot> {
    return this.#store(() => this.#parts.changes.createSnapshot(request));
  }

  async listSnapshots(request: ListSnapshotsRequest): Promise<ListSnapshotsResponse> {
    return this.#parts.changes.listSnapshots(request);
  }

  deleteSnapshot(name: string): Promise<void> {
    return this.#parts.changes.deleteSnapshot(name);
  }

  getAccounting(subscription: string): Promise<GetAccountingResponse> {
    return this.#parts.accounting.of(subscription);
  }

  listBlockedKeys(request: ListBlockedKeysRequest): Promise<ListBlockedKeysResponse> {
    return this.#parts.desk.blockedKeys(request);
  }

  skipEvents(request: SkipEventsRequest): Promise<number> {
    return this.#parts.desk.skip(request);
  }

  releaseKey(request: ReleaseKeyRequest): Promise<void> {
    return this.#parts.desk.release(request);
  }

  deleteSubscription(name: string): Promise<void> {
    return this.#parts.subscriptions.delete(name);
  }

  subscribe(open: SubscribeOpen, sink: ConsumerSink): Promise<Consumer> {
    return this.#parts.subscriptions.join(open, sink);
  }

  settle(subscription: string, settlement: Settlement): Promise<SettlementException[]> {
    return this.#parts.subscriptions.settle(subscription, settlement);
  }

  readEvents(read: ReadRange, signal: AbortSignal): AsyncIterable<ReadBatch[]> {
    return this.#parts.events.read(read, signal);
  }

  listCorrelatedEvents(
    request: ListCorrelatedEventsRequest,
  ): Promise<ListCorrelatedEventsResponse> {
    return this.#parts.events.listCorrelated(request);
  }

  registerExecution(execution: Execution): Promise<RegisterExecutionResponse> {
    return this.#store(() => this.#parts.feedback.registerExecution(execution));
  }

  getExecution(executionId: string): Promise<Execution> {
    return this.#parts.feedback.getExecution(executionId);
  }

  submitFeedback(request: SubmitFeedbackRequest): Promise<SubmitFeedbackResponse> {
    return this.#store(() => this.#parts.feedback.submit(request));
  }

  receiveExternal(external: ExternalEvent): Promise<ExternalOutcome> {
    return this.#store(() => this.#parts.feedback.receive(external));
  }

  async readMemory(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    if (keys.length > memoryKeysMax) throw new RangeError(`at most ${memoryKeysMax} memory keys`);
    const values = await this.#parts.state.read(keys.map((key) => stateKeys.memory(key)));
    const found = new Map<string, Uint8Array>();
    for (const [i, value] of values.entries()) {
      if (value !== undefined) found.set(keys[i] as string, value);
    }
    return found;
  }

  awaitFeedback(
    request: AwaitFeedbackRequest,
    signal: AbortSignal,
  ): AsyncIterable<AwaitFeedbackResponse> {
    return this.#parts.feedback.awaitFeedback(request, signal);
  }

  getWait(waitId: string): Promise<Wait> {
    return this.#parts.feedback.getWait(waitId);
  }

  stats(): EngineStats {
    const { journal, writer, loop, topics, subscriptions } = this.#parts;
    return {
      durableSequence: loop.durableSequence,
      indexedSequence: writer.applied,
      indexBehindMs: writer.behindMs,
      journalBytes: journal.bytes,
      topics: topics.size,
      subscriptions: subscriptions.size,
      consumers: subscriptions.consumers,
      ...this.#parts.retention.stats,
    };
  }

  async close(): Promise<void> {
    const { journal, index, loop, writer, checkpointer, subscriptions, feedback, retention } =
      this.#parts;
    const { due, producers } = this.#parts;
    const stopping = PubSubError.of("SHUTTING_DOWN", "the broker is stopping");
    await retention.close();
    feedback.close(stopping);
    await due.close();
    await producers.close();
    await subscriptions.close(stopping);
    await loop.close();
    if (loop.hasFailed) {
      await checkpointer.stop();
    } else {
      await writer.reached(loop.durableSequence);
      await checkpointer.close();
    }
    this.#parts.diskWatch?.close();
    await journal.close();
    await index.close();
  }
}
