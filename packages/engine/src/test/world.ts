import { type IndexStore, type MemoryCrash, MemoryStore } from "@opendxa/pubsub-index-store";
import type { Journal } from "@opendxa/pubsub-journal";
import {
  type Delivery,
  decodeBatch,
  encodeBatch,
  type Notice,
  type OutgoingEvent,
  Priority,
  PublishFrame,
  SubscribeOpen,
  SubscriptionSettings,
  type Verdicts,
} from "@opendxa/pubsub-protocol";
import {
  type CrashMode,
  MachineDisk,
  SeededRandom,
  SimulatedDisk,
  VirtualClock,
} from "@opendxa/pubsub-simulated";
import type { Consumer, ConsumerSink, Engine } from "../engine-api.js";
import { openSimulated } from "../simulated.js";

/** A received event, as tests compare it. */
export interface Received {
  readonly id: string;
  readonly offset: bigint;
  readonly attempt: number;
  readonly lease: bigint;
  readonly sequence: bigint;
  readonly index: number;
}

/** Where and as what a test publishes. */
export interface Place {
  readonly topic: string;
  readonly partition?: number;
  readonly correlationId?: string;
  /** Bytes of the data at least. */
  readonly bytes?: number;
  /** Ordering key of every event. */
  readonly orderingKey?: string | undefined;
  /** When its events expire, milliseconds since the Unix epoch. */
  readonly expireMs?: number | undefined;
  /** Lane. */
  readonly priority?: Priority | undefined;
  /** Scheduled so many milliseconds from now. */
  readonly aheadMs?: number | undefined;
}

function withoutFlush(store: MemoryStore): IndexStore {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "flush") return () => Promise.resolve(false);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A journal whose segments are small has to have small entries. */
function smallLimits(segmentBytes: number) {
  const half = segmentBytes / 2;
  return { segmentBytes, entryBytesMax: half, commitBytesMax: half, rewriteBytesMin: 256 };
}

/** A consumer that keeps what it gets. */
export class Inbox implements ConsumerSink {
  readonly received: Received[] = [];
  /** What came, in order: `verdicts`, or the id of an event. */
  readonly log: string[] = [];
  readonly verdictsSeen: Verdicts[] = [];
  readonly ends: Error[] = [];
  readonly notices: Notice[] = [];
  isOpen = true;

  deliver(delivery: Delivery): boolean {
    for (const { batch, selected, ...rest } of delivery.batches) {
      if (batch === undefined) throw new Error("a delivery without a batch");
      for (const event of decodeBatch(batch, { selected })) {
        const index = rest.firstIndex + Number(event.offset - batch.baseOffset);
        const { attempt, lease, sequence } = rest;
        this.log.push(event.id);
        this.received.push({ id: event.id, offset: event.offset, attempt, lease, sequence, index });
      }
    }
    return this.isOpen;
  }

  verdicts(verdicts: Verdicts): void {
    this.log.push("verdicts");
    this.verdictsSeen.push(verdicts);
  }

  notice(notice: Notice): void {
    this.notices.push(notice);
  }

  end(error: Error): void {
    this.ends.push(error);
  }

  get ids(): string[] {
    return this.received.map(({ id }) => id);
  }
}

/** What differs from a usual broker. */
export interface WorldOptions {
  /** Size of a segment of the journal, in bytes. */
  readonly segmentBytes?: number;
  /** The index promises nothing about its durability, as LevelDB. */
  readonly isIndexNeverFlushed?: boolean;
  /** Longest retention, in milliseconds. */
  readonly retentionMsMax?: number;
  /** A disk that is there. */
  readonly disk?: SimulatedDisk;
  /** Folder of the namespace. */
  readonly folder?: string;
  /** What comes between journal and engine. */
  readonly around?: (journal: Journal) => Journal;
}

/** The real engine on a simulated disk and a virtual clock, with an index in memory. */
export class World {
  readonly clock = new VirtualClock(1_800_000_000_000);
  readonly disk: SimulatedDisk;
  readonly warnings: string[] = [];
  index: IndexStore;
  journal: Journal | undefined;
  /** The disk as the engine sees it. */
  readonly watch = {
    isLow: false,
    reserveBytes: 512,
    noteWritten: () => undefined,
    close: () => undefined,
  };
  #engine: Engine | undefined;
  #settlements = 0n;
  #memory = MemoryStore.create();
  #life = 0;
  readonly #options: WorldOptions;

  readonly #folder: string;

  constructor(seed = 1, options: WorldOptions = {}) {
    this.#options = options;
    this.disk = options.disk ?? new SimulatedDisk({ seed });
    this.#folder = options.folder ?? "/data";
    this.index = MemoryStore.create();
    this.#useIndex(this.#memory);
  }

