import { type Operation, retentionMsDefault, stateKeys } from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import type { Disk, Journal, JournalKind } from "@opendxa/pubsub-journal";
import { type BrokerStarted, Entry } from "@opendxa/pubsub-protocol";
import { CommandLoop } from "./command-loop.js";
import { EntryReader } from "./delivery-builder.js";
import { DurableReader } from "./durable-reader.js";
import type { Engine, EngineInfo } from "./engine-api.js";
import { EntryClock } from "./entry-clock.js";
import type { Clock, DiskWatch, EngineLog, Random, Timers } from "./environment.js";
import { EventLog } from "./event-log.js";
import { ExpiryGate } from "./expiry-gate.js";
import { FeedbackHost } from "./feedback-host.js";
import { follow } from "./follow.js";
import { NamespaceEngine } from "./namespace-engine.js";
import { ProducersHost, type ProducersHostParts } from "./producers-host.js";
import { namespaceProjection } from "./projection.js";
import { RecentEntries } from "./recent-entries.js";
import { type Hooks, recoverNamespace } from "./recover-namespace.js";
import { RetentionHost } from "./retention-host.js";
import { ScheduledHost, type ScheduledHostParts } from "./scheduled-host.js";
import { SeekResolver, type SeekResolverParts } from "./seek-resolver.js";
import { StoredPositions } from "./stored-positions.js";
import { SubscriptionAccounting } from "./subscription-accounting.js";
import { SubscriptionChanges } from "./subscription-changes.js";
import { SubscriptionDesk } from "./subscription-desk.js";
import { SubscriptionHost, type SubscriptionHostParts } from "./subscription-host.js";
import { type FireTimers, type TimerRoutes, TimerScan } from "./timer-scan.js";

/** What an engine runs on. */
export interface OpenEngineOptions {
  /** The truth, opened; the engine closes it. */
  readonly journal: Journal;
  /** Which implementation of it that is. */
  readonly journalKind: JournalKind;
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
  /** Longest retention that a topic may ask for and any event gets, in milliseconds. */
  readonly retentionMsMax?: number | undefined;
  /** Watches the disk; absent: it is never full. The engine closes it. */
  readonly diskWatch?: DiskWatch | undefined;
  /** When an operator confirmed the clock, in milliseconds since the Unix epoch. */
  readonly clockConfirmedMs?: number | undefined;
}

type FoundSubscriptions = Pick<SubscriptionHostParts, "table" | "cursors" | "startNumber">;

const startOperation: Operation<BrokerStarted, void> = {
  name: "start",
  reads: () => [],
  decide: (_loaded, value) => ({
    entries: [Entry.create({ kind: { $case: "brokerStarted", value } })],
    reply: undefined,
  }),
};

/**
 * The start is the first entry that is surely synced: what was found may only have been written.
 * Checkpoints wait for it, so it must not wait for them.
 */
class Started {
  readonly loop: Promise<CommandLoop>;
  isStarted = false;
  #resolve: (loop: CommandLoop) => void = () => undefined;

