import { lanesOf, stateKeys } from "@opendxa/pubsub-core";
import { type IndexStore, prefixScope } from "@opendxa/pubsub-index-store";
import { type Journal, JournalError } from "@opendxa/pubsub-journal";
import { CursorState, SnapshotState, SubscriptionState } from "@opendxa/pubsub-protocol";
import { CheckpointStore } from "./checkpoint-store.js";
import { Checkpointer } from "./checkpointer.js";
import type { AppliedEntry } from "./command-loop.js";
import { controlState } from "./control-state.js";
import { IndexWriter } from "./index-writer.js";
import { JournalSpace } from "./journal-space.js";
import type { OpenEngineOptions } from "./open-engine.js";
import { namespaceProjection } from "./projection.js";
import { loadTopics, prepareIndex, replay } from "./recovery.js";
import { residentTopics } from "./resident-topics.js";
import { StateCache } from "./state-cache.js";
import { SubscriptionCursors } from "./subscription-cursors.js";
import { SubscriptionTable } from "./subscription-table.js";
import type { TopicTable } from "./topic-table.js";

/** Links between parts that need each other; set once all of them exist. */
export interface Hooks {
  /** An entry became durable. */
  onDurable: (entry: AppliedEntry) => void;
  /** The journal or the index failed. */
  onFailed: (cause: Error) => void;
  /** Resolves when a power cut cannot take entries up to a sequence away any more. */
  readonly synced: (sequence: bigint) => Promise<void>;
}

/** Subscriptions as the index holds them. */
interface LoadedSubscriptions {
  /** All of them and the heads of their snapshots. */
  readonly table: SubscriptionTable;
  /** How far they are. */
  readonly cursors: SubscriptionCursors;
}

/** A namespace at the end of its journal, before anything new is decided. */
export interface RecoveredNamespace {
  /** The state. */
  readonly cache: StateCache;
  /** Brings changes into the index. */
  readonly writer: IndexWriter;
  /** Writes checkpoints. */
  readonly checkpointer: Checkpointer;
  /** Frees the journal. */
  readonly space: JournalSpace;
  /** Topics. */
  readonly topics: TopicTable;
  /** Subscriptions. */
  readonly subscriptions: LoadedSubscriptions;
  /** Newest durable sequence. */
  readonly recovered: bigint;
  /** Entries applied again. */
  readonly replayedEntries: number;
  /** Time of the newest entry, milliseconds since the Unix epoch; 0: none. */
  readonly lastTimeMs: number;
  /** Why the index was rebuilt; `undefined` when it was usable. */
  readonly rebuilt: string | undefined;
}

/** A journal that ends before its checkpoint has lost segments, which it cannot see by itself. */
function checkReach(checkpoints: CheckpointStore, journal: Journal): void {
  const { newestSequence } = checkpoints;
  if (newestSequence <= journal.lastSequence) return;
  throw new JournalError(
    "corrupt",
    `the checkpoint at sequence ${newestSequence} is ahead of the journal, which ends at ${journal.lastSequence}: segments are missing`,
  );
}

async function loadSubscriptions(index: IndexStore): Promise<LoadedSubscriptions> {
  const sequences = new Map<string, bigint>();
  for await (const { key, value } of index.iterate(prefixScope("cur/"))) {
    sequences.set(key, CursorState.decode(value).sequence);
  }
  const table = new SubscriptionTable();
  const cursors = new SubscriptionCursors();
  for await (const { value } of index.iterate(prefixScope("sub/"))) {
    const state = SubscriptionState.decode(value);
    const { subscriptionId } = state;
    table.put(state);
    const own = lanesOf(state).map((lane) => {
      const { name } = stateKeys.cursor(subscriptionId, lane);
      return [lane, sequences.get(name) ?? 0n] as const;
    });
    cursors.add(state, new Map(own));
  }
  for await (const { value } of index.iterate(prefixScope("snap/"))) {
    table.putSnapshot(SnapshotState.decode(value));
  }
  return { table, cursors };
}

/**
 * Makes the index usable and applies the journal's tail. Rejects when journal, index and checkpoints
 * contradict each other.
 */
export async function recoverNamespace(
  { journal, index, disk, checkpointFolder, clock, timers, log }: OpenEngineOptions,
  hooks: Hooks,
): Promise<RecoveredNamespace> {
  const checkpoints = await CheckpointStore.open(disk, checkpointFolder, {
    journalId: journal.id,
    onIgnored: (name, why) => log.warn("a checkpoint file is ignored", { name, why }),
  });
  checkReach(checkpoints, journal);
  const prepared = await prepareIndex({ journal, index, checkpoints, log });
  const topics = await loadTopics(index);
  const cache = new StateCache(index, residentTopics(topics));
  const writer = new IndexWriter(index, prepared.applied, {
    now: () => clock.steady(),
    written: (name, sequence) => cache.unpin(name, sequence),
    failed: (error) => hooks.onFailed(error),
  });
  const space = new JournalSpace(journal, index);
  const checkpointer = new Checkpointer(
    { store: checkpoints, index, writer, timers, space, log, synced: hooks.synced },
    prepared.applied,
  );
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
      space,
      onApplied: (changes, entry) => {
        if (prepared.atCheckpoint) checkpointer.add(changes, entry);
      },
    },
    prepared.applied + 1n,
  );
  const recovered = journal.lastSequence;
  await writer.reached(recovered);
  const subscriptions = await loadSubscriptions(index);
  if (!prepared.atCheckpoint) {
    checkpointer.startWithBase(recovered, await controlState(index));
  }
  return {
    cache,
    writer,
    space,
    checkpointer,
    topics,
    subscriptions,
    recovered,
    replayedEntries: replayed.entries,
    lastTimeMs: replayed.lastTimeMs,
    rebuilt: prepared.rebuilt,
  };
}
