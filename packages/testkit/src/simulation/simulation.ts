import { rmSync } from "node:fs";
import type { Engine } from "@opendxa/pubsub-engine";
import { TopicSettings } from "@opendxa/pubsub-protocol";
import { SeededRandom, SimulatedNetwork, VirtualClock } from "@opendxa/pubsub-simulated";
import { turn } from "../faults/turns.js";
import { checkHistory } from "../history/checker/check-history.js";
import type { HistoryFigures } from "../history/checker/figures.js";
import {
  ACCOUNT_EVERY_MS,
  ACT_EVERY_MS,
  DRAIN_MS_MAX,
  LATENCY_MS,
  QUIET_MS,
  STEPS_MAX,
} from "./limits.js";
import { readStored } from "./read-stored.js";
import { type BrokerWorld, SimulatedBroker } from "./simulated-broker.js";
import { SimulatedConsumer } from "./simulated-consumer.js";
import { type ProcessHistory, SimulatedHistory } from "./simulated-history.js";
import { SimulatedOperator } from "./simulated-operator.js";
import { SimulatedPublisher } from "./simulated-publisher.js";
import { planSimulation, recordedSubscription, type SimulationPlan } from "./simulation-plan.js";

/** What one seed showed. */
export interface SimulationRun {
  /** What never may happen; empty when all is well. */
  readonly faults: readonly string[];
  /** What the run did; absent when it never came to its end. */
  readonly figures: HistoryFigures | undefined;
  /** Everything that all processes noted. */
  readonly history: string;
  /** Where the history lies, when something is wrong. */
  readonly folder: string | undefined;
}

/**
 * Lets publishers and consumers work on the real engine in a simulated world in which time, disk,
 * network and chance follow from the seed, while brokers end and connections break; then judges the
 * history of it by the same checker as that of real processes.
 */
export async function simulate(seed: number): Promise<SimulationRun> {
  return await new Simulation(seed).run();
}

