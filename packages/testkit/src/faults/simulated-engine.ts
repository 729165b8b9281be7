import { type Engine, openEngine } from "@opendxa/pubsub-engine";
import { MemoryStore } from "@opendxa/pubsub-index-store";
import { openSegmentJournal } from "@opendxa/pubsub-journal";
import { openUncheckedJournal } from "@opendxa/pubsub-journal/unchecked";
import {
  type CrashMode,
  SeededRandom,
  SimulatedDisk,
  VirtualClock,
} from "@opendxa/pubsub-simulated";
import { QUIET_TURNS, SEGMENT_BYTES } from "./limits.js";
import { MachineDisk } from "./machine-disk.js";
import { turnsUntil } from "./turns.js";

/** What becomes of the index when the machine ends: it is never synced, so anything may. */
export const INDEX_FATES = ["kept", "suffix", "hole", "deleted"] as const;

/** See `INDEX_FATES`. */
export type IndexFate = (typeof INDEX_FATES)[number];

/** Deliberate defects, each of which the matrix must notice. */
export interface Defects {
  /** `fdatasync` and `fsync` of files do nothing. */
  readonly noFsync?: boolean;
  /** The fsync of directories does nothing. */
  readonly noDirectoryFsync?: boolean;
  /** No checksum of the journal is compared. */
  readonly noChecksum?: boolean;
  /** The chain of the index's batches is believed whatever it says. */
  readonly noChainCheck?: boolean;
}

const MARK = "!mark";
const APPLIED = "!applied";

/** The real engine on the real journal code, on a disk, a clock and an index of the simulated world. */
export class SimulatedEngine {
  /** The disk. */
  readonly disk: SimulatedDisk;
  /** The clock. */
  readonly clock = new VirtualClock(1_800_000_000_000);
  /** The index; another one after each crash. */
  index = MemoryStore.create();
  readonly #random: SeededRandom;
  readonly #defects: Defects;
  #engine: Engine | undefined;
  #isClosed = false;

  /** Makes a machine with an empty disk. */
  constructor(seed: number, defects: Defects = {}) {
    this.#random = new SeededRandom(seed ^ 0x5eed);
    this.#defects = defects;
    const { noFsync = false, noDirectoryFsync = false } = defects;
    this.disk = new SimulatedDisk({
      seed,
      ignoreDatasync: noFsync,
      ignoreDirectorySync: noDirectoryFsync,
    });
  }

  /** The running engine. */
  get engine(): Engine {
    if (this.#engine === undefined) throw new Error("the engine is not open");
    return this.#engine;
  }

  /** Starts on what the disk holds. Rejects as a broker would refuse to start. */
  async open(): Promise<Engine> {
    const { clock } = this;
    const disk = new MachineDisk(this.disk);
    const random = this.#random;
    if (!(await disk.exists("/data"))) {
      await disk.mkdir("/data");
      await disk.syncDirectory("/");
    }
    if (this.#defects.noChainCheck === true) await this.#forgeChain();
    const openJournal = this.#defects.noChecksum ? openUncheckedJournal : openSegmentJournal;
    const { journal, recovery } = await openJournal({
      disk,
      folder: "/data/journal",
      timers: clock,
      random: { bytes: (length) => random.bytes(length) },
      limits: { segmentBytes: SEGMENT_BYTES },
    });
    this.#engine = await openEngine({
      journal,
      journalKind: "segments",
      index: this.index,
      disk,
      checkpointFolder: "/data/checkpoints",
      clock,
      timers: clock,
      random: { float: () => random.nextFloat() },
      log: { warn: () => undefined, info: () => undefined },
      version: "simulated",
      tornBytes: recovery.tornBytes,
    });
    return this.#engine;
  }

  /** The machine ends without a word. After an orderly end the index was closed: it may lose a suffix. */
  async crash(mode: CrashMode, index: IndexFate): Promise<void> {
    this.disk.crash({ mode });
    const seed = this.#random.nextUint32();
    const fate = index === "kept" && this.#isClosed ? "suffix" : index;
    if (fate === "deleted") this.index = MemoryStore.create();
    else if (fate !== "kept") this.index = (await this.index.crash({ seed, mode: fate })).store;
    this.#engine = undefined;
    this.#isClosed = false;
  }

  /** Resolves when nothing is journalled any more and the index holds all; answers false if never. */
  async settled(): Promise<boolean> {
    let quietTurns = 0;
    let newest = -1n;
    return await turnsUntil(() => {
      const { durableSequence, indexedSequence } = this.engine.stats();
      const isQuiet = durableSequence === newest && indexedSequence === newest;
      quietTurns = isQuiet ? quietTurns + 1 : 0;
      newest = durableSequence;
      return quietTurns > QUIET_TURNS;
    });
  }

  /** Ends in order. */
  async close(): Promise<void> {
    await this.engine.close();
    this.#engine = undefined;
    this.#isClosed = true;
  }

  /** Says of the index that all of it is durable, so that nothing below is looked at. */
  async #forgeChain(): Promise<void> {
    const applied = await this.index.get(APPLIED);
    if (applied !== undefined) await this.index.write([{ key: MARK, value: applied }]);
  }
}
