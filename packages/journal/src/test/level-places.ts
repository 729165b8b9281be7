import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom, VirtualClock } from "@opendxa/pubsub-simulated";
import type { JournalSubject } from "../contract.js";
import {
  type JournalError,
  type JournalKind,
  type JournalLimits,
  NodeDisk,
  type OpenedJournal,
  openJournal,
} from "../index.js";
import { SMALL } from "./journal-subjects.js";

/** A folder on the machine's own disk for a journal of either kind. */
export interface RealPlace {
  readonly folder: string;
  readonly failures: JournalError[];
  open(kind: JournalKind, limits?: Partial<JournalLimits>): Promise<OpenedJournal>;
  /** As `open`, in another folder. */
  openAt(
    folder: string,
    kind: JournalKind,
    limits?: Partial<JournalLimits>,
  ): Promise<OpenedJournal>;
  remove(): Promise<void>;
}

export async function realPlace(): Promise<RealPlace> {
  const root = await mkdtemp(join(tmpdir(), "journal-kind-"));
  const folder = join(root, "journal");
  const failures: JournalError[] = [];
  const openAt: RealPlace["openAt"] = (at, kind, limits = SMALL) =>
    openJournal({
      kind,
      folder: at,
      limits,
      disk: new NodeDisk(),
      timers: new VirtualClock(),
      random: new SeededRandom(3),
      onFailure: (error) => failures.push(error),
    });
  return {
    folder,
    failures,
    open: (kind, limits) => openAt(folder, kind, limits),
    openAt,
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

export async function levelSubject(limits: Partial<JournalLimits>): Promise<JournalSubject> {
  const place = await realPlace();
  return {
    open: async () => (await place.open("level", limits)).journal,
    dispose: () => place.remove(),
  };
}
