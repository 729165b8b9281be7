import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type DiskWatch, type Engine, openEngine } from "@opendxa/pubsub-engine";
import {
  type EnginePreference,
  type IndexStore,
  openIndexStore,
} from "@opendxa/pubsub-index-store";
import {
  DiskSpace,
  type DiskSpaceOptions,
  type Journal,
  type JournalKind,
  NodeDisk,
  type OpenedJournal,
  openJournal,
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

/** What of the configuration matters to an engine. */
export interface NamespaceSettings {
  /** Engine of the index. */
  readonly index: EnginePreference;
  /** Where records lie. */
  readonly journal: JournalKind;
  /** Longest retention, in milliseconds. */
  readonly retentionMsMax: number;
  /** When an operator confirmed the clock; empty: never. */
  readonly clockConfirmed: string;
  /** Bytes that must stay free on the disk. */
  readonly diskReserveBytes: number;
}

/** Opens journal, index and engine of one namespace in its folder; what fails leaves nothing open. */
export async function openNamespace(
  folder: string,
  settings: NamespaceSettings,
  log: Logger,
): Promise<Engine> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw folderUnwritable(folder, error);
  });
  const disk = new NodeDisk();
  const opened = await openJournal({
    kind: settings.journal,
    disk,
    folder: join(folder, "journal"),
    timers,
    random,
  });
  reportTornTail(opened, log);
  const { clockConfirmed: confirmed } = settings;
  const open: Opened = { journal: opened.journal };
  try {
    open.index = await openIndexStore({
      folder: join(folder, "index"),
      prefer: settings.index,
      log: ({ event, engine, message }) => log.warn({ event, engine }, message),
    });
    open.watch = await watchDisk({ disk, folder, reserveBytes: settings.diskReserveBytes }, log);
    return await openEngine({
      diskWatch: open.watch,
      journal: open.journal,
      journalKind: settings.journal,
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
      retentionMsMax: settings.retentionMsMax,
      clockConfirmedMs: confirmed === "" ? undefined : Date.parse(confirmed),
    });
  } catch (error) {
    await closeAll(open);
    throw error;
  }
}

interface Opened {
  readonly journal: Journal;
  index?: IndexStore;
  watch?: DiskWatch;
}

async function watchDisk(
  options: Pick<DiskSpaceOptions, "disk" | "folder"> & { readonly reserveBytes: number },
  log: Logger,
): Promise<DiskWatch> {
  const { reserveBytes } = options;
  const space = await DiskSpace.watch({
    ...options,
    timers,
    onChange: (isLow, freeBytes) => {
      const facts = { event: "disk_space", free_bytes: freeBytes, reserve_bytes: reserveBytes };
      if (isLow) log.error(facts, "the disk is nearly full: nothing new is stored");
      else log.info(facts, "the disk has room again");
    },
    onError: (error) => log.warn({ err: error }, "the disk does not say how much is free"),
  });
  return {
    get isLow() {
      return space.isLow;
    },
    reserveBytes,
    noteWritten: (bytes) => space.noteWritten(bytes),
    close: () => space.close(),
  };
}

async function closeAll({ journal, index, watch }: Opened): Promise<void> {
  watch?.close();
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
