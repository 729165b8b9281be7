import {
  type BatchResult,
  encodeBatch,
  hasBit,
  Priority,
  PublishFrame,
  partitionForKey,
} from "@opendxa/pubsub-protocol";
import type { NetworkEnd, NetworkHandler, SeededRandom } from "@opendxa/pubsub-simulated";
import { Heartbeat } from "./heartbeat.js";
import {
  DELIVER_MS_MAX,
  EXPIRE_MS_MAX,
  EXPIRING_SHARE,
  FRAMES_IN_FLIGHT,
  SCHEDULED_SHARE,
} from "./limits.js";
import type { PublisherHears, PublisherSays } from "./messages.js";
import type { BrokerWorld, SimulatedBroker } from "./simulated-broker.js";
import type { ProcessHistory } from "./simulated-history.js";
import type { SimulatedTopic, SimulationPlan } from "./simulation-plan.js";

const LANES = { high: Priority.HIGH, normal: Priority.NORMAL, low: Priority.LOW } as const;
type LaneName = keyof typeof LANES;

interface Issued {
  readonly id: string;
  readonly key: string | undefined;
  /** What waits for its time, or may be gone before it is read, has no place in the order of its source. */
  readonly seq: number | undefined;
}

/** Virtual times of a batch's events, in milliseconds. */
interface Times {
  readonly deliver?: number;
  readonly expire?: number;
}

interface IssuedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly lane: LaneName | undefined;
  readonly times: Times;
  readonly events: readonly Issued[];
  readonly baseSequence: bigint;
}

/** An idempotent producer: what is not acknowledged is sent again, in order, under its old sequences. */
export class SimulatedPublisher implements NetworkHandler<PublisherHears> {
  readonly #name: string;
  readonly #world: BrokerWorld;
  readonly #broker: SimulatedBroker;
  readonly #plan: SimulationPlan;
  readonly #history: ProcessHistory;
  readonly #random: SeededRandom;
  readonly #producerId: Uint8Array;
  readonly #sequences = new Map<string, bigint>();
  readonly #numbers = new Map<string, number>();
  #unacked: IssuedBatch[] = [];
  #sent = 0;
  #acked = 0;
  #count = 0;
  #epoch = 0;
  #end: NetworkEnd<PublisherSays> | undefined;
  #heartbeat: Heartbeat | undefined;
  #isStopping = false;

  constructor(
    name: string,
    parts: {
      readonly world: BrokerWorld;
      readonly broker: SimulatedBroker;
      readonly plan: SimulationPlan;
      readonly history: ProcessHistory;
    },
  ) {
    this.#name = name;
    this.#world = parts.world;
    this.#broker = parts.broker;
    this.#plan = parts.plan;
    this.#history = parts.history;
    this.#random = parts.world.random.fork();
    this.#producerId = this.#random.bytes(16);
  }

  /** Everything that was issued is acknowledged. */
  get isIdle(): boolean {
    return this.#unacked.length === 0;
  }

  /** Connects and publishes until it is told to stop. */
  start(): void {
    this.#connect();
    this.#issueLater();
  }

  /** Issues nothing new. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Ends for good. */
  close(): void {
    this.#isStopping = true;
    this.#heartbeat?.stop();
    this.#end?.close();
    this.#end = undefined;
  }

  message(heard: PublisherHears): void {
    this.#heartbeat?.heard();
    if (heard.is === "opened") this.#opened(heard.epoch);
    else if (heard.is === "ack") this.#ackedFrame(heard.results);
  }

  ended(): void {
    this.#heartbeat?.stop();
    this.#end = undefined;
    this.#epoch = 0;
    if (!this.#isStopping || this.#unacked.length > 0) {
      this.#world.clock.setTimer(() => this.#connect(), 50 + this.#random.nextFloat() * 2_000);
    }
  }

