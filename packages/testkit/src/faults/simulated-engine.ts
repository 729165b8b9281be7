import type { Engine } from "@opendxa/pubsub-engine";
import { openSimulated } from "@opendxa/pubsub-engine/simulated";
import { MemoryStore } from "@opendxa/pubsub-index-store";
import { DiskSpace, type Journal, type Timers } from "@opendxa/pubsub-journal";
import { openUncheckedJournal } from "@opendxa/pubsub-journal/unchecked";
import {
  type CrashMode,
  MachineDisk,
  SeededRandom,
  SimulatedDisk,
  VirtualClock,
} from "@opendxa/pubsub-simulated";
import { type Defects, defectiveIndex, defectiveJournal, defectiveTimers } from "./defects.js";
import { Efforts } from "./efforts.js";
import { EntryTime } from "./entry-time.js";
import { copyOf, forgeChain, type IndexFate } from "./index-fate.js";
import {
  QUIET_TURNS,
  RESERVE_BYTES,
  REWRITE_BYTES_MIN,
  SEGMENT_BYTES,
  SLOW_TURNS_MAX,
} from "./limits.js";
import { RetentionPromise } from "./retention-promise.js";
import { HABITS, type Habit } from "./topics.js";
import { turns, turnsUntil } from "./turns.js";
import { Witness } from "./witness.js";

/** Folder of the namespace. */
export const DATA_FOLDER = "/data";
/**
 * The real engine on the real journal code, on a disk, a clock and an index of the simulated world;
 * and what its users know.
 */
export class SimulatedEngine {
  /** The disk. */
  readonly disk: SimulatedDisk;
  /** The clock; `pass` and `jump` move it. */
  readonly clock = new VirtualClock(1_800_000_000_000);
  /** What users know of the broker's time. */
  readonly time = new EntryTime(this.clock);
  /** What users know. */
  readonly witness = new Witness();
  /** What retention may have dropped. */
  readonly promise = new RetentionPromise(this.witness, this.time);
  /** Where its users publish. */
  readonly habit: Habit;
  /** What was gone through so far. */
  readonly efforts = new Efforts();
  /** The index; another one after each crash. */
  index = MemoryStore.create();
  /** What operators were told. */
  readonly warnings: string[] = [];
  /** The journal failed and the engine said so. */
  hasFailed = false;
  #older = MemoryStore.create();
  readonly #random: SeededRandom;
  readonly #defects: Defects;
  #engine: Engine | undefined;
  #journal: Journal | undefined;
  #space: DiskSpace | undefined;
  #isClosed = false;

