import { encodeBatch, PublishFrame, PubSubError } from "@opendxa/pubsub-protocol";
import type { SeededRandom } from "@opendxa/pubsub-simulated";
import type { SimulatedEngine } from "./simulated-engine.js";
import { PASSING, type TopicOfLife, topicsOf, VOLATILE } from "./topics.js";
import type { IssuedBatch, IssuedEvent, Witness } from "./witness.js";

const PRODUCER = new Uint8Array(16).fill(9);

/** Publishes to the topics of a life: to most of them as a producer that repeats what it must. */
export class PublisherOfLife {
  readonly #world: SimulatedEngine;
  readonly #witness: Witness;
  readonly #random: SeededRandom;
  readonly #next = new Map<string, bigint>();
  #epoch = 0;

  constructor(world: SimulatedEngine, random: SeededRandom) {
    this.#world = world;
    this.#witness = world.witness;
    this.#random = random;
  }

  /** Takes the producer over, and sends what had no answer. */
  async open(): Promise<void> {
    this.#epoch = await this.#world.engine.openProducer(PRODUCER);
    await this.#repeat();
  }

  /** Publishes batches at the same time: they share a commit, and an end may take all of them. */
  async publish(count: number): Promise<void> {
    if (!(await this.#repeat())) return;
    const batches = Array.from({ length: count }, () => this.#newBatch());
    const sent = await Promise.allSettled(batches.map((batch) => this.#send(batch)));
    for (const outcome of sent) if (outcome.status === "rejected") throw outcome.reason;
  }

  /** Something was taken, which below the reserve must not be. */
  accepted(): void {
    if (this.#world.isLow) this.#witness.faults.push("taken though the disk is below its reserve");
  }

  /** Whether something was refused because the disk is below its reserve. */
  isRefusal(error: unknown): boolean {
    if (!(error instanceof PubSubError) || error.reason !== "STORAGE_NEARLY_FULL") return false;
    if (!this.#world.isLow) this.#witness.faults.push("refused though the disk has room");
    return true;
  }

  /** Sends what was not answered in its order; answers whether all was taken. */
  async #repeat(): Promise<boolean> {
    for (const batch of [...this.#witness.unanswered]) {
      if (!(await this.#send(batch))) return false;
    }
    return true;
  }

  #newBatch(): IssuedBatch {
    const topic = this.#chooseTopic();
    const events = Array.from({ length: this.#random.nextInt(1, 4) }, () => this.#newEvent(topic));
    const baseSequence = topic.hasProducer
      ? this.#sequencesFor(topic.name, events.length)
      : undefined;
    return {
      topic: topic.name,
      events,
      baseSequence,
      incarnation: this.#witness.incarnationOf(topic.name),
      bytes: 0,
      appendLowMs: 0,
      mayBeGone: undefined,
    };
  }

  #chooseTopic(): TopicOfLife {
    const topics = topicsOf(this.#world.habit, this.#random.nextBoolean(0.1));
    const there = topics.filter(({ name }) => name !== PASSING || !this.#witness.passing.isMissing);
    return there[this.#random.nextInt(0, there.length - 1)] as TopicOfLife;
  }

  /** Some belong to an execution that is open. */
  #newEvent({ name }: TopicOfLife): IssuedEvent {
    this.#witness.issuedCount += 1;
    const order = this.#witness.issuedCount;
    const id = `e${order}`;
    const executions = [...this.#witness.executions.keys()];
    const execution = executions[this.#random.nextInt(0, Math.max(0, executions.length - 1))];
    const isOwned = execution !== undefined && this.#random.nextBoolean(0.05);
    return {
      topic: name,
      id,
      data: `${id} `.repeat(this.#random.nextInt(1, 400)),
      correlationId: isOwned ? execution : `c-${id}`,
      order,
    };
  }

  /** Sequences of a topic go on where its newest issued event ended, whatever became of it. */
  #sequencesFor(topic: string, count: number): bigint {
    const issued = () =>
      this.#witness.batches
        .filter((batch) => batch.topic === topic)
        .reduce((sum, { events }) => sum + events.length, 0);
    const base = this.#next.get(topic) ?? BigInt(issued());
    this.#next.set(topic, base + BigInt(count));
    return base;
  }

  /** Answers whether it was taken; a refusal for want of space is no end. */
  async #send(batch: IssuedBatch): Promise<boolean> {
    const { topic, events, baseSequence } = batch;
    const encoded = encodeBatch({
      topic,
      partition: 0,
      events: events.map(({ id, data, correlationId }) => ({
        id,
        type: "test.event",
        correlationId,
        data: Buffer.from(data),
      })),
      defaults: { source: "/life" },
      ...(baseSequence === undefined
        ? {}
        : { producer: { id: PRODUCER, epoch: this.#epoch, baseSequence } }),
    });
    if (batch.appendLowMs === 0) batch.appendLowMs = this.#world.time.lowMs;
    batch.bytes = encoded.heads.length + encoded.bodies.length;
    this.#witness.sending(batch);
    this.#world.promise.grew();
    const newest = topic === VOLATILE ? undefined : this.#witness.unsynced.at(-1);
    const isLow = this.#world.isLow;
    try {
      const [result] = await this.#world.engine.publish(
        PublishFrame.create({ batches: [encoded] }),
      );
      if (result === undefined || result.refusal !== undefined) {
        throw new Error(`a sound batch was refused: ${result?.refusal?.message}`);
      }
      if (isLow) this.accepted();
      this.#witness.stored(batch, result.baseOffset);
      this.#witness.synced(newest);
      return true;
    } catch (error) {
      if (!this.isRefusal(error)) throw error;
      this.#witness.refusedForNow(batch);
      return false;
    }
  }
}
