import type { Consumer, Engine } from "@opendxa/pubsub-engine";
import { openSimulated } from "@opendxa/pubsub-engine/simulated";
import { MemoryStore } from "@opendxa/pubsub-index-store";
import { PubSubError } from "@opendxa/pubsub-protocol";
import {
  CRASH_MODES,
  type Listener,
  MachineDisk,
  type NetworkEnd,
  type NetworkHandler,
  type SeededRandom,
  SimulatedDisk,
  type SimulatedNetwork,
  type VirtualClock,
} from "@opendxa/pubsub-simulated";
import { Heartbeat } from "./heartbeat.js";
import { DISK_MS, SEGMENT_BYTES } from "./limits.js";
import type { ConsumerHears, ConsumerSays, PublisherHears, PublisherSays } from "./messages.js";

/** What a simulated broker lives in. */
export interface BrokerWorld {
  /** Time. */
  readonly clock: VirtualClock;
  /** Chance. */
  readonly random: SeededRandom;
  /** Connections. */
  readonly network: SimulatedNetwork;
  /** Told of what never may happen. */
  readonly fault: (what: string) => void;
}

const INDEX_FATES = ["kept", "suffix", "hole", "deleted"] as const;

/** The real engine on a simulated machine, with sessions of publishers and consumers over a network. */
export class SimulatedBroker {
  readonly #world: BrokerWorld;
  readonly #disk: SimulatedDisk;
  #index = MemoryStore.create();
  #engine: Engine | undefined;
  #crashed = signal();

  /** A machine with an empty disk, switched off. */
  constructor(world: BrokerWorld) {
    this.#world = world;
    this.#disk = new SimulatedDisk({ seed: world.random.nextUint32() });
  }

  /** The running engine, if it runs. */
  get engine(): Engine | undefined {
    return this.#engine;
  }

  /** Resolves when the machine ends that runs now: what was asked of it may stay without an answer. */
  get crashed(): Promise<void> {
    return this.#crashed.promise;
  }

  /** Starts on what the disk holds. */
  async start(): Promise<Engine> {
    const { clock, random } = this.#world;
    const [least, most] = DISK_MS;
    const disk = new MachineDisk(
      this.#disk,
      () =>
        new Promise((resolve) => {
          clock.setTimer(resolve, least + random.nextFloat() * (most - least));
        }),
    );
    const { engine } = await openSimulated({
      disk,
      folder: "/data",
      index: this.#index,
      clock: { now: () => Math.floor(clock.now()), steady: () => clock.steady() },
      timers: clock,
      random,
      limits: { segmentBytes: SEGMENT_BYTES },
    });
    this.#engine = engine;
    return engine;
  }

  /** The machine ends without a word, and with it all connections. */
  async crash(): Promise<void> {
    const { network, random } = this.#world;
    const pick = <T>(list: readonly T[]) => list[random.nextInt(0, list.length - 1)] as T;
    this.#engine = undefined;
    this.#crashed.resolve();
    this.#crashed = signal();
    network.resetAll();
    this.#disk.crash({ mode: pick(CRASH_MODES) });
    const fate = pick(INDEX_FATES);
    if (fate === "deleted") this.#index = MemoryStore.create();
    else if (fate !== "kept") {
      const seed = random.nextUint32();
      this.#index = (await this.#index.crash({ seed, mode: fate })).store;
    }
  }