class Simulation {
  readonly #seed: number;
  readonly #random: SeededRandom;
  readonly #plan: SimulationPlan;
  readonly #faults: string[] = [];
  readonly #clock = new VirtualClock(1_800_000_000_000);
  readonly #history = new SimulatedHistory(() => Math.floor(this.#clock.now()));
  readonly #notes: ProcessHistory;
  readonly #operator: SimulatedOperator;
  readonly #network: SimulatedNetwork;
  readonly #broker: SimulatedBroker;
  readonly #publishers: readonly SimulatedPublisher[];
  readonly #consumers: readonly SimulatedConsumer[];
  #isStarting = false;
  #isStriking = true;
  #starts = 0;
  #steps = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
    this.#plan = planSimulation(this.#random);
    this.#notes = this.#history.process("operator", "operator");
    this.#network = new SimulatedNetwork({
      clock: this.#clock,
      random: this.#random.fork(),
      latencyMs: LATENCY_MS,
    });
    const world: BrokerWorld = {
      clock: this.#clock,
      random: this.#random.fork(),
      network: this.#network,
      fault: (what) => this.#faults.push(what),
    };
    this.#broker = new SimulatedBroker(world);
    const shared = { world, broker: this.#broker, plan: this.#plan };
    this.#operator = new SimulatedOperator({ ...shared, history: this.#notes });
    this.#publishers = Array.from({ length: this.#plan.publishers }, (_, i) => {
      const history = this.#history.process("publisher", `p${i}`);
      return new SimulatedPublisher(`p${i}`, { ...shared, history });
    });
    this.#consumers = this.#plan.subscriptions.flatMap((subscription) =>
      Array.from({ length: subscription.consumers }, (_, i) => {
        const name = `c-${subscription.sub}-${i}`;
        const history = this.#history.process("consumer", name);
        return new SimulatedConsumer(subscription, { ...shared, name, history });
      }),
    );
  }

  async run(): Promise<SimulationRun> {
    try {
      await this.#live();
    } catch (error) {
      this.#faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    const { folder, paths } = this.#history.save(this.#seed);
    const { figures, violations } = await checkHistory(paths);
    for (const { rule, place, about, what } of violations) {
      this.#faults.push(`${rule} at ${place.file}:${place.line}: ${about}: ${what}`);
    }
    const isRight = this.#faults.length === 0;
    if (isRight) rmSync(folder, { recursive: true });
    return {
      faults: this.#faults,
      figures,
      history: this.#history.text,
      folder: isRight ? undefined : folder,
    };
  }

  async #live(): Promise<void> {
    await this.#startBroker();
    for (const topic of this.#plan.topics) await this.#createTopic(topic);
    for (const subscription of this.#plan.subscriptions) {
      this.#notes.write(recordedSubscription(subscription));
    }
    for (const publisher of this.#publishers) publisher.start();
    for (const consumer of this.#consumers) consumer.start();
    this.#scheduleStrikes();
    const endMs = this.#clock.steady() + this.#plan.durationMs;
    await this.#stepWhile(() => this.#clock.steady() < endMs);
    await this.#drain();
    await this.#readAll();
  }

  /** A time that the seed decides, again and again. */
  #every(meanMs: number, strike: () => void): void {
    this.#clock.setTimer(
      () => {
        if (!this.#isStriking) return;
        strike();
        this.#every(meanMs, strike);
      },
      this.#random.nextFloat() * 2 * meanMs,
    );
  }

  #scheduleStrikes(): void {
    const { brokerCrash, reset, silence, slow, leave } = this.#plan.strikes;
    this.#every(ACCOUNT_EVERY_MS, () => void this.#operator.account());
    this.#every(ACT_EVERY_MS, () => void this.#operator.act());
    this.#every(brokerCrash, () => void this.#crash().catch((error) => this.#failed(error)));
    this.#every(reset, () => this.#network.resetOne());
    this.#every(silence, () => this.#network.silenceOne());
    this.#every(slow, () => this.#network.slowOne(this.#random.nextFloat() * 3_000));
    this.#every(leave, () => {
      const consumer = this.#consumers[this.#random.nextInt(0, this.#consumers.length - 1)];
      consumer?.leave();
      this.#clock.setTimer(() => consumer?.start(), 100 + this.#random.nextFloat() * 5_000);
    });
  }

  async #crash(): Promise<void> {
    if (this.#isStarting) return;
    this.#isStarting = true;
    this.#notes.write({ k: "kill", what: "broker" });
    await this.#broker.crash();
    const downMs = this.#random.nextFloat() * 3_000;
    await new Promise<void>((resolve) => this.#clock.setTimer(resolve, downMs));
    await this.#startBroker();
    this.#isStarting = false;
    // What a checkpoint and the tail behind it say, before anything else happens.
    void this.#operator.account();
  }

  async #startBroker(): Promise<void> {
    this.#starts += 1;
    const started = this.#broker.start();
    let engine: Engine | undefined;
    void started.then((opened) => (engine = opened)).catch(() => undefined);
    if (this.#starts === 1) await this.#stepWhile(() => engine === undefined);
    await started;
    this.#notes.write({ k: "start", what: "broker", number: this.#starts });
  }

  async #createTopic({ topic, partitions }: SimulationPlan["topics"][number]): Promise<void> {
    this.#notes.write({ k: "topic", topic, partitions });
    const settings = TopicSettings.create({ partitions });
    await this.#stepped(this.#engine.createTopic(topic, settings));
  }

  get #engine(): Engine {
    const { engine } = this.#broker;
    if (engine === undefined) throw new Error("the broker does not run");
    return engine;
  }

  #failed(error: unknown): void {
    this.#faults.push(`the broker does not start: ${error instanceof Error ? error.stack : error}`);
    this.#isStarting = false;
    this.#isStriking = false;
  }

  async #drain(): Promise<void> {
    this.#isStriking = false;
    // One credit over a slow connection would take longer than draining may.
    this.#network.hastenAll();
    for (const publisher of this.#publishers) publisher.stop();
    for (const consumer of this.#consumers) consumer.beGentle();
    const endMs = this.#clock.steady() + DRAIN_MS_MAX;
    await this.#stepWhile(() => {
      const now = this.#clock.steady();
      if (now > endMs) throw new Error("the world is never drained");
      const isPublishing = this.#publishers.some((publisher) => !publisher.isIdle);
      const newest = Math.max(...this.#consumers.map(({ deliveredAtMs }) => deliveredAtMs));
      return this.#isStarting || isPublishing || !this.#operator.isIdle || now - newest < QUIET_MS;
    });
    for (const consumer of this.#consumers) consumer.leave();
    for (const publisher of this.#publishers) publisher.close();
  }

  async #readAll(): Promise<void> {
    await this.#stepped(this.#operator.account());
    await this.#stepped(readStored(this.#engine, this.#plan, this.#notes));
    this.#notes.write({ k: "end", drained: true });
  }

  /** Lets the world go on until a promise of it is settled. */
  async #stepped<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    work.then(over, over);
    await this.#stepWhile(() => !isOver);
    return await work;
  }

  async #stepWhile(condition: () => boolean): Promise<void> {
    for (; condition(); this.#steps += 1) {
      if (this.#steps > STEPS_MAX) throw new Error(`more than ${STEPS_MAX} steps: it hangs`);
      await turn();
      if (condition()) this.#clock.runNext();
    }
  }
}
