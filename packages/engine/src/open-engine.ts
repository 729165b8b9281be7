import { type Operation, payloadIndex, stateKeys } from "@opendxa/pubsub-core";
import { type IndexStore, prefixScope } from "@opendxa/pubsub-index-store";
import type { Disk, Journal } from "@opendxa/pubsub-journal";
import { type BrokerStarted, Entry, SubscriptionState } from "@opendxa/pubsub-protocol";
import { CheckpointStore } from "./checkpoint-store.js";
import { Checkpointer } from "./checkpointer.js";
import { type AppliedEntry, CommandLoop } from "./command-loop.js";
import { controlState } from "./control-state.js";
import { EntryReader } from "./delivery-builder.js";
import { DurableReader } from "./durable-reader.js";
import type { Engine, EngineInfo } from "./engine-api.js";
import { EntryClock } from "./entry-clock.js";
import type { Clock, EngineLog, Random, Timers } from "./environment.js";
import { EventLog } from "./event-log.js";
import { FeedbackHost } from "./feedback-host.js";
import { IndexWriter } from "./index-writer.js";
import { NamespaceEngine, type NamespaceEngineParts } from "./namespace-engine.js";
import { namespaceProjection } from "./projection.js";
import { RecentEntries } from "./recent-entries.js";
import { loadTopics, prepareIndex, replay } from "./recovery.js";
import { StateCache } from "./state-cache.js";
import { StateChange } from "./state-change.js";
import { SubscriptionHost } from "./subscription-host.js";

/** What an engine runs on. */
export interface OpenEngineOptions {
  /** The truth, opened; the engine closes it. */
  readonly journal: Journal;
  /** Its projection, opened; the engine closes it. */
  readonly index: IndexStore;
  /** Disk of the checkpoints. */
  readonly disk: Disk;
  /** Folder of the checkpoints. */
  readonly checkpointFolder: string;
  /** The machine's clock. */
  readonly clock: Clock;
  /** Timers. */
  readonly timers: Timers;
  /** Jitter. */
  readonly random: Random;
  /** Receives what an operator should know. */
  readonly log: EngineLog;
  /** Version of the broker, journalled with each start. */
  readonly version: string;
  /** Bytes of a torn tail that opening the journal cut. */
  readonly tornBytes: number;
}

/** Links between parts that need each other; set once all of them exist. */
interface Hooks {
  onDurable: (entry: AppliedEntry) => void;
  onFailed: (cause: Error) => void;
}

const startOperation: Operation<BrokerStarted, void> = {
  name: "start",
  reads: () => [],
  decide: (_loaded, value) => ({
    entries: [Entry.create({ kind: { $case: "brokerStarted", value } })],
    reply: undefined,
  }),
};

/** A journal that ends before its checkpoint has lost segments, which it cannot see by itself. */
function checkReach(checkpoints: CheckpointStore, journal: Journal): void {
  const { newestSequence } = checkpoints;
  if (newestSequence <= journal.lastSequence) return;
  throw new Error(
    `the checkpoint at sequence ${newestSequence} is ahead of the journal, which ends at ${journal.lastSequence}: segments are missing`,
  );
}

async function loadSubscriptions(index: IndexStore): Promise<SubscriptionState[]> {
  const states: SubscriptionState[] = [];
  for await (const { value } of index.iterate(prefixScope("sub/"))) {
    states.push(SubscriptionState.decode(value));
  }
  return states;
}

/** Lets everything that follows the journal take an entry that became durable, in its order. */
function follow(
  parts: NamespaceEngineParts & { readonly recent: RecentEntries },
  applied: AppliedEntry,
): void {
  const { entry, sequence, writes } = applied;
  const { topics, recent, writer, checkpointer, subscriptions, feedback, events } = parts;
  if (entry.kind?.$case === "topicCreated" && entry.kind.value.topic !== undefined) {
    topics.put(entry.kind.value.topic);
  }
  recent.add(applied);
  const changes = writes.map((write) => new StateChange(write));
  checkpointer.add(changes, applied);
  for (const write of payloadIndex(entry, sequence, (id) => topics.indexOf(id))) {
    changes.push(new StateChange(write));
  }
  writer.add(changes, sequence);
  subscriptions.onDurable(applied);
  feedback.onDurable(applied);
  events.wake();
}

