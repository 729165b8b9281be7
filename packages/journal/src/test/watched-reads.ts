import { SimulatedDisk } from "@opendxa/pubsub-simulated";
import {
  type Disk,
  type DiskFile,
  type JournalLimits,
  type OpenMode,
  openSegmentJournal,
} from "../index.js";
import { withMethod } from "./crash-trace.js";
import { FOLDER } from "./journal-subjects.js";

/** A journal on a simulated disk, each of whose reads waits for `before`, which is told the path. */
export async function watchedReads(
  limits: Partial<JournalLimits>,
  before: (path: string) => Promise<void>,
) {
  const disk = new SimulatedDisk({ seed: 1 });
  const open = async (path: string, mode: OpenMode): Promise<DiskFile> => {
    const file = await disk.open(path, mode);
    return withMethod<DiskFile>(file, "read", async (buffer: Uint8Array, position: number) => {
      await before(path);
      return await file.read(buffer, position);
    });
  };
  const { journal } = await openSegmentJournal({
    disk: withMethod<Disk>(disk, "open", open),
    folder: FOLDER,
    timers: { setTimer: () => undefined, clearTimer: () => undefined },
    random: { bytes: (length) => new Uint8Array(length).fill(7) },
    limits,
  });
  return { disk, journal };
}
