import type { IndexStore } from "@opendxa/pubsub-index-store";
import {
  copyFile,
  type Disk,
  ensureFolder,
  type Journal,
  openAudit,
  type Random,
  type SalvageReport,
  type SequenceRange,
  salvageJournal,
  type Timers,
} from "@opendxa/pubsub-journal";
import { decodeEntry } from "@opendxa/pubsub-protocol";
import { BackupError } from "./backup-error.js";
import { auditCheckpoints } from "./checkpoint-audit.js";
import { readCheckpointHeader } from "./checkpoint-file.js";
import { CheckpointStore } from "./checkpoint-store.js";
import { applyEntry } from "./command-loop.js";
import { controlState } from "./control-state.js";
import type { EngineLog } from "./environment.js";
import { verifyChain } from "./index-chain.js";
import { IndexWriter } from "./index-writer.js";
import { LostEvents } from "./lost-events.js";
import { namespaceProjection } from "./projection.js";
import { loadCheckpoint, prepareIndex, type RecoveryParts } from "./recovery.js";
import { StateCache } from "./state-cache.js";
import { StateChange } from "./state-change.js";
import { openStoredJournal } from "./stored-namespace.js";

/** What is repaired, and where to. */
export interface RepairNamespaceOptions {
  /** The file system of both folders. */
  readonly disk: Disk;
  /** The damaged namespace's folder; it is only read. No broker may be using it. */
  readonly from: string;
  /** Folder of the repaired namespace: absent. */
  readonly to: string;
  /** Timers of the journal that is opened. */
  readonly timers: Timers;
  /** Source of salts. */
  readonly random: Random;
  /** Opens the index in a folder. */
  readonly openIndex: (folder: string) => Promise<IndexStore>;
  /** Calls back with an empty index, which is thrown away afterwards. */
  readonly withIndex: <Result>(use: (index: IndexStore) => Promise<Result>) => Promise<Result>;
  /** A copy of the damaged namespace's index, to tell what lost entries held. */
  readonly damagedIndex?: IndexStore | undefined;
  /** Receives what an operator should know. */
  readonly log: EngineLog;
}

/** Entries that are lost, and what they held. */
export interface LostEntries {
  /** Lowest sequence. */
  readonly first: string;
  /** Highest sequence. */
  readonly last: string;
  /** Topics of their events, as far as the damaged folder's index tells. */
  readonly topics?: readonly string[];
  /** How many events, likewise. */
  readonly events?: number;
}

/** What a repair kept and what was lost; plain data, to be written as JSON. */
export interface RepairReport {
  /** What became of the journal. */
  readonly journal: Omit<SalvageReport, "lost">;
  /** Entries that are lost. */
  readonly lost: readonly LostEntries[];
  /** Sequence of the newest sound checkpoint: losses up to it cost events, but no state. */
  readonly checkpointSequence: string;
  /** Entries behind it that are missing: what they changed is lost, later entries apply. */
  readonly stateLost: readonly LostEntries[];
  /** Checkpoint files that were left out, and why. */
  readonly checkpointsLeftOut: readonly string[];
}

/**
 * Saves what is sound of a damaged namespace into a new folder, under the same sequences: entries,
 * checkpoints, and the state that follows from them, as a new checkpoint, so that no later start
 * reads across a hole. A broker goes on from there.
 *
 * Losses up to the newest sound checkpoint cost events only. Behind it, later entries are applied
 * over the hole: they name topics, offsets and cursors themselves. Throws BackupError `damaged`
 * where that cannot be: no checkpoint is sound and the journal's beginning is gone, or an entry does
 * not apply without a lost one. JournalError and the disk's errors as they come.
 */
export async function repairNamespace(options: RepairNamespaceOptions): Promise<RepairReport> {
  const { disk, from, to, timers, random } = options;
  const known = await knownOf(disk, from);
  await ensureFolder(disk, `${to}/checkpoints`);
  const { lost, ...journalReport } = await salvageJournal({
    disk,
    from: `${from}/journal`,
    to: `${to}/journal`,
    random,
    ...(known.journalId === undefined ? {} : { journalId: known.journalId }),
    lastSequenceMin: known.sequence,
  });
  const checkpointsLeftOut = await copyCheckpoints(options, journalReport.journalId);
  const journal = await openStoredJournal({ disk, timers, random }, `${to}/journal`);
  try {
    const { sequence, gaps } = await settleState(options, journal);
    await buildIndex(options, journal);
    const events = await lostEventsOf(options.damagedIndex, journal);
    return {
      journal: journalReport,
      lost: await described(lost.map(asRange), events),
      checkpointSequence: String(sequence),
      stateLost: await described(gaps, events),
      checkpointsLeftOut,
    };
  } finally {
    await journal.close();
  }
}

