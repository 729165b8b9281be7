import {
  type DeliveredBatch,
  DeliveryOrder,
  decodeBatch,
  type Settlement,
  Settlement as SettlementMessage,
  StartPosition,
  SubscribeOpen,
  SubscriptionSettings,
  Verdict,
  type Verdicts,
} from "@opendxa/pubsub-protocol";
import type { NetworkEnd, NetworkHandler, SeededRandom } from "@opendxa/pubsub-simulated";
import { Heartbeat } from "./heartbeat.js";
import { ACK_DEADLINE_MS, RETRY_MS } from "./limits.js";
import type { ConsumerHears, ConsumerSays } from "./messages.js";
import type { BrokerWorld, SimulatedBroker } from "./simulated-broker.js";
import type { ProcessHistory } from "./simulated-history.js";
import type { SimulatedSubscription, SimulationPlan } from "./simulation-plan.js";

/** An event that a consumer holds. */
interface Held {
  readonly topic: string;
  readonly source: string;
  readonly id: string;
  readonly key: string | undefined;
  readonly lease: bigint;
  readonly sequence: bigint;
  readonly index: number;
  readonly leaseEndMs: number;
}

function isBehind(a: Held, b: Held): boolean {
  return a.sequence === b.sequence ? a.index > b.index : a.sequence > b.sequence;
}

interface Said {
  readonly of: "ack" | "nack";
  readonly held: Held;
}

/** A consumer that handles the events of a key one after another and others at will. */
export class SimulatedConsumer implements NetworkHandler<ConsumerHears> {
  readonly #world: BrokerWorld;
  readonly #broker: SimulatedBroker;
  readonly #plan: SimulationPlan;
  readonly #subscription: SimulatedSubscription;
  readonly #history: ProcessHistory;
  readonly #random: SeededRandom;
  /** Events in handling or waiting for it, by what they wait for: their key, or nothing. */
  readonly #queues = new Map<string, Held[]>();
  /** Events of a key that were dropped unsettled: what lies behind them is not finished before. */
  readonly #dropped = new Map<string, readonly Held[]>();
  readonly #unanswered = new Map<bigint, Said[]>();
  #settlements = 0n;
  #end: NetworkEnd<ConsumerSays> | undefined;
  #heartbeat: Heartbeat | undefined;
  #session = 0;
  #epoch: number | undefined;
  #isHeld = false;
  #isGentle = false;
  /** When something was delivered last, on the steady clock. */
  deliveredAtMs = 0;

  constructor(
    subscription: SimulatedSubscription,
    parts: {
      readonly world: BrokerWorld;
      readonly broker: SimulatedBroker;
      readonly plan: SimulationPlan;
      readonly history: ProcessHistory;
    },
  ) {
    this.#subscription = subscription;
    this.#world = parts.world;
    this.#broker = parts.broker;
    this.#plan = parts.plan;
    this.#history = parts.history;
    this.#random = parts.world.random.fork();
  }

  /** Connects and consumes, unless it does. */
  start(): void {
    this.#isHeld = false;
    if (this.#end === undefined) this.#connect();
  }

  /** Acks everything from now on: what is left is to be drained. */
  beGentle(): void {
    this.#isGentle = true;
  }

  /** Leaves in order; comes back with `start`. */
  leave(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    if (this.#end === undefined) return;
    this.#history.write({ k: "closing", sub: this.#subscription.sub });
    this.#forget();
    this.#heartbeat?.stop();
    this.#end.close();
    this.#end = undefined;
  }

  message(heard: ConsumerHears): void {
    this.#heartbeat?.heard();
    if (heard.is === "delivery") {
      for (const batch of heard.delivery.batches) this.#take(batch);
    } else if (heard.is === "verdicts") {
      this.#answered(heard.verdicts);
    } else if (heard.is === "opened") {
      this.#epoch = heard.subscription.epoch;
    }
  }

  ended(): void {
    this.#heartbeat?.stop();
    if (this.#end === undefined) return;
    this.#end = undefined;
    this.#history.write({ k: "lost", sub: this.#subscription.sub });
    this.#forget();
    if (!this.#isHeld) {
      this.#world.clock.setTimer(
        () => {
          if (!this.#isHeld && this.#end === undefined) this.#connect();
        },
        50 + this.#random.nextFloat() * 1_500,
      );
    }
  }

  #connect(): void {
    const { sub, topics, order, attemptsMax } = this.#subscription;
    this.#session += 1;
    this.#settlements = 0n;
    this.#history.write({ k: "opened", sub });
    const end = this.#world.network.connect(this.#broker.consumers, this);
    this.#end = end;
    this.#heartbeat = new Heartbeat(this.#world.clock, {
      beat: () => end.send({ is: "heartbeat" }),
      silent: () => {
        end.close();
        this.ended();
      },
    });
    const settings = SubscriptionSettings.create({
      patterns: [...topics],
      start: StartPosition.create({ position: { $case: "earliest", value: true } }),
      ackDeadlineMs: ACK_DEADLINE_MS,
      retry: { minMs: RETRY_MS.min, maxMs: RETRY_MS.max },
      order: order === "key" ? DeliveryOrder.KEY : DeliveryOrder.NONE,
      attemptsMax,
    });
    const credit = { bytes: 1_000_000_000n, events: this.#random.nextInt(1, 40) };
    end.send({
      is: "open",
      open: SubscribeOpen.create({ subscription: sub, settings, credit }),
    });
  }

  /** The stream is over: nothing that is held counts any more, and no answer will come. */
  #forget(): void {
    this.#queues.clear();
    this.#dropped.clear();
    for (const said of this.#unanswered.values()) {
      for (const { of, held } of said) {
        this.#history.write({ k: "verdict", ...this.#names(held), of, verdict: "lost" });
      }
    }
    this.#unanswered.clear();
  }

