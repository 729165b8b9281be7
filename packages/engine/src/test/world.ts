import { type IndexStore, MemoryStore } from "@opendxa/pubsub-index-store";
import { JOURNAL_LIMITS, openSegmentJournal } from "@opendxa/pubsub-journal";
import {
  type Delivery,
  decodeBatch,
  encodeBatch,
  type Notice,
  type OutgoingEvent,
  PublishFrame,
  SubscribeOpen,
  SubscriptionSettings,
  type Verdicts,
} from "@opendxa/pubsub-protocol";
import {
  type CrashMode,
  SeededRandom,
  SimulatedDisk,
  VirtualClock,
} from "@opendxa/pubsub-simulated";
import type { Consumer, ConsumerSink, Engine } from "../engine-api.js";
import { openEngine } from "../open-engine.js";

/** A received event, as tests compare it. */
export interface Received {
  readonly id: string;
  readonly offset: bigint;
  readonly attempt: number;
  readonly lease: bigint;
  readonly sequence: bigint;
  readonly index: number;
}

/** A consumer that keeps what it gets. */
export class Inbox implements ConsumerSink {
  readonly received: Received[] = [];
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
        this.received.push({ id: event.id, offset: event.offset, attempt, lease, sequence, index });
      }
    }
    return this.isOpen;
  }

  verdicts(verdicts: Verdicts): void {
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

/** Where a world lies, other than usual. */
export interface WorldPlace {
  /** A disk that is there. */
  readonly disk?: SimulatedDisk;
  /** Folder of the namespace. */
  readonly folder?: string;
  /** Bytes of a segment. */
  readonly segmentBytes?: number;
}

/** The real engine on a simulated disk and a virtual clock, with an index in memory. */
export class World {
  readonly clock = new VirtualClock(1_800_000_000_000);
  readonly disk: SimulatedDisk;
  readonly warnings: string[] = [];
  index: IndexStore;
  #engine: Engine | undefined;
  #settlements = 0n;

  readonly #folder: string;
  readonly #segmentBytes: number;

  constructor(seed = 1, place: WorldPlace = {}) {
    this.disk = place.disk ?? new SimulatedDisk({ seed });
    this.#folder = place.folder ?? "/data";
    this.#segmentBytes = place.segmentBytes ?? JOURNAL_LIMITS.segmentBytes;
    this.index = MemoryStore.create();
  }

  get engine(): Engine {
    if (this.#engine === undefined) throw new Error("the engine is not open");
    return this.#engine;
  }

  async open(): Promise<Engine> {
    const { clock, disk } = this;
    const random = new SeededRandom(5);
    if (!(await disk.exists("/data"))) {
      await disk.mkdir("/data");
      await disk.syncDirectory("/");
    }
    const { journal, recovery } = await openSegmentJournal({
      disk,
      folder: `${this.#folder}/journal`,
      timers: clock,
      random: { bytes: (length) => random.bytes(length) },
      limits: { segmentBytes: this.#segmentBytes },
    });
    this.#engine = await openEngine({
      journal,
      index: this.index,
      disk,
      checkpointFolder: `${this.#folder}/checkpoints`,
      clock,
      timers: clock,
      random: { float: () => random.nextFloat() },
      log: { warn: (message) => this.warnings.push(message), info: () => undefined },
      version: "test",
      tornBytes: recovery.tornBytes,
    });
    return this.#engine;
  }

  /** Ends everything without a word, as a power cut does, and starts again. */
  async powerCut(mode: CrashMode, index: "kept" | "lost" = "lost"): Promise<Engine> {
    this.disk.crash({ mode });
    if (index === "lost") this.index = MemoryStore.create();
    return this.open();
  }

  async publish(topic: string, ...ids: string[]): Promise<bigint> {
    const events: OutgoingEvent[] = ids.map((id) => ({
      id,
      type: "test.event",
      correlationId: "c",
      data: Buffer.from(id),
    }));
    const batch = encodeBatch({ topic, partition: 0, events, defaults: { source: "/test" } });
    const [result] = await this.engine.publish(PublishFrame.create({ batches: [batch] }));
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

/** Lets all that is ready run until the condition holds; throws when it never does. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000; turn++) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("the condition never held");
}
