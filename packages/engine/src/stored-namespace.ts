import {
  type Disk,
  type Journal,
  openSegmentJournal,
  type Random,
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
  const { journal } = await openSegmentJournal({
    disk,
    folder: `${folder}/journal`,
    timers,
    random,
  });
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