/**
 * Recovers a namespace and starts it: makes the index usable, applies the journal's tail, journals
 * the start. Rejects when journal, index and checkpoints contradict each other.
 */
export async function openEngine(options: OpenEngineOptions): Promise<Engine> {
  const { journal, index, disk, timers, random, log } = options;
  const checkpoints = await CheckpointStore.open(disk, options.checkpointFolder, {
    journalId: journal.id,
    onIgnored: (name, why) => log.warn("a checkpoint file is ignored", { name, why }),
  });
  checkReach(checkpoints, journal);
  const prepared = await prepareIndex({ journal, index, checkpoints, log });
  const cache = new StateCache(index);
  const hooks: Hooks = { onDurable: () => undefined, onFailed: () => undefined };
  const writer = new IndexWriter(index, prepared.applied, {
    written: (name, sequence) => cache.unpin(name, sequence),
    failed: (error) => hooks.onFailed(error),
  });
  const checkpointer = new Checkpointer(
    { store: checkpoints, index, writer, timers, log },
    prepared.applied,
  );
  const topics = await loadTopics(index);
  const replayed = await replay(
    {
      journal,
      index,
      checkpoints,
      log,
      cache,
      writer,
      projection: namespaceProjection,
      topics,
      onApplied: (changes, entry) => {
        if (prepared.atCheckpoint) checkpointer.add(changes, entry);
      },
    },
    prepared.applied + 1n,
  );
  const recovered = journal.lastSequence;
  const clock = new EntryClock(options.clock, replayed.lastTimeMs);
  await writer.reached(recovered);
  const subscriptions = await loadSubscriptions(index);
  if (!prepared.atCheckpoint) {
    checkpointer.startWithBase(recovered, await controlState(index));
  }
  const recent = new RecentEntries(recovered);
  const reader = new EntryReader(journal, recent);
  const loop = new CommandLoop({
    journal,
    cache,
    projection: namespaceProjection,
    clock,
    lastTimeMs: replayed.lastTimeMs,
    admission: () => {
      if (writer.isBehind) return writer.reached(writer.applied + 1n);
      return checkpointer.isBehind ? checkpointer.settled : undefined;
    },
    onDurable: (entry) => hooks.onDurable(entry),
    onFailed: (cause) => hooks.onFailed(cause),
  });
  const [namespace] = await cache.read([stateKeys.namespace()]);
  const startNumber = (namespace?.startNumber ?? 0) + 1;
  const dispatch = { loop, recent, reader, index, writer, clock, timers, random };
  const state = new DurableReader(loop, cache);
  const host = new SubscriptionHost({ ...dispatch, state, topics, startNumber }, subscriptions);
  const events = new EventLog({ index, writer, loop, reader, topics });
  const feedback = new FeedbackHost({ ...dispatch, state, topics, events, log });
  const info: EngineInfo = {
    startNumber,
    startTimeMs: clock.now(),
    indexEngine: index.engine,
    journal: "segments",
    recoveredSequence: recovered,
    replayedEntries: replayed.entries,
    tornBytes: options.tornBytes,
    rebuilt: prepared.rebuilt,
  };
  const parts = {
    ...dispatch,
    journal,
    state,
    topics,
    checkpointer,
    events,
    feedback,
    subscriptions: host,
  };
  const engine = new NamespaceEngine(parts, info);
  hooks.onFailed = (cause) => engine.fail(cause);
  hooks.onDurable = (applied) => follow({ ...parts, recent, writer }, applied);
  await loop.runInternal(startOperation, { startNumber, version: options.version });
  feedback.start();
  return engine;
}