  constructor() {
    this.loop = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  with(loop: CommandLoop): void {
    this.isStarted = true;
    this.#resolve(loop);
  }
}

/** What serves subscriptions, from where things stand and from what was found of them. */
function makeSubscriptions(
  places: Omit<SubscriptionHostParts, "positions" | "resolver" | keyof FoundSubscriptions> &
    SeekResolverParts,
  found: FoundSubscriptions,
): {
  readonly host: SubscriptionHost;
  readonly changes: SubscriptionChanges;
  readonly desk: SubscriptionDesk;
  readonly accounting: SubscriptionAccounting;
} {
  const positions = new StoredPositions(places);
  const parts = { ...places, ...found, positions, resolver: new SeekResolver(places) };
  const host = new SubscriptionHost(parts);
  return {
    host,
    changes: new SubscriptionChanges(parts, host),
    desk: new SubscriptionDesk(parts, host.resident),
    accounting: new SubscriptionAccounting(parts, host.resident),
  };
}

function publishingHosts(parts: ScheduledHostParts & ProducersHostParts) {
  return { scheduled: new ScheduledHost(parts), producers: new ProducersHost(parts) };
}

function routesOf(
  feedback: FeedbackHost,
  { scheduled, host }: { readonly scheduled: ScheduledHost; readonly host: SubscriptionHost },
): TimerRoutes {
  const ofFeedback: FireTimers = (names) => feedback.fire(names);
  const release: FireTimers = (names) => scheduled.release(names);
  const expire: FireTimers = (names) => host.fire(names);
  return { w: ofFeedback, x: ofFeedback, p: ofFeedback, r: ofFeedback, s: release, e: expire };
}

function infoOf(
  { index, journalKind, tornBytes }: OpenEngineOptions,
  { recovered, replayedEntries, rebuilt }: Awaited<ReturnType<typeof recoverNamespace>>,
  start: Pick<EngineInfo, "startNumber" | "startTimeMs">,
): EngineInfo {
  return {
    ...start,
    indexEngine: index.engine,
    journal: journalKind,
    recoveredSequence: recovered,
    replayedEntries,
    tornBytes,
    rebuilt,
  };
}

/**
 * Recovers a namespace and starts it: makes the index usable, applies the journal's tail, journals
 * the start. Rejects when journal, index and checkpoints contradict each other.
 */
export async function openEngine(options: OpenEngineOptions): Promise<Engine> {
  const { journal, index, timers, random, log } = options;
  const started = new Started();
  const hooks: Hooks = {
    onDurable: () => undefined,
    onFailed: () => undefined,
    synced: async (sequence) => await (await started.loop).synced(sequence),
  };
  const found = await recoverNamespace(options, hooks);
  const clock = new EntryClock(options.clock, found.lastTimeMs);
  const { cache, writer, checkpointer, space, topics, subscriptions, recovered } = found;
  const recent = new RecentEntries(recovered);
  const reader = new EntryReader(journal, recent);
  const loop = new CommandLoop({
    journal,
    cache,
    projection: namespaceProjection,
    clock,
    lastTimeMs: found.lastTimeMs,
    admission: () => {
      if (!started.isStarted) return undefined;
      if (writer.isBehind) return writer.reached(writer.applied + 1n);
      return checkpointer.isBehind ? checkpointer.settled : undefined;
    },
    onDurable: (entry) => hooks.onDurable(entry),
    onFailed: (cause) => hooks.onFailed(cause),
  });
  const [namespace] = await cache.read([stateKeys.namespace()]);
  const startNumber = (namespace?.startNumber ?? 0) + 1;
  const gate = new ExpiryGate();
  const dispatch = { loop, recent, reader, index, writer, gate, clock, timers, random, log };
  const state = new DurableReader(loop, cache);
  const places = { ...dispatch, journal, state, topics };
  const { host, ...operations } = makeSubscriptions(places, { ...subscriptions, startNumber });
  const events = new EventLog({ index, writer, loop, reader, topics, state });
  const feedback = new FeedbackHost({ ...places, events });
  const publishing = publishingHosts(places);
  const routes = routesOf(feedback, { ...publishing, host });
  const due = new TimerScan({ ...dispatch, routes });
  const retentionMsMax = options.retentionMsMax ?? retentionMsDefault;
  const retention = new RetentionHost({
    ...places,
    ...publishing,
    subscriptions: host.resident,
    machine: options.clock,
    retentionMsMax,
    newestEntryMs: found.lastTimeMs,
    clockConfirmedMs: options.clockConfirmedMs,
  });
  const info = infoOf(options, found, { startNumber, startTimeMs: clock.now() });
  const parts = {
    ...places,
    checkpointer,
    events,
    feedback,
    ...publishing,
    due,
    subscriptions: host,
    ...operations,
    retention,
    retentionMsMax,
    diskWatch: options.diskWatch,
  };
  const engine = new NamespaceEngine(parts, info);
  hooks.onFailed = (cause) => engine.fail(cause);
  hooks.onDurable = (applied) => follow({ ...parts, recent, writer, space }, applied);
  await loop.runInternal(startOperation, { startNumber, version: options.version });
  started.with(loop);
  await host.start();
  due.start();
  publishing.producers.start();
  retention.start();
  return engine;
}
