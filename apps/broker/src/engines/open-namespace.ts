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
  const { opened, index } = await openStores({ disk, folder, settings }, log);
  const { journal } = opened;
  const { clockConfirmed: confirmed } = settings;
  let diskWatch: DiskWatch | undefined;
  try {
    const { diskReserveBytes: reserveBytes } = settings;
    diskWatch = await watchDisk({ disk, folder, reserveBytes }, journal, log);
    return await openEngine({
      diskWatch,
      journal,
      journalKind: settings.journal,
      index,
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
    diskWatch?.close();
    // The error that led here is the one to report, not one of closing.
    await Promise.allSettled([index.close(), journal.close()]);
    throw error;
  }
}

interface Stores {
  readonly disk: NodeDisk;
  readonly folder: string;
  readonly settings: NamespaceSettings;
}

/**
 * Opens journal and index at the same time: each mostly waits for the disk, and neither looks at the
 * other. Where both are refused, the journal's refusal is told, as it is the truth.
 */
async function openStores(
  { disk, folder, settings }: Stores,
  log: Logger,
): Promise<{ readonly opened: OpenedJournal; readonly index: IndexStore }> {
  const [opened, index] = await Promise.allSettled([
    openJournal({
      kind: settings.journal,
      disk,
      folder: join(folder, "journal"),
      timers,
      random,
    }),
    openIndexStore({
      folder: join(folder, "index"),
      prefer: settings.index,
      log: ({ event, engine, message }) => log.warn({ event, engine }, message),
    }),
  ]);
  if (opened.status === "fulfilled") reportTornTail(opened.value, log);
  if (opened.status === "fulfilled" && index.status === "fulfilled") {
    return { opened: opened.value, index: index.value };
  }
  // The error that led here is the one to report, not one of closing.
  if (opened.status === "fulfilled") await opened.value.journal.close().catch(() => undefined);
  if (index.status === "fulfilled") await index.value.close().catch(() => undefined);
  throw opened.status === "rejected" ? opened.reason : (index as PromiseRejectedResult).reason;
}

async function watchDisk(
  options: Pick<DiskSpaceOptions, "disk" | "folder"> & { readonly reserveBytes: number },
  journal: Journal,
  log: Logger,
): Promise<DiskWatch> {
  const { reserveBytes } = options;
  const space = await DiskSpace.watch({
    ...options,
    timers,
    onChange: (isLow, freeBytes) => {
      journal.noteSpace(isLow);
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