  /** Makes a machine with an empty disk. */
  constructor(seed: number, defects: Defects = {}) {
    this.#random = new SeededRandom(seed ^ 0x5eed);
    this.habit = HABITS[seed % HABITS.length] ?? "everywhere";
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

  /** Less than the reserve is free, and that was noticed. */
  get isLow(): boolean {
    return this.#space?.isLow === true;
  }

  /** Starts on what the disk holds. Rejects as a broker would refuse to start. */
  async open(isSlow = false): Promise<Engine> {
    const slowness = new SeededRandom(this.#random.nextUint32());
    const wait = () => turns(slowness.nextInt(0, SLOW_TURNS_MAX));
    const disk = new MachineDisk(this.disk, isSlow ? wait : undefined);
    if (this.#defects.noChainCheck === true) await forgeChain(this.index);
    const timers = defectiveTimers(this.#timers(), this.#defects);
    const space = await DiskSpace.watch({ disk, folder: "/", timers, reserveBytes: RESERVE_BYTES });
    const diskWatch = {
      get isLow() {
        return space.isLow;
      },
      reserveBytes: RESERVE_BYTES,
      noteWritten: (bytes: number) => space.noteWritten(bytes),
      close: () => space.close(),
    };
    this.hasFailed = false;
    const opening = openSimulated({
      disk,
      folder: DATA_FOLDER,
      index: defectiveIndex(this.index, this.#defects),
      clock: this.clock,
      timers,
      random: this.#random,
      limits: { segmentBytes: SEGMENT_BYTES, rewriteBytesMin: REWRITE_BYTES_MIN },
      openJournal: this.#defects.noChecksum === true ? openUncheckedJournal : undefined,
      around: (opened) => defectiveJournal(opened, this.#defects),
      engine: {
        log: { warn: (text, facts) => this.#warned(text, facts), info: () => undefined },
        diskWatch: this.#defects.noReserve === true ? undefined : diskWatch,
        clockConfirmedMs: this.#defects.noDoubt === true ? this.clock.now() : undefined,
      },
    });
    const { engine, journal } = await opening.catch((error: unknown) => {
      this.time.mayHaveStarted();
      throw error;
    });
    void engine.failed.then(() => {
      if (this.#engine === engine) this.hasFailed = true;
    });
    this.#engine = engine;
    this.#journal = journal;
    this.#space = space;
    this.time.started();
    this.promise.timePassed();
    // Executions may have closed meanwhile: what they held may go now.
    this.promise.grew();
    return engine;
  }

  /** Time passes, for the machine and for those outside. */
  pass(ms: number): void {
    this.clock.advance(ms);
    this.time.passed(ms);
    this.promise.timePassed();
  }

  /** The wall clock jumps while nobody runs; may be negative. */
  jumpWhileOff(ms: number): void {
    this.promise.timePassed();
    this.clock.jump(ms);
  }

  /** The wall clock jumps under the running engine; may be negative. */
  jump(ms: number): void {
    this.promise.timePassed();
    this.clock.jump(ms);
    this.time.jumped(ms);
    // Executions may have closed: what they held may go now.
    this.promise.grew();
  }

  /** The machine ends without a word. After an orderly end the index was closed: it may lose a suffix. */
  async crash(mode: CrashMode, index: IndexFate): Promise<void> {
    this.#noteEfforts();
    this.disk.crash({ mode });
    const seed = this.#random.nextUint32();
    const fate = index === "kept" && this.#isClosed ? "suffix" : index;
    if (fate === "deleted") this.index = MemoryStore.create();
    else if (fate === "older") this.index = await copyOf(this.#older);
    else if (fate !== "kept") this.index = (await this.index.crash({ seed, mode: fate })).store;
    this.#engine = undefined;
    this.#journal = undefined;
    this.#isClosed = false;
  }

  /** Keeps a copy of the index as it is, which `older` brings back. */
  async keepIndex(): Promise<void> {
    this.#older = await copyOf(this.index);
  }

  /** Resolves when nothing is journalled any more and the index holds all; answers false if never. */
  async settled(): Promise<boolean> {
    let quietTurns = 0;
    let newest = -1n;
    let operations = -1;
    return await turnsUntil(() => {
      const { durableSequence, indexedSequence } = this.engine.stats();
      const isQuiet =
        durableSequence === newest &&
        indexedSequence === newest &&
        operations === this.disk.operations;
      quietTurns = isQuiet ? quietTurns + 1 : 0;
      newest = durableSequence;
      operations = this.disk.operations;
      return quietTurns > QUIET_TURNS;
    });
  }

  /** Resolves when the disk has nothing to do. */
  async quiet(): Promise<void> {
    let quietTurns = 0;
    let operations = -1;
    await turnsUntil(() => {
      quietTurns = operations === this.disk.operations ? quietTurns + 1 : 0;
      operations = this.disk.operations;
      return quietTurns > QUIET_TURNS;
    });
  }

  /** Whether the machine still has power. */
  get isAlive(): boolean {
    try {
      this.disk.check(this.disk.generation, "exists", "/");
      return true;
    } catch {
      return false;
    }
  }

  /** Ends in order. */
  async close(): Promise<void> {
    await this.engine.close();
    this.#noteEfforts();
    this.#engine = undefined;
    this.#journal = undefined;
    this.#isClosed = true;
  }

  #warned(text: string, facts: Readonly<Record<string, unknown>>): void {
    this.warnings.push([text, ...Object.values(facts)].join("; "));
  }

  /** Timers end with their machine. */
  #timers(): Timers {
    const { generation } = this.disk;
    return {
      setTimer: (callback, delayMs) =>
        this.clock.setTimer(() => {
          if (this.disk.generation === generation) callback();
        }, delayMs),
      clearTimer: (timer) => this.clock.clearTimer(timer),
    };
  }

  #noteEfforts(): void {
    this.efforts.disk(this.disk.trace);
    if (this.#engine === undefined || this.#journal === undefined) return;
    this.efforts.engine(this.#engine.stats(), this.#journal);
  }
}
