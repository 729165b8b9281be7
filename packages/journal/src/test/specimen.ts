import { SeededRandom, type SimulatedDisk } from "@opendxa/pubsub-simulated";
import {
  type JournalFault,
  type JournalLimits,
  type SalvageReport,
  salvageJournal,
  verifyJournal,
} from "../index.js";
import { FOLDER, idle, one, SMALL, simulated } from "./journal-subjects.js";

/** Where a specimen is salvaged to. */
export const SALVAGED = "/data/default/salvaged";
/** Entries of a specimen. */
export const SPECIMEN_LAST = 22n;
/** Entries of a specimen that its rewritten segment no longer has. */
export const SPECIMEN_GONE: readonly bigint[] = [1n, 2n, 4n];

/** What an entry of a specimen holds. */
export function specimenPayload(sequence: bigint): Uint8Array {
  return new Uint8Array(sequence > 13n ? 40 : 1900).fill(Number(sequence));
}

/**
 * A journal with a rewritten segment (1 to 4, of which 3 is left), a sealed one with notes of
 * forgotten entries (5 to 8, 6 is forgotten and there), a sealed one (9 to 12) and a newest one
 * with commits of two entries; closed.
 */
export async function specimen(): Promise<SimulatedDisk> {
  const { journal, disk } = await simulated();
  const parts = (sequence: bigint) => ({ parts: [specimenPayload(sequence)] });
  for (let sequence = 1n; sequence <= 13n; sequence += 1n) await journal.append([parts(sequence)]);
  for (let sequence = 14n; sequence <= SPECIMEN_LAST; sequence += 2n) {
    const pair = [sequence, sequence + 1n].filter((each) => each <= SPECIMEN_LAST);
    await journal.append(pair.map(parts));
  }
  await journal.forget([...SPECIMEN_GONE, 6n].map(one));
  await idle();
  await journal.close();
  return disk;
}

/** Everything that verification finds. */
export async function findings(disk: SimulatedDisk, folder = FOLDER): Promise<JournalFault[]> {
  const found: JournalFault[] = [];
  for await (const each of verifyJournal({ disk, folder })) found.push(each);
  return found;
}

/** Salvages a specimen. */
export function salvage(
  disk: SimulatedDisk,
  options: {
    lastSequenceMin?: bigint;
    journalId?: Uint8Array;
    limits?: Partial<JournalLimits>;
  } = {},
): Promise<SalvageReport> {
  return salvageJournal({
    disk,
    from: FOLDER,
    to: SALVAGED,
    random: new SeededRandom(9),
    limits: SMALL,
    ...options,
  });
}
