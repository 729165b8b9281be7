import { type IndexStore, MemoryStore } from "@opendxa/pubsub-index-store";
import { SeededRandom, type SimulatedDisk, VirtualClock } from "@opendxa/pubsub-simulated";
import { type MakeBackupOptions, makeBackup } from "../backup.js";
import type { BackupManifest } from "../backup-manifest.js";
import { restoreBackup } from "../restore.js";

/** Folder of backups in tests; the data folder is `/`, with the namespace `data`. */
export const BACKUP = "/backup";
/** Folder that backups are restored to. */
export const RESTORED = "/restored";

const log = { warn: () => undefined, info: () => undefined };
const random = () => {
  const source = new SeededRandom(11);
  return { bytes: (length: number) => source.bytes(length) };
};

/** Timers for waiting on a broker whose clock is this one: waiting moves it on. */
export function movingOn(clock: VirtualClock): MakeBackupOptions["timers"] {
  return {
    setTimer(callback, delayMs) {
      clock.advance(delayMs);
      setImmediate(callback);
      return undefined;
    },
    clearTimer: () => undefined,
  };
}

async function withIndex<Result>(use: (index: IndexStore) => Promise<Result>): Promise<Result> {
  const index = MemoryStore.create();
  try {
    return await use(index);
  } finally {
    await index.close();
  }
}

/** Backs the namespace `data` of a simulated disk up. */
export function backUp(
  disk: SimulatedDisk,
  options: Partial<MakeBackupOptions> = {},
): Promise<BackupManifest> {
  const clock = new VirtualClock();
  return makeBackup({
    disk,
    from: "",
    to: BACKUP,
    namespaces: ["data"],
    timers: clock,
    random: random(),
    clock,
    brokerVersion: "test",
    quietly: (run) => run(true),
    withIndex,
    log,
    ...options,
  });
}

/** Restores that backup. */
export function restore(disk: SimulatedDisk, from = BACKUP): Promise<BackupManifest> {
  return restoreBackup({
    disk,
    from,
    to: RESTORED,
    timers: new VirtualClock(),
    random: random(),
    openIndex: async () => MemoryStore.create(),
    log,
  });
}
