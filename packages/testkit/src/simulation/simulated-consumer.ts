import {
  AckAndPublishRequest,
  type DeliveredBatch,
  DeliveryOrder,
  decodeBatch,
  type Settlement,
  SettlementKind,
  Settlement as SettlementMessage,
  StartPosition,
  SubscribeOpen,
  SubscriptionSettings,
  Verdict,
  type Verdicts,
} from "@opendxa/pubsub-protocol";
import type { NetworkEnd, NetworkHandler, SeededRandom } from "@opendxa/pubsub-simulated";
import { Heartbeat } from "./heartbeat.js";
import {
  ACK_DEADLINE_MS,
  EXTEND_MS,
  LATE_OUTPUT_SHARE,
  LONG_HANDLING_MS,
  LONG_SHARE,
  OUTPUT_SHARE,
  RETRY_MS,
} from "./limits.js";
import type { ConsumerHears, ConsumerSays } from "./messages.js";
import type { BrokerWorld, SimulatedBroker } from "./simulated-broker.js";
import type { ProcessHistory } from "./simulated-history.js";
import { SimulatedOutputs } from "./simulated-outputs.js";
import type { SimulatedSubscription, SimulatedTopic, SimulationPlan } from "./simulation-plan.js";

/** An event that a consumer holds. */
interface Held {
  readonly topic: string;
  readonly source: string;
  readonly id: string;
  readonly key: string | undefined;
  readonly lease: bigint;
  readonly sequence: bigint;
  readonly index: number;
  /** As far as this consumer knows; moved by what it asks for, and by the answer to it. */
  leaseEndMs: number;
}

function isBehind(a: Held, b: Held): boolean {
  return a.sequence === b.sequence ? a.index > b.index : a.sequence > b.sequence;
}

interface Said {
  readonly of: "ack" | "nack" | "extend";
  readonly held: Held;
  /** Of an extension, in milliseconds. */
  readonly deadlineMs?: number;
}

const KINDS = {
  ack: SettlementKind.ACK,
  nack: SettlementKind.NACK,
  extend: SettlementKind.EXTENSION,
} as const;

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
  readonly #outputs: SimulatedOutputs;
  readonly #unanswered = new Map<bigint, readonly Said[]>();
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
      readonly name: string;
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
    const { random, fault } = parts.world;
    this.#outputs = new SimulatedOutputs({
      topic: parts.plan.topics[0] as SimulatedTopic,
      source: parts.name,
      history: parts.history,
      random: random.fork(),
      fault,
    });
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
    } else if (heard.is === "output") {
      this.#outputs.answered(heard.number, heard.reply);
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
    this.#outputs.forget();
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
    const isLong = this.#random.nextBoolean(LONG_SHARE);
    const handlingMs = this.#random.nextFloat() * (isLong ? LONG_HANDLING_MS : 300);
    this.#inSession(handlingMs, () => this.#handle(line));
    if (isLong && this.#random.nextBoolean()) {
      this.#inSession(handlingMs * this.#random.nextFloat(), () => this.#extend(line));
    }
  }

  /** After a time, unless the stream ends before. */
  #inSession(ms: number, act: () => void): void {
    const session = this.#session;
    this.#world.clock.setTimer(() => {
      if (session === this.#session && this.#end !== undefined) act();
    }, ms);
  }

  /** Keeps the event in handling longer, or all that waits behind it too. */
  #extend(line: string): void {
    const queue = this.#queues.get(line) ?? [];
    const extended = this.#random.nextBoolean() ? queue : queue.slice(0, 1);
    if (extended.length === 0) return;
    const deadlineMs = EXTEND_MS[this.#random.nextInt(0, EXTEND_MS.length - 1)] as number;
    const said = extended.map((held) => ({ of: "extend", held, deadlineMs }) as const);
    for (const { held } of said) {
      this.#history.write({ k: "extend", ...this.#names(held), deadline: deadlineMs });
      this.#prolong(held, deadlineMs);
    }
    const extensions = extended.map((held) => ({ events: rangeOf(held), deadlineMs }));
    this.#send(said, { extensions });
  }

  /** Never shortens: the broker may not have heard of it, and an end that is thought too late harms nobody. */
  #prolong(held: Held, deadlineMs: number): void {
    const endMs = this.#world.clock.now() + (deadlineMs || ACK_DEADLINE_MS);
    held.leaseEndMs = Math.max(held.leaseEndMs, endMs);
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
    if (of === "ack" && !this.#isGentle && this.#isOutput(held)) {
      this.#publishWith(held);
      return;
    }
    this.#history.write({ k: of, ...this.#names(held) });
    const events = rangeOf(held);
    const nack = { events, delayMs: undefined, reason: "by chance" };
    this.#send([{ of, held }], of === "ack" ? { acks: [events] } : { nacks: [nack] });
  }

  /** More often when it comes late, where neither the ack nor the event may count. */
  #isOutput({ leaseEndMs }: Held): boolean {
    const isLate = this.#world.clock.now() > leaseEndMs;
    return this.#random.nextBoolean(isLate ? LATE_OUTPUT_SHARE : OUTPUT_SHARE);
  }

  #publishWith(held: Held): void {
    const { number, frame } = this.#outputs.begin(this.#names(held));
    const acks = [rangeOf(held)];
    const { sub: subscription } = this.#subscription;
    const request = AckAndPublishRequest.create({ subscription, acks, frame });
    this.#end?.send({ is: "output", number, request });
  }

  #send(said: readonly Said[], items: Partial<Settlement>): void {
    this.#settlements += 1n;
    this.#unanswered.set(this.#settlements, said);
    const settlement = SettlementMessage.create({ number: this.#settlements, ...items });
    this.#end?.send({ is: "settlement", settlement });
  }

  #answered({ throughNumber, exceptions }: Verdicts): void {
    for (const [number, said] of this.#unanswered) {
      if (number > throughNumber) return;
      this.#unanswered.delete(number);
      for (const { of, held, deadlineMs } of said) {
        const exception = exceptions.find(
          ({ events, kind, number: named }) =>
            named === number &&
            kind === KINDS[of] &&
            events?.lease === held.lease &&
            events.ranges.some(({ first, last }) => first <= held.index && held.index <= last),
        );
        const verdict = verdictOf(exception?.verdict);
        this.#history.write({ k: "verdict", ...this.#names(held), of, verdict });
        if (deadlineMs !== undefined && verdict === "settled") this.#prolong(held, deadlineMs);
      }
    }
  }
}

function rangeOf({ lease, sequence, index }: Held) {
  return { lease, sequence, ranges: [{ first: index, last: index }] };
}

function verdictOf(verdict: Verdict | undefined): "settled" | "stale" | "unknown" {
  if (verdict === undefined) return "settled";
  return verdict === Verdict.STALE ? "stale" : "unknown";
}