  #take({ batch, selected, lease, sequence, firstIndex, attempt, leaseEndUnixMs }: DeliveredBatch) {
    if (batch === undefined) return;
    this.deliveredAtMs = this.#world.clock.steady();
    for (const event of decodeBatch(batch, { selected })) {
      const index = firstIndex + event.index;
      const { topic, source, id, orderingKey: key } = event;
      const leaseEndMs = Number(leaseEndUnixMs);
      const held: Held = { topic, source, id, key, lease, sequence, index, leaseEndMs };
      this.#history.write({
        k: "delivered",
        ...this.#names(held),
        partition: event.partition,
        offset: Number(event.offset),
        attempt,
        leaseEnd: leaseEndMs,
        sequence: Number(sequence),
        index,
        epoch: this.#epoch,
      });
      this.#enqueue(held);
    }
  }

  #names({ topic, source, id, key, lease }: Held) {
    return { topic, source, id, key, sub: this.#subscription.sub, lease: String(lease) };
  }

  #enqueue(held: Held): void {
    const line = this.#lineOf(held);
    if (this.#isBehindDropped(line, held)) return;
    const queue = this.#queues.get(line);
    // What comes again had been given back with all behind it: those leases are over.
    const before = queue?.filter((each) => isBehind(held, each)) ?? [];
    this.#queues.set(line, [...before, held]);
    if (queue === undefined) this.#handleLater(line);
  }

  /** It is dropped too: it comes again behind the dropped ones, when their leases end. */
  #isBehindDropped(line: string, held: Held): boolean {
    const dropped = this.#dropped.get(line);
    if (dropped === undefined) return false;
    const now = this.#world.clock.now();
    // What comes again had been given back, and so had all behind it.
    const before = dropped.filter((each) => isBehind(held, each) && now <= each.leaseEndMs);
    if (before.length === 0) this.#dropped.delete(line);
    else this.#dropped.set(line, [...before, held]);
    return before.length > 0;
  }

  #drop(line: string, events: readonly Held[]): void {
    this.#queues.delete(line);
    if (events.length > 0) this.#dropped.set(line, events);
  }

  #lineOf({ topic, key, sequence, index }: Held): string {
    return this.#subscription.order === "key" && key !== undefined
      ? `${topic} ${key}`
      : `${sequence} ${index} ${this.#random.nextUint32()}`;
  }

  #handleLater(line: string): void {
    const session = this.#session;
    const handlingMs = this.#random.nextFloat() * (this.#random.nextBoolean(0.02) ? 6_000 : 300);
    this.#world.clock.setTimer(() => {
      if (session !== this.#session || this.#end === undefined) return;
      this.#handle(line);
    }, handlingMs);
  }

  #handle(line: string): void {
    const queue = this.#queues.get(line);
    const held = queue?.shift();
    if (queue === undefined || held === undefined) return;
    const chance = this.#random.nextFloat();
    const { nackShare, forgetShare } = this.#plan;
    const isGivenUp = this.#isPoisoned(held) || (!this.#isGentle && chance < nackShare);
    const isForgotten = !this.#isGentle && !isGivenUp && chance > 1 - forgetShare;
    if (!isForgotten) this.#settle(isGivenUp ? "nack" : "ack", held);
    // What comes behind a failed event of its key is not handled: it will be delivered again.
    if (isForgotten) this.#drop(line, [held, ...queue]);
    else if (isGivenUp || queue.length === 0) this.#drop(line, queue);
    else this.#handleLater(line);
  }

  #isPoisoned({ id }: Held): boolean {
    const { poisonedOf } = this.#plan;
    if (poisonedOf === 0 || this.#subscription.attemptsMax === 0) return false;
    return Number(id.slice(id.lastIndexOf("-") + 1)) % poisonedOf === 0;
  }

  #settle(of: "ack" | "nack", held: Held): void {
    const { lease, sequence, index } = held;
    this.#settlements += 1n;
    this.#history.write({ k: of, ...this.#names(held) });
    this.#unanswered.set(this.#settlements, [{ of, held }]);
    const events = { lease, sequence, ranges: [{ first: index, last: index }] };
    const settlement: Settlement = SettlementMessage.create({
      number: this.#settlements,
      acks: of === "ack" ? [events] : [],
      nacks: of === "nack" ? [{ events, delayMs: undefined, reason: "by chance" }] : [],
    });
    this.#end?.send({ is: "settlement", settlement });
  }

  #answered({ throughNumber, exceptions }: Verdicts): void {
    for (const [number, said] of this.#unanswered) {
      if (number > throughNumber) return;
      this.#unanswered.delete(number);
      for (const { of, held } of said) {
        const exception = exceptions.find(
          ({ events }) =>
            events?.lease === held.lease &&
            events.ranges.some(({ first, last }) => first <= held.index && held.index <= last),
        );
        const verdict = verdictOf(exception?.verdict);
        this.#history.write({ k: "verdict", ...this.#names(held), of, verdict });
      }
    }
  }
}

function verdictOf(verdict: Verdict | undefined): "settled" | "stale" | "unknown" {
  if (verdict === undefined) return "settled";
  return verdict === Verdict.STALE ? "stale" : "unknown";
}