  #connect(): void {
    this.#sent = 0;
    this.#acked = 0;
    const end = this.#world.network.connect(this.#broker.publishers, this);
    this.#end = end;
    this.#heartbeat = new Heartbeat(this.#world.clock, {
      beat: () => end.send({ is: "heartbeat" }),
      silent: () => {
        end.close();
        this.ended();
      },
    });
    end.send({ is: "open", producerId: this.#producerId });
  }

  #opened(epoch: number): void {
    this.#epoch = epoch;
    this.#send();
  }

  #ackedFrame(results: readonly BatchResult[]): void {
    const batch = this.#unacked.shift();
    const [result] = results;
    this.#acked += 1;
    if (batch === undefined || result === undefined) {
      this.#world.fault(`${this.#name}: an ack of nothing`);
      return;
    }
    if (result.refusal !== undefined || result.refusals.length > 0) {
      this.#world.fault(`${this.#name}: a sound batch was refused: ${result.refusal?.message}`);
    }
    for (const [i, { id, key }] of batch.events.entries()) {
      const { topic, partition } = batch;
      const duplicate = hasBit(result.duplicates, i) || undefined;
      const scheduled = result.scheduled || undefined;
      const offset = Number(result.baseOffset) + i;
      const event = { topic, source: this.#name, id, key };
      this.#history.write({ k: "acked", ...event, partition, offset, duplicate, scheduled });
    }
    this.#send();
  }

  #issueLater(): void {
    const { clock } = this.#world;
    const delayMs = this.#random.nextFloat() * 2 * this.#plan.publishEveryMs;
    clock.setTimer(() => {
      if (this.#isStopping) return;
      if (this.#unacked.length < 4 * FRAMES_IN_FLIGHT) this.#issue();
      this.#send();
      this.#issueLater();
    }, delayMs);
  }

  #issue(): void {
    const { topics } = this.#plan;
    const planned = topics[this.#random.nextInt(0, topics.length - 1)] as SimulatedTopic;
    const { topic, partitions, keys, hasLanes } = planned;
    const times = keys === 0 ? this.#times() : {};
    const isRegular = Object.keys(times).length === 0;
    const partition = this.#random.nextInt(0, partitions - 1);
    const all = Array.from({ length: keys }, (_, i) => `key-${i}`);
    const own = all.filter((key) => partitionForKey(key, partitions) === partition);
    if (keys > 0 && own.length === 0) return;
    const lane = hasLanes ? this.#lane() : undefined;
    const events = Array.from({ length: this.#random.nextInt(1, 6) }, (): Issued => {
      this.#count += 1;
      const key = keys === 0 ? undefined : own[this.#random.nextInt(0, own.length - 1)];
      const seq = isRegular ? this.#number(`${topic} ${key ?? partition} ${lane}`) : undefined;
      return { id: `${this.#name}-${this.#count}`, key, seq };
    });
    const place = `${topic} ${partition}`;
    const baseSequence = this.#sequences.get(place) ?? 0n;
    this.#sequences.set(place, baseSequence + BigInt(events.length));
    for (const { id, key, seq } of events) {
      const event = { topic, source: this.#name, id, key, seq };
      this.#history.write({ k: "publish", ...event, ...times, priority: lane });
    }
    this.#unacked.push({ topic, partition, lane, times, events, baseSequence });
  }

  #times(): Times {
    const chance = this.#random.nextFloat();
    const after = (mostMs: number) =>
      Math.floor(this.#world.clock.now() + this.#random.nextFloat() * mostMs);
    if (chance < SCHEDULED_SHARE) return { deliver: after(DELIVER_MS_MAX) };
    if (chance > 1 - EXPIRING_SHARE) return { expire: after(EXPIRE_MS_MAX) };
    return {};
  }

  #lane(): LaneName {
    const names = Object.keys(LANES) as LaneName[];
    return names[this.#random.nextInt(0, names.length - 1)] as LaneName;
  }

  /** Order is promised of a source within a key or, without one, a partition, and within a lane. */
  #number(line: string): number {
    const number = (this.#numbers.get(line) ?? 0) + 1;
    this.#numbers.set(line, number);
    return number;
  }

  #send(): void {
    if (this.#epoch === 0) return;
    while (this.#sent - this.#acked < Math.min(FRAMES_IN_FLIGHT, this.#unacked.length)) {
      const batch = this.#unacked[this.#sent - this.#acked] as IssuedBatch;
      this.#sent += 1;
      const frame = PublishFrame.create({ batches: [this.#encode(batch)] });
      this.#end?.send({ is: "frame", number: this.#sent, frame });
    }
  }

  #encode({ topic, partition, lane, times, events, baseSequence }: IssuedBatch) {
    const batch = encodeBatch({
      topic,
      partition,
      events: events.map(({ id, key, seq }) => ({
        id,
        type: "simulated.event",
        orderingKey: key,
        expireTimeUnixMs: times.expire === undefined ? undefined : BigInt(times.expire),
        data: Buffer.from(JSON.stringify({ seq, lane })),
      })),
      defaults: { source: this.#name },
      producer: { id: this.#producerId, epoch: this.#epoch, baseSequence },
      deliverTimeUnixMs: times.deliver === undefined ? undefined : BigInt(times.deliver),
    });
    return lane === undefined ? batch : { ...batch, priority: LANES[lane] };
  }
}