/** What checkpoints know of the journal. */
async function knownOf(
  disk: Disk,
  from: string,
): Promise<{ journalId: Uint8Array | undefined; sequence: bigint }> {
  let { journalId } = await openAudit({ disk, folder: `${from}/journal` });
  const { newest } = await auditCheckpoints(disk, `${from}/checkpoints`, journalId);
  if (newest === undefined) return { journalId, sequence: 0n };
  journalId ??= (await readCheckpointHeader(disk, `${from}/${newest.file}`)).journalId;
  return { journalId, sequence: newest.sequence };
}

/** Copies the sound ones; answers sentences about the others. */
async function copyCheckpoints(
  { disk, from, to }: RepairNamespaceOptions,
  journalId: string,
): Promise<string[]> {
  const source = `${from}/checkpoints`;
  if (!(await disk.exists(source))) return [];
  const { findings } = await auditCheckpoints(disk, source, Buffer.from(journalId, "hex"));
  const leftOut = new Map(findings.map(({ file, message }) => [file, message]));
  for (const name of await disk.readdir(source)) {
    if (leftOut.has(`checkpoints/${name}`)) continue;
    await copyFile(disk, `${source}/${name}`, `${to}/checkpoints/${name}`);
  }
  await disk.syncDirectory(`${to}/checkpoints`);
  return [...leftOut.values()];
}

/** Builds the state at the journal's end and makes a checkpoint of it. */
async function settleState(
  options: RepairNamespaceOptions,
  journal: Journal,
): Promise<{ sequence: bigint; gaps: SequenceRange[] }> {
  const checkpoints = await openCheckpoints(options, journal);
  return await options.withIndex(async (index) => {
    const parts = { journal, index, checkpoints, log: options.log };
    const sequence = await loadCheckpoint(parts);
    if (sequence === 0n && journal.firstSequence > 1n) throw withoutBeginning(options.from);
    const gaps = await applyOverGaps(parts, sequence);
    await checkpoints.writeBase(journal.lastSequence, await controlState(index));
    return { sequence, gaps };
  });
}

async function applyOverGaps(parts: RecoveryParts, applied: bigint): Promise<SequenceRange[]> {
  const { journal, index } = parts;
  const cache = new StateCache(index);
  const writer = new IndexWriter(index, applied, {
    // Nobody asks how far it is behind.
    now: () => 0,
    written: (name, sequence) => cache.unpin(name, sequence),
    // `reached` rejects with it.
    failed: () => undefined,
  });
  const gaps: SequenceRange[] = [];
  let next = applied + 1n;
  for await (const { sequence, payload } of journal.read({ from: next })) {
    if (sequence > next) gaps.push({ first: next, last: sequence - 1n });
    next = sequence + 1n;
    try {
      const writes = await applyEntry(
        { cache, projection: namespaceProjection },
        decodeEntry(payload),
        sequence,
      );
      const changes = writes.map((write) => new StateChange(write));
      writer.add(changes, sequence);
    } catch (error) {
      throw doesNotApply(sequence, error);
    }
    cache.release();
    if (writer.isBehind) await writer.reached(sequence);
  }
  await writer.reached(next - 1n);
  const last = journal.lastSequence;
  return next <= last ? [...gaps, { first: next, last }] : gaps;
}

async function buildIndex(options: RepairNamespaceOptions, journal: Journal): Promise<void> {
  const index = await options.openIndex(`${options.to}/index`);
  try {
    const checkpoints = await openCheckpoints(options, journal);
    await prepareIndex({ journal, index, checkpoints, log: options.log });
  } finally {
    await index.close();
  }
}

function openCheckpoints(
  { disk, to, log }: RepairNamespaceOptions,
  journal: Journal,
): Promise<CheckpointStore> {
  return CheckpointStore.open(disk, `${to}/checkpoints`, {
    journalId: journal.id,
    onIgnored: (name, why) => log.warn("a checkpoint file is ignored", { name, why }),
  });
}

async function lostEventsOf(
  index: IndexStore | undefined,
  journal: Journal,
): Promise<LostEvents | undefined> {
  if (index === undefined) return undefined;
  const { usable } = await verifyChain(index, journal);
  return usable ? await LostEvents.open(index) : undefined;
}

function asRange({ first, last }: { first: string; last: string }): SequenceRange {
  return { first: BigInt(first), last: BigInt(last) };
}

async function described(
  ranges: readonly SequenceRange[],
  events: LostEvents | undefined,
): Promise<LostEntries[]> {
  const entries: LostEntries[] = [];
  for (const range of ranges) {
    const held = await events?.of(range);
    entries.push({ first: String(range.first), last: String(range.last), ...held });
  }
  return entries;
}

function withoutBeginning(from: string): BackupError {
  return new BackupError(
    "damaged",
    `No checkpoint in ${from} is sound and the journal's beginning was removed by retention, so that topics and subscriptions cannot be told any more: restore the newest backup instead.`,
  );
}

function doesNotApply(sequence: bigint, cause: unknown): BackupError {
  return new BackupError(
    "damaged",
    `The entry ${sequence} does not apply without those that are lost before it: restore the newest backup instead.`,
    cause,
  );
}
