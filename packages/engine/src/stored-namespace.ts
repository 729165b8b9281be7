import {
  type Disk,
  type Journal,
  openJournal,
  openSegmentJournal,
  type Random,
  readJournalKind,
  type Timers,
} from "@opendxa/pubsub-journal";
import { CheckpointStore } from "./checkpoint-store.js";
import type { EngineLog } from "./environment.js";

/** What opening the files of a namespace takes. */
export interface StoredNamespaceParts {
  /** The file system. */
  readonly disk: Disk;
  /** Timers of the journal. */
  readonly timers: Timers;
  /** Source of salts. */
  readonly random: Random;
  /** Receives what an operator should know. */
  readonly log: EngineLog;
}

/** Opens journal and checkpoints in a namespace's folder, and closes the journal after use. */
export async function withStoredNamespace<Result>(
  { disk, timers, random, log }: StoredNamespaceParts,
  folder: string,
  use: (stored: { journal: Journal; checkpoints: CheckpointStore }) => Promise<Result>,
): Promise<Result> {
  const journal = await openStoredJournal({ disk, timers, random }, `${folder}/journal`);
  try {
    const checkpoints = await CheckpointStore.open(disk, `${folder}/checkpoints`, {
      journalId: journal.id,
      onIgnored: (name, why) => log.warn("a checkpoint file is ignored", { name, why }),
    });
    return await use({ journal, checkpoints });
  } finally {
    await journal.close();
  }
}

/** Opens a stored journal, of whichever kind it is. */
export async function openStoredJournal(
  { disk, timers, random }: Omit<StoredNamespaceParts, "log">,
  folder: string,
): Promise<Journal> {
  const options = { disk, folder, timers, random };
  const stored = await readJournalKind(disk, folder);
  const { journal } =
    stored?.kind === "level"
      ? await openJournal({ ...options, kind: "level" })
      : // Copied segments come without a marker, and stay so.
        await openSegmentJournal(options);
  return journal;
}