  get engine(): Engine {
    if (this.#engine === undefined) throw new Error("the engine is not open");
    return this.#engine;
  }

  async open(clockConfirmedMs?: number): Promise<Engine> {
    const { clock, index } = this;
    const { segmentBytes, retentionMsMax, around } = this.#options;
    const { engine, journal } = await openSimulated({
      disk: new MachineDisk(this.disk),
      folder: this.#folder,
      index,
      clock,
      timers: this.#timers(),
      random: new SeededRandom(5),
      limits: segmentBytes === undefined ? undefined : smallLimits(segmentBytes),
      around,
      engine: {
        log: { warn: (message) => this.warnings.push(message), info: () => undefined },
        retentionMsMax,
        diskWatch: this.watch,
        clockConfirmedMs,
      },
    });
    this.journal = journal;
    this.#engine = engine;
    return engine;
  }

  /** Ends everything without a word, as a power cut does, and starts again. */
  async powerCut(mode: CrashMode, index: "kept" | "lost" | MemoryCrash = "lost"): Promise<Engine> {
    this.disk.crash({ mode });
    if (index === "lost") this.#useIndex(MemoryStore.create());
    else if (index !== "kept") this.#useIndex((await this.#memory.crash(index)).store);
    return this.open();
  }

  #useIndex(memory: MemoryStore): void {
    this.#memory = memory;
    this.index = this.#options.isIndexNeverFlushed === true ? withoutFlush(memory) : memory;
  }

  /** Timers that a power cut ends. */
  #timers() {
    this.#life += 1;
    const life = this.#life;
    return {
      setTimer: (callback: () => void, delayMs: number) =>
        this.clock.setTimer(() => {
          if (this.#life === life) callback();
        }, delayMs),
      clearTimer: (timer: unknown) => this.clock.clearTimer(timer),
    };
  }

  publish(topic: string, ...ids: string[]): Promise<bigint> {
    return this.publishTo({ topic }, ...ids);
  }

  async publishTo(place: Place, ...ids: string[]): Promise<bigint> {
    const { topic, partition = 0, correlationId = "c", bytes = 0 } = place;
    const { priority = Priority.UNSPECIFIED, aheadMs, orderingKey, expireMs } = place;
    const expireTimeUnixMs = expireMs === undefined ? undefined : BigInt(expireMs);
    const events: OutgoingEvent[] = ids.map((id) => ({
      id,
      expireTimeUnixMs,
      type: "test.event",
      correlationId,
      orderingKey,
      data: Buffer.from(id.padEnd(bytes, ".")),
    }));
    const batch = encodeBatch({ topic, partition, events, defaults: { source: "/test" } });
    const scheduled = aheadMs === undefined ? undefined : BigInt(this.clock.now() + aheadMs);
    const sent = { ...batch, priority, deliverTimeUnixMs: scheduled };
    const [result] = await this.engine.publish(PublishFrame.create({ batches: [sent] }));
    if (result === undefined || result.refusal !== undefined) {
      throw new Error(`refused: ${result?.refusal?.message}`);
    }
    return result.baseOffset;
  }

  async join(
    subscription: string,
    inbox: Inbox,
    settings?: Partial<SubscriptionSettings>,
  ): Promise<Consumer> {
    const open = SubscribeOpen.create({
      subscription,
      settings: settings && SubscriptionSettings.create(settings),
      credit: { bytes: 1_000_000n, events: 1_000 },
    });
    return this.engine.subscribe(open, inbox);
  }

  ack(consumer: Consumer, events: readonly Received[]): void {
    this.#settlements += 1n;
    consumer.settle({
      number: this.#settlements,
      acks: events.map(({ lease, sequence, index }) => ({
        lease,
        sequence,
        ranges: [{ first: index, last: index }],
      })),
      nacks: [],
      extensions: [],
    });
  }

  nack(consumer: Consumer, event: Received, delayMs: number): void {
    this.#settlements += 1n;
    const { lease, sequence, index } = event;
    const events = { lease, sequence, ranges: [{ first: index, last: index }] };
    consumer.settle({
      number: this.#settlements,
      acks: [],
      nacks: [{ events, delayMs, reason: "test" }],
      extensions: [],
    });
  }
}

/** Lets virtual time pass in small steps, and what it starts run, until the condition holds. */
export async function passUntil(
  clock: VirtualClock,
  condition: () => boolean | Promise<boolean>,
  stepMs = 1_000,
): Promise<void> {
  for (let step = 0; step < 2_000; step++) {
    if (await condition()) return;
    clock.advance(stepMs);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("the condition never held");
}

/** Lets all that is ready run until the condition holds; throws when it never does. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000; turn++) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("the condition never held");
}
