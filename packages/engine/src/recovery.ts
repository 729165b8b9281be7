import { type Projection, payloadIndex, type StateWrite, stateKeys } from "@opendxa/pubsub-core";
import { type IndexStore, prefixScope } from "@opendxa/pubsub-index-store";
import { type Journal, JournalError } from "@opendxa/pubsub-journal";
import { decodeEntry, type Entry, TopicState } from "@opendxa/pubsub-protocol";
import type { CheckpointStore } from "./checkpoint-store.js";
import { applyEntry } from "./command-loop.js";
import type { EngineLog } from "./environment.js";
import { encodeSequence, indexKeys, indexLayout, verifyChain } from "./index-chain.js";
import { IndexLoader } from "./index-loader.js";
import type { IndexWriter } from "./index-writer.js";
import type { JournalSpace } from "./journal-space.js";
import { removalsOf } from "./payload-removal.js";
import type { StateCache } from "./state-cache.js";
import { StateChange } from "./state-change.js";
import { TopicTable } from "./topic-table.js";

/** What recovery works with. */
export interface RecoveryParts {
  /** The truth. */
  readonly journal: Journal;
  /** Its projection. */
  readonly index: IndexStore;
  /** Control state at earlier sequences. */
  readonly checkpoints: CheckpointStore;
  /** Told what was found. */
  readonly log: EngineLog;
}

/** Where replay starts. */
export interface PreparedIndex {
  /** Sequence that the index holds. */
  readonly applied: bigint;
  /** Why the index was rebuilt; `undefined` when it was usable. */
  readonly rebuilt: string | undefined;
  /** The index is exactly at the newest checkpoint, so that the next one may be a delta. */
  readonly atCheckpoint: boolean;
}

/** Writes the state of the newest sound checkpoint into an empty index; answers its sequence. */
export async function loadCheckpoint(parts: RecoveryParts): Promise<bigint> {
  const { index, checkpoints, log } = parts;
  const newest = await checkpoints.readNewest((name, why) =>
    log.warn("a checkpoint is damaged and was left out", { name, why }),
  );
  if (newest === undefined) return 0n;
  const loader = new IndexLoader(index);
  for await (const block of newest.blocks) await loader.add(block);
  await loader.flush();
  return newest.sequence;
}

/** Topics as the index holds them. */
export async function loadTopics(index: IndexStore): Promise<TopicTable> {
  const topics = new TopicTable();
  for await (const { value } of index.iterate(prefixScope("topic/"))) {
    topics.put(TopicState.decode(value));
  }
  for await (const { value } of index.iterate(prefixScope("gone/"))) {
    topics.putDeleted(TopicState.decode(value));
  }
  return topics;
}

/** Index entries that an entry makes and takes away. */
async function indexWrites(
  { sequence, entry }: { readonly sequence: bigint; readonly entry: Entry },
  parts: { readonly journal: Journal; readonly topics: TopicTable },
): Promise<StateWrite[]> {
  const writes = payloadIndex(entry, sequence, (id) => parts.topics.indexOf(id));
  const removals = await removalsOf(entry, parts);
  return removals.length === 0 ? writes : [...writes, ...removals];
}

/**
 * Builds the index of payload that is retained from before the checkpoint. What expired since is
 * taken away again as it was at the time: a batch leaves the journal before the fact of its expiry.
 */
async function indexPayload(parts: RecoveryParts, through: bigint): Promise<void> {
  const { journal, index } = parts;
  const topics = await loadTopics(index);
  const loader = new IndexLoader(index);
  for await (const stored of journal.read({ from: journal.firstSequence, to: through })) {
    const { sequence } = stored;
    const entry = decodeEntry(stored.payload);
    const writes = await indexWrites({ sequence, entry }, { journal, topics });
    await loader.add(writes.map((write) => new StateChange(write)));
  }
  await loader.flush();
}

/**
 * Makes the index usable: as it is when its chain is whole, else rebuilt from the newest sound
 * checkpoint and the payload that the journal retains.
 */
export async function prepareIndex(parts: RecoveryParts): Promise<PreparedIndex> {
  const { journal, index, checkpoints, log } = parts;
  const verdict = await verifyChain(index, journal);
  if (verdict.usable && verdict.applied >= checkpoints.newestSequence) {
    const atCheckpoint = verdict.applied === checkpoints.newestSequence;
    return { applied: verdict.applied, rebuilt: undefined, atCheckpoint };
  }
  // An index below the checkpoint may need payload that left the journal after that checkpoint.
  const why = verdict.usable ? "the index was rolled back below the checkpoint" : verdict.why;
  const isNew = journal.lastSequence === 0n;
  if (!isNew) log.warn("the index is rebuilt", { why });
  await index.write([{ key: indexKeys.journal, value: undefined }]);
  // A crash may leave part of what follows, with a hole: nobody must take that for an index.
  await index.flush();
  await index.clear();
  const applied = await loadCheckpoint(parts);
  if (applied > journal.lastSequence) {
    const ends = journal.lastSequence;
    throw new JournalError(
      "corrupt",
      `the checkpoint at ${applied} is ahead of the journal at ${ends}`,
    );
  }
  await indexPayload(parts, applied);
  await index.flush();
  await index.write([
    { key: indexKeys.journal, value: journal.id },
    { key: indexKeys.layout, value: indexLayout },
    { key: indexKeys.applied, value: encodeSequence(applied) },
    { key: indexKeys.mark, value: encodeSequence(applied) },
  ]);
  return { applied, rebuilt: isNew ? undefined : why, atCheckpoint: applied > 0n };
}

/** What left the journal is part of a checkpoint; replaying past a hole would invent a state. */
function checkNext(expected: bigint, found: bigint): void {
  if (expected === found) return;
  throw new JournalError(
    "corrupt",
    `the journal lacks the entries ${expected} to ${found - 1n}, and no sound checkpoint holds them`,
  );
}

/** Applies the journal's tail. Answers the number of entries and the time of the newest. */
export async function replay(
  parts: RecoveryParts & {
    readonly cache: StateCache;
    readonly writer: IndexWriter;
    readonly projection: Projection;
    readonly topics: TopicTable;
    readonly space: JournalSpace;
    readonly onApplied: (
      changes: readonly StateChange[],
      entry: { readonly sequence: bigint; readonly bytes: number },
    ) => void;
  },
  from: bigint,
): Promise<{ entries: number; lastTimeMs: number }> {
  const { journal, cache, writer, projection, topics } = parts;
  let entries = 0;
  for await (const stored of journal.read({ from })) {
    const entry = decodeEntry(stored.payload);
    const { sequence } = stored;
    checkNext(from + BigInt(entries), sequence);
    const writes = await applyEntry({ cache, projection }, entry, sequence);
    cache.release();
    topics.follow(entry);
    parts.space.follow(sequence, entry);
    const changes = writes.map((write) => new StateChange(write));
    parts.onApplied(changes, { sequence, bytes: stored.payload.length });
    const indexed = await indexWrites({ sequence, entry }, parts);
    writer.add([...changes, ...indexed.map((write) => new StateChange(write))], sequence);
    entries++;
    if (writer.isBehind) await writer.reached(sequence);
  }
  checkNext(from + BigInt(entries), journal.lastSequence + 1n);
  const [namespace] = await cache.read([stateKeys.namespace()]);
  const lastTimeMs = Number(namespace?.timeUnixMs ?? 0n);
  return { entries, lastTimeMs };
}
