/**
 * For tests: the real engine on a disk, a clock and an index that a test holds in its hands, and the
 * state that an index holds as text.
 *
 * @packageDocumentation
 */
import type { IndexStore } from "@opendxa/pubsub-index-store";
import {
  type Disk,
  type Journal,
  type JournalLimits,
  openSegmentJournal,
  type Timers,
} from "@opendxa/pubsub-journal";
import type { Engine } from "./engine-api.js";
import { type OpenEngineOptions, openEngine } from "./open-engine.js";

/** Engine options that a test may choose; the rest follows from its {@link SimulatedPlace}. */
type ChosenOptions = Partial<
  Omit<OpenEngineOptions, "journal" | "journalKind" | "index" | "disk" | "checkpointFolder">
>;

/** What an engine of a test stands on. */
export interface SimulatedPlace {
  /** The file system. */
  readonly disk: Disk;
  /** The namespace's folder, directly below `/` where it is not there yet. */
  readonly folder: string;
  /** The index. */
  readonly index: IndexStore;
  /** The machine's clock. */
  readonly clock: OpenEngineOptions["clock"];
  /** Timers of journal and engine. */
  readonly timers: Timers;
  /** Chance of journal and engine. */
  readonly random: { bytes(length: number): Uint8Array; nextFloat(): number };
  /** Bounds of the journal that differ from the defaults. */
  readonly limits?: Partial<JournalLimits> | undefined;
  /** How the journal is opened. Default: as a broker does, with every checksum compared. */
  readonly openJournal?: typeof openSegmentJournal | undefined;
  /** What comes between journal and engine: negative controls. */
  readonly around?: ((journal: Journal) => Journal) | undefined;
  /** Further options of the engine. */
  readonly engine?: ChosenOptions;
}

/** Opens journal and engine on what the disk holds. Rejects as a broker would refuse to start. */
export async function openSimulated(
  place: SimulatedPlace,
): Promise<{ readonly engine: Engine; readonly journal: Journal }> {
  const { disk, folder, index, clock, timers, random } = place;
  if (!(await disk.exists(folder))) {
    await disk.mkdir(folder);
    await disk.syncDirectory("/");
  }
  const open = place.openJournal ?? openSegmentJournal;
  const { journal, recovery } = await open({
    disk,
    folder: `${folder}/journal`,
    timers,
    random: { bytes: (length) => random.bytes(length) },
    ...(place.limits === undefined ? {} : { limits: place.limits }),
  });
  const engine = await openEngine({
    journal: place.around?.(journal) ?? journal,
    journalKind: "segments",
    index,
    disk,
    checkpointFolder: `${folder}/checkpoints`,
    clock,
    timers,
    random: { float: () => random.nextFloat() },
    log: { warn: () => undefined, info: () => undefined },
    version: "test",
    tornBytes: recovery.tornBytes,
    ...place.engine,
  });
  return { engine, journal };
}

/**
 * All state and payload indexes that an index holds, one `key=hexadecimal value` a line: without the
 * engine's own keys and the namespace's counters, which every start changes.
 */
export async function dumpState(index: IndexStore): Promise<string[]> {
  const lines: string[] = [];
  for await (const { key, value } of index.iterate({})) {
    if (!key.startsWith("!") && key !== "ns") {
      lines.push(`${key}=${Buffer.from(value).toString("hex")}`);
    }
  }
  return lines;
}