  /** Takes publishers. */
  readonly publishers: Listener<PublisherSays, PublisherHears> = (end) =>
    this.#engine === undefined
      ? refused(end)
      : new PublishSession(end, this.#sessionParts(this.#engine));

  /** Takes consumers. */
  readonly consumers: Listener<ConsumerSays, ConsumerHears> = (end) =>
    this.#engine === undefined
      ? refused(end)
      : new ConsumeSession(end, this.#sessionParts(this.#engine));

  #sessionParts(engine: Engine): SessionParts {
    const { clock } = this.#world;
    return { engine, clock, failed: (error) => this.#noteFailure(engine, error) };
  }

  /** What a client may ask again for is of the world, and so is what an engine says that has crashed. */
  #noteFailure(engine: Engine, error: unknown): void {
    if (engine !== this.#engine) return;
    const isPubSub = error instanceof PubSubError;
    // No disk fails here but with its machine.
    if (isPubSub && error.retryable && error.reason !== "STORAGE_FAILED") return;
    const what = error instanceof Error ? error.stack : String(error);
    this.#world.fault(`the broker failed a client: ${what}`);
  }
}

function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function refused(end: NetworkEnd<never>): NetworkHandler<unknown> {
  end.close();
  return { message: () => undefined, ended: () => undefined };
}

/** What a stream of a client works with. */
interface SessionParts {
  readonly engine: Engine;
  readonly clock: VirtualClock;
  /** Told of every request that fails as a whole. */
  readonly failed: (error: unknown) => void;
}

/** One stream of a publisher. */
class PublishSession implements NetworkHandler<PublisherSays> {
  readonly #engine: Engine;
  readonly #end: NetworkEnd<PublisherHears>;
  readonly #heartbeat: Heartbeat;
  readonly #failed: (error: unknown) => void;

  constructor(end: NetworkEnd<PublisherHears>, { engine, clock, failed }: SessionParts) {
    this.#engine = engine;
    this.#end = end;
    this.#failed = failed;
    this.#heartbeat = new Heartbeat(clock, {
      beat: () => end.send({ is: "heartbeat" }),
      silent: () => end.close(),
    });
  }

  message(said: PublisherSays): void {
    this.#heartbeat.heard();
    // What is refused as a whole ends the stream, as the contract says of retriable faults.
    this.#take(said).catch((error: unknown) => {
      this.#failed(error);
      this.#end.close();
    });
  }

  ended(): void {
    this.#heartbeat.stop();
  }

  async #take(said: PublisherSays): Promise<void> {
    if (said.is === "open") {
      const epoch = await this.#engine.openProducer(said.producerId);
      this.#end.send({ is: "opened", epoch });
    } else if (said.is === "frame") {
      const results = await this.#engine.publish(said.frame);
      this.#end.send({ is: "ack", number: said.number, results });
    }
  }
}

/** One stream of a consumer. */
class ConsumeSession implements NetworkHandler<ConsumerSays> {
  readonly #engine: Engine;
  readonly #end: NetworkEnd<ConsumerHears>;
  readonly #heartbeat: Heartbeat;
  readonly #failed: (error: unknown) => void;
  #consumer: Consumer | undefined;
  #isOver = false;

  constructor(end: NetworkEnd<ConsumerHears>, { engine, clock, failed }: SessionParts) {
    this.#engine = engine;
    this.#end = end;
    this.#failed = failed;
    this.#heartbeat = new Heartbeat(clock, {
      beat: () => end.send({ is: "heartbeat" }),
      silent: () => this.#close(),
    });
  }

  message(said: ConsumerSays): void {
    this.#heartbeat.heard();
    if (said.is === "open") this.#open(said).catch((error: unknown) => this.#fail(error));
    else if (said.is === "settlement") this.#consumer?.settle(said.settlement);
    else if (said.is === "output") this.#output(said).catch((error: unknown) => this.#fail(error));
    else if (said.is === "credit") this.#consumer?.credit({ bytes: said.bytes, events: 0 });
  }

  ended(): void {
    this.#close();
  }

  async #open({ open }: Extract<ConsumerSays, { is: "open" }>): Promise<void> {
    const early: ConsumerHears[] = [];
    const say = (message: ConsumerHears) => {
      if (this.#consumer === undefined) early.push(message);
      else this.#end.send(message);
    };
    const consumer = await this.#engine.subscribe(open, {
      deliver: (delivery) => {
        say({ is: "delivery", delivery });
        return true;
      },
      verdicts: (verdicts) => say({ is: "verdicts", verdicts }),
      notice: (notice) => say({ is: "notice", notice }),
      end: () => this.#close(),
    });
    this.#end.send({ is: "opened", subscription: consumer.subscription });
    for (const message of early) this.#end.send(message);
    this.#consumer = consumer;
    if (this.#isOver) consumer.close();
  }

  async #output({ number, request }: Extract<ConsumerSays, { is: "output" }>): Promise<void> {
    const reply = await this.#engine.ackAndPublish(request);
    this.#end.send({ is: "output", number, reply });
  }

  #fail(error: unknown): void {
    this.#failed(error);
    this.#close();
  }

  #close(): void {
    this.#isOver = true;
    this.#heartbeat.stop();
    this.#consumer?.close();
    this.#end.close();
  }
}
