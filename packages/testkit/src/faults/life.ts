import type { Consumer, ConsumerSink, Engine } from "@opendxa/pubsub-engine";
import {
  decodeBatch,
  Execution,
  encodeBatch,
  FeedbackEvent,
  PublishFrame,
  StartPosition,
  SubmitFeedbackRequest,
  SubscribeOpen,
  SubscriptionSettings,
  type Verdicts,
} from "@opendxa/pubsub-protocol";
import type { SeededRandom } from "@opendxa/pubsub-simulated";
import { STEPS_OF_LIFE } from "./limits.js";
import type { SimulatedEngine } from "./simulated-engine.js";
import { turn } from "./turns.js";
import { eventKey, type IssuedEvent, type UnansweredBatch, type Witness } from "./witness.js";

/** Topics of a life: one without, one with an index of single events. */
export const TOPICS = ["orders", "poet/functions/detect_drift/execution"] as const;
/** Subscription of a life, on all of its topics. */
export const SUBSCRIPTION = "learner";

const PRODUCER = new Uint8Array(16).fill(9);
const CHECKPOINT_MS = 10_000;

interface Leased {
  readonly key: string;
  readonly lease: bigint;
  readonly sequence: bigint;
  readonly index: number;
}

/** A consumer that keeps what it gets until a step settles it. */
class Inbox implements ConsumerSink {
  readonly leased: Leased[] = [];
  readonly received: string[] = [];
  readonly #onVerdicts: (verdicts: Verdicts) => void;

  constructor(onVerdicts: (verdicts: Verdicts) => void) {
    this.#onVerdicts = onVerdicts;
  }

  deliver: ConsumerSink["deliver"] = ({ batches }) => {
    for (const { batch, selected, lease, sequence, firstIndex } of batches) {
      if (batch === undefined) throw new Error("a delivery without a batch");
      for (const event of decodeBatch(batch, { selected })) {
        const key = eventKey(batch.topic, event.id);
        const index = firstIndex + Number(event.offset - batch.baseOffset);
        this.received.push(key);
        this.leased.push({ key, lease, sequence, index });
      }
    }
    return true;
  };

  verdicts: ConsumerSink["verdicts"] = (verdicts) => this.#onVerdicts(verdicts);
  notice: ConsumerSink["notice"] = () => undefined;
  end: ConsumerSink["end"] = () => undefined;
}

/** Joins a consumer to the life's subscription, which begins with the first event ever. */
export function joinLearner(engine: Engine, sink: ConsumerSink): Promise<Consumer> {
  const settings = SubscriptionSettings.create({
    patterns: ["orders", "poet/functions/*/execution"],
    start: StartPosition.create({ position: { $case: "earliest", value: true } }),
  });
  const credit = { bytes: 10_000_000n, events: 10_000 };
  const open = SubscribeOpen.create({ subscription: SUBSCRIPTION, settings, credit });
  return engine.subscribe(open, sink);
}

/** Collects what a consumer receives, for judges. */
export function collectingInbox(): { readonly sink: ConsumerSink; readonly received: string[] } {
  const inbox = new Inbox(() => undefined);
  return { sink: inbox, received: inbox.received };
}

/** One life of the engine: what its users do until something strikes. */
export class Life {
  readonly #engine: Engine;
  readonly #world: SimulatedEngine;
  readonly #witness: Witness;
  readonly #random: SeededRandom;
  readonly #settling = new Map<bigint, readonly Leased[]>();
  readonly #next = new Map<string, bigint>();
  #epoch = 0;
  #settlements = 0n;

  constructor(world: SimulatedEngine, witness: Witness, random: SeededRandom) {
    this.#world = world;
    this.#engine = world.engine;
    this.#witness = witness;
    this.#random = random;
  }

