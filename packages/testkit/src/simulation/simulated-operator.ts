import type { Engine } from "@opendxa/pubsub-engine";
import { PubSubError } from "@opendxa/pubsub-protocol";
import type { SeededRandom } from "@opendxa/pubsub-simulated";
import { ASK_AGAIN_MS, PAUSE_MS_MAX, SEEK_SHARE } from "./limits.js";
import type { BrokerWorld, SimulatedBroker } from "./simulated-broker.js";
import type { ProcessHistory } from "./simulated-history.js";
import type { SimulationPlan } from "./simulation-plan.js";

/** What an operator does to a subscription. */
const ACTS = ["pause", "skip", "release", "seek"] as const;

/** An answer, and whether an earlier request may have been carried out without one. */
interface Answered<T> {
  readonly answer: T;
  readonly wasRepeated: boolean;
}

/** Somebody beside the broker who asks it where every event is, and acts on its subscriptions. */
export class SimulatedOperator {
  readonly #world: BrokerWorld;
  readonly #broker: SimulatedBroker;
  readonly #plan: SimulationPlan;
  readonly #history: ProcessHistory;
  readonly #random: SeededRandom;
  #isActing = false;

  constructor(parts: {
    readonly world: BrokerWorld;
    readonly broker: SimulatedBroker;
    readonly plan: SimulationPlan;
    readonly history: ProcessHistory;
  }) {
    this.#world = parts.world;
    this.#broker = parts.broker;
    this.#plan = parts.plan;
    this.#history = parts.history;
    this.#random = parts.world.random.fork();
  }

  /** Nothing that it began is unfinished. */
  get isIdle(): boolean {
    return !this.#isActing;
  }

  /** Notes where all events of all subscriptions are; of a broker that ends meanwhile, nothing. */
  async account(): Promise<void> {
    for (const { sub } of this.#plan.subscriptions) await this.#accountOf(sub);
  }

  /** One act, unless an earlier one goes on. */
  async act(): Promise<void> {
    if (this.#isActing) return;
    this.#isActing = true;
    const act = this.#pick(ACTS);
    const { subscriptions } = this.#plan;
    const isOfKeys = act === "skip" || act === "release";
    const { sub } = this.#pick(
      isOfKeys ? subscriptions.filter(({ order }) => order === "key") : subscriptions,
    );
    try {
      if (act === "pause") await this.#pause(sub);
      else if (act === "seek") await this.#seek(sub);
      else await this.#unblock(sub, act);
    } catch (error) {
      if (!isAbsent(error)) this.#world.fault(`an act on ${sub}: ${error}`);
    }
    this.#isActing = false;
  }

  async #pause(name: string): Promise<void> {
    this.#history.write({ k: "pause", sub: name });
    const request = { namespace: "", name, reason: "by an operator" };
    await this.#ask((engine) => engine.pauseSubscription(request));
    this.#history.write({ k: "pause", sub: name, done: true });
    await this.#wait(this.#random.nextFloat() * PAUSE_MS_MAX);
    const asked = this.#now();
    await this.#ask((engine) => engine.resumeSubscription(name));
    this.#history.write({ k: "resume", sub: name, asked });
  }

  /** Brings everything again, seldom: what is settled before and after each is to be judged too. */
  async #seek(name: string): Promise<void> {
    if (!this.#random.nextBoolean(SEEK_SHARE)) return;
    this.#history.write({ k: "seek", sub: name, to: "earliest", epoch: 0 });
    const position = { position: { $case: "earliest", value: true } } as const;
    const target = { $case: "position", value: position } as const;
    const { answer } = await this.#ask((engine) =>
      engine.seekSubscription({ namespace: "", name, target }),
    );
    this.#history.write({ k: "seek", sub: name, to: "earliest", epoch: answer.epoch });
  }

  /** Skips the event that blocks a key, or lets it be tried again at once. */
  async #unblock(subscription: string, act: "skip" | "release"): Promise<void> {
    const page = { namespace: "", subscription, pageSize: 0, pageToken: "" };
    const { keys } = (await this.#ask((engine) => engine.listBlockedKeys(page))).answer;
    if (keys.length === 0) return;
    const blocked = this.#pick(keys);
    const { topic, partition, orderingKey: key, sequence, index } = blocked;
    const named = { namespace: "", subscription };
    if (act === "release") {
      await this.#ask((engine) => engine.releaseKey({ ...named, orderingKey: key, topic }));
      return;
    }
    const range = { ...named, sequence, firstIndex: index, lastIndex: index };
    const { answer: skipped, wasRepeated } = await this.#ask((engine) => engine.skipEvents(range));
    const where = { topic, partition, key, sequence: Number(sequence), first: index, last: index };
    this.#history.write({ k: "skip", sub: subscription, ...where, skipped, unsure: wasRepeated });
  }

  async #accountOf(sub: string): Promise<void> {
    const { engine } = this.#broker;
    if (engine === undefined) return;
    const asked = this.#now();
    try {
      const answer = await engine.getAccounting(sub);
      if (this.#broker.engine !== engine) return;
      this.#history.write({
        k: "accounting",
        sub,
        asked,
        sequence: Number(answer.sequence),
        epoch: answer.epoch,
        entered: Number(answer.entered),
        acked: Number(answer.acked),
        deadLettered: Number(answer.deadLettered),
        expired: Number(answer.expired),
        filtered: Number(answer.filtered),
        skipped: Number(answer.skipped),
        leased: Number(answer.leased),
        waiting: Number(answer.waiting),
        unexamined: Number(answer.unexamined),
      });
    } catch (error) {
      if (this.#broker.engine !== engine || isAbsent(error)) return;
      this.#world.fault(`the accounting of ${sub}: ${error}`);
    }
  }

  /** Asks again after every end of the broker, until there is an answer. */
  async #ask<T>(request: (engine: Engine) => Promise<T>): Promise<Answered<T>> {
    for (let wasAsked = false; ; ) {
      const { engine, crashed } = this.#broker;
      if (engine !== undefined) {
        const wasRepeated = wasAsked;
        wasAsked = true;
        try {
          const answered = request(engine).then((answer) => ({ answer }));
          const first = await Promise.race([answered, crashed]);
          if (first !== undefined && this.#broker.engine === engine) {
            return { ...first, wasRepeated };
          }
        } catch (error) {
          if (this.#broker.engine === engine) throw error;
        }
      }
      await this.#wait(ASK_AGAIN_MS);
    }
  }

  #pick<T>(some: readonly T[]): T {
    return some[this.#random.nextInt(0, some.length - 1)] as T;
  }

  #now(): number {
    return Math.floor(this.#world.clock.now());
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.clock.setTimer(resolve, ms));
  }
}

/** A subscription is created by its first consumer, and a key may go on before it is released. */
function isAbsent(error: unknown): boolean {
  if (!(error instanceof PubSubError)) return false;
  return error.reason === "SUBSCRIPTION_NOT_FOUND" || error.reason === "EVENT_NOT_FOUND";
}
