import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Engine, openEngine } from "@opendxa/pubsub-engine";
import {
  type EnginePreference,
  type IndexStore,
  openIndexStore,
} from "@opendxa/pubsub-index-store";
import {
  type Journal,
  NodeDisk,
  type OpenedJournal,
  openSegmentJournal,
} from "@opendxa/pubsub-journal";
import type { Logger } from "pino";
import { folderUnwritable } from "../data-folder.js";
import { version } from "../version.js";

/** The process's own timers. */
export const timers = {
  setTimer: (callback: () => void, delayMs: number) => setTimeout(callback, delayMs),
  clearTimer: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
};

/** The machine's own randomness. */
export const random = {
  bytes: (length: number) => randomBytes(length),
  float: () => Math.random(),
};

/** Opens journal, index and engine of one namespace in its folder; what fails leaves nothing open. */
export async function openNamespace(
  folder: string,
  prefer: EnginePreference,
  log: Logger,
): Promise<Engine> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw folderUnwritable(folder, error);
  });
  const disk = new NodeDisk();
  const opened = await openSegmentJournal({
    disk,
    folder: join(folder, "journal"),
    timers,
    random,
  });
  reportTornTail(opened, log);
  const open: Opened = { journal: opened.journal };
  try {
    open.index = await openIndexStore({
      folder: join(folder, "index"),
      prefer,
      log: ({ event, engine, message }) => log.warn({ event, engine }, message),
    });
    return await openEngine({
      journal: open.journal,
      index: open.index,
      disk,
      checkpointFolder: join(folder, "checkpoints"),
      clock: { now: Date.now, steady: () => performance.now() },
      timers,
      random,
      log: {
        warn: (message, fields) => log.warn(fields, message),
        info: (message, fields) => log.info(fields, message),
      },
      version,
      tornBytes: opened.recovery.tornBytes,
    });
  } catch (error) {
    await closeAll(open);
    throw error;
  }
}

interface Opened {
  readonly journal: Journal;
  index?: IndexStore;
}

async function closeAll({ journal, index }: Opened): Promise<void> {
  // The error that led here is the one to report, not one of closing.
  await Promise.allSettled([index?.close(), journal.close()]);
}

function reportTornTail({ recovery }: OpenedJournal, log: Logger): void {
  const { tornBytes, unmarked, segment, position } = recovery;
  if (tornBytes === 0) return;
  const facts = { event: "torn_tail_cut", torn_bytes: tornBytes, segment, position, unmarked };
  if (unmarked) {
    log.error(facts, "the journal's last commit was incomplete or damaged and was cut");
  } else {
    log.warn(facts, "the journal ended in an incomplete commit, which was never acknowledged");
  }
}