  /** Runs until the end or until something strikes; what is not answered by then stays unanswered. */
  async run(): Promise<void> {
    const engine = this.#engine;
    const inbox = new Inbox((verdicts) => this.#settled(verdicts));
    for (const topic of TOPICS) await engine.createTopic(topic, undefined);
    this.#epoch = await engine.openProducer(PRODUCER);
    for (const batch of [...this.#witness.unanswered]) await this.#send(batch);
    const consumer = await joinLearner(engine, inbox);
    for (let step = 0; step < STEPS_OF_LIFE; step += 1) {
      await this.#step(inbox, consumer);
      await turn();
    }
  }

  async #step(inbox: Inbox, consumer: Consumer): Promise<void> {
    const choice = this.#random.nextInt(0, 9);
    if (choice <= 4) await this.#publish(this.#random.nextInt(1, 3));
    else if (choice === 5) this.#world.clock.advance(this.#random.nextInt(1, CHECKPOINT_MS));
    else if (choice === 6) await this.#register();
    else if (choice === 7) await this.#feedback();
    else this.#settle(inbox, consumer);
  }

  /** Publishes batches at the same time: they share a commit, and an end may take all of them. */
  async #publish(count: number): Promise<void> {
    const batches = Array.from({ length: count }, () => this.#newBatch());
    const sent = await Promise.allSettled(batches.map((batch) => this.#send(batch)));
    for (const outcome of sent) if (outcome.status === "rejected") throw outcome.reason;
  }

  #newBatch(): UnansweredBatch {
    const topic = TOPICS[this.#random.nextInt(0, TOPICS.length - 1)] as string;
    const events = Array.from({ length: this.#random.nextInt(1, 4) }, (): IssuedEvent => {
      this.#witness.issuedCount += 1;
      const order = this.#witness.issuedCount;
      const id = `e${order}`;
      const data = `${id} `.repeat(this.#random.nextInt(1, 400));
      return { topic, id, data, order };
    });
    const baseSequence = this.#sequenceOf(topic);
    this.#next.set(topic, baseSequence + BigInt(events.length));
    return { topic, events, baseSequence };
  }

  /** Sequences of a topic go on where its newest issued event ended, whatever became of it. */
  #sequenceOf(topic: string): bigint {
    const known = this.#next.get(topic);
    if (known !== undefined) return known;
    const issued = [...this.#witness.issued.values()].filter((event) => event.topic === topic);
    return BigInt(issued.length);
  }

  async #send(batch: UnansweredBatch): Promise<void> {
    const { topic, events, baseSequence } = batch;
    const witness = this.#witness;
    for (const event of events) witness.issued.set(eventKey(topic, event.id), event);
    if (!witness.unanswered.includes(batch)) witness.unanswered.push(batch);
    const encoded = encodeBatch({
      topic,
      partition: 0,
      events: events.map(({ id, data }) => ({
        id,
        type: "test.event",
        correlationId: `c-${id}`,
        data: Buffer.from(data),
      })),
      defaults: { source: "/life" },
      producer: { id: PRODUCER, epoch: this.#epoch, baseSequence },
    });
    const [result] = await this.#engine.publish(PublishFrame.create({ batches: [encoded] }));
    if (result === undefined || result.refusal !== undefined) {
      throw new Error(`a sound batch was refused: ${result?.refusal?.message}`);
    }
    witness.unanswered.splice(witness.unanswered.indexOf(batch), 1);
    for (const [i, event] of events.entries()) {
      witness.acked.set(eventKey(topic, event.id), result.baseOffset + BigInt(i));
    }
  }

  async #register(): Promise<void> {
    this.#witness.issuedCount += 1;
    const executionId = `x${this.#witness.issuedCount}`;
    await this.#engine.registerExecution(
      Execution.create({
        executionId,
        functionName: "detect_drift",
        correlationKeys: [`mlflow:run:${executionId}`],
      }),
    );
    this.#witness.executions.add(executionId);
  }

  async #feedback(): Promise<void> {
    const executions = [...this.#witness.executions];
    const executionId = executions[this.#random.nextInt(0, Math.max(0, executions.length - 1))];
    if (executionId === undefined) return;
    this.#witness.issuedCount += 1;
    const id = `f${this.#witness.issuedCount}`;
    await this.#engine.submitFeedback(
      SubmitFeedbackRequest.create({
        id,
        correlationKeys: [`mlflow:run:${executionId}`],
        feedback: FeedbackEvent.create({ feedbackType: "quality", metrics: { score: 1 } }),
      }),
    );
    this.#witness.feedback.set(id, executionId);
  }

  #settle(inbox: Inbox, consumer: Consumer): void {
    const taken = inbox.leased.splice(0, this.#random.nextInt(0, inbox.leased.length));
    if (taken.length === 0) return;
    const nacked = this.#random.nextBoolean(0.2) ? taken.splice(0, 1) : [];
    this.#settlements += 1n;
    const rangeOf = ({ lease, sequence, index }: Leased) => ({
      lease,
      sequence,
      ranges: [{ first: index, last: index }],
    });
    this.#settling.set(this.#settlements, taken);
    for (const { key } of taken) this.#witness.settlementSent.add(key);
    consumer.settle({
      number: this.#settlements,
      acks: taken.map(rangeOf),
      nacks: nacked.map((event) => ({ events: rangeOf(event), delayMs: 1_000, reason: "later" })),
      extensions: [],
    });
  }

  /** What is named by an exception was not settled: its lease had ended. */
  #settled({ throughNumber, exceptions }: Verdicts): void {
    const isExcepted = ({ sequence, index }: Leased) =>
      exceptions.some(
        ({ events }) =>
          events?.sequence === sequence &&
          events.ranges.some(({ first, last }) => first <= index && index <= last),
      );
    for (const [number, events] of this.#settling) {
      if (number > throughNumber) continue;
      this.#settling.delete(number);
      for (const event of events) {
        if (!isExcepted(event)) this.#witness.settled.add(event.key);
      }
    }
  }
}
