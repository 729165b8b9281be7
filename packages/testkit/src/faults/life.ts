import type { Consumer, Engine } from "@opendxa/pubsub-engine";
import { Execution, FeedbackEvent, SubmitFeedbackRequest } from "@opendxa/pubsub-protocol";
import type { SeededRandom } from "@opendxa/pubsub-simulated";
import { Inbox, joinLearner } from "./inbox.js";
import { RESERVE_BYTES, STEPS_OF_LIFE } from "./limits.js";
import { PublisherOfLife } from "./publisher-of-life.js";
import { Settler } from "./settler.js";
import type { SimulatedEngine } from "./simulated-engine.js";
import { PASSING, TOPICS } from "./topics.js";
import { turn, turns, turnsUntil } from "./turns.js";
import type { Witness } from "./witness.js";

const CHECKPOINT_MS = 10_000;
const HOUR_MS = 3_600_000;
/** An execution keeps its events until so long after its deadline. */
const GRACE_MS = 7 * 24 * HOUR_MS;
/** What is written with durability OS is synced within twice this. */
const IDLE_LOOK_MS = 50;

/** One life of the engine: what its users do until something strikes. */
export class Life {
  readonly #engine: Engine;
  readonly #world: SimulatedEngine;
  readonly #witness: Witness;
  readonly #random: SeededRandom;
  readonly #publisher: PublisherOfLife;
  readonly #settler: Settler;
  readonly #inbox: Inbox;
  /** Why consumers were ended. */
  readonly ends: Error[] = [];
  #consumer: Consumer | undefined;
  #hasJumped = false;

  constructor(world: SimulatedEngine, random: SeededRandom) {
    this.#world = world;
    this.#engine = world.engine;
    this.#witness = world.witness;
    this.#random = random;
    this.#publisher = new PublisherOfLife(world, random);
    this.#settler = new Settler(world.witness);
    this.#inbox = new Inbox(world.time, (verdicts) => this.#settler.settled(verdicts));
  }

  /** Runs until the end or until something strikes; what is not answered by then stays unanswered. */
  async run(): Promise<void> {
    for (const { name, settings } of TOPICS) await this.#engine.createTopic(name, settings);
    this.#witness.passing.isMissing = false;
    await this.#publisher.open();
    this.#consumer = await joinLearner(this.#engine, this.#inbox);
    for (let step = 0; step < STEPS_OF_LIFE; step += 1) {
      await this.#step();
      await turn();
    }
  }

  async #step(): Promise<void> {
    const choice = this.#random.nextInt(0, 99);
    // Most of a life has room.
    if (this.#world.isLow && this.#random.nextBoolean(0.25)) await this.#changeRoom();
    else if (choice < 42) await this.#publisher.publish(this.#random.nextInt(1, 3));
    else if (choice < 54) this.#world.pass(this.#random.nextInt(1, CHECKPOINT_MS));
    else if (choice < 60) await this.#passLong();
    else if (choice < 67) await this.#register();
    else if (choice < 75) await this.#feedback();
    else if (choice < 90) await this.#settle();
    else if (choice < 93) await this.#recreate();
    else if (choice < 95) await this.#rest();
    else if (choice < 98) await this.#changeRoom();
    else if (this.#random.nextBoolean(0.15)) this.#jump();
  }

  /** Long enough for retention, checkpoint after checkpoint. */
  async #passLong(): Promise<void> {
    const pieces = this.#random.nextInt(3, 7);
    for (let piece = 0; piece < pieces; piece += 1) {
      this.#world.pass(CHECKPOINT_MS);
      await turns(10);
    }
  }

  /** An execution of its own name, or one to which events belong that are there already. */
  async #register(): Promise<void> {
    this.#witness.issuedCount += 1;
    const { batches } = this.#witness;
    const earlier = batches[this.#random.nextInt(0, Math.max(0, batches.length - 1))]?.events[0];
    const isNew = earlier === undefined || this.#random.nextBoolean();
    const executionId = isNew ? `x${this.#witness.issuedCount}` : earlier.correlationId;
    if (this.#witness.executions.has(executionId)) return;
    const answer = await this.#storing(() =>
      this.#engine.registerExecution(
        Execution.create({
          executionId,
          functionName: "detect_drift",
          correlationKeys: [`mlflow:run:${executionId}`],
        }),
      ),
    );
    const deadlineMs = Number(answer?.execution?.deadlineUnixMs ?? 0n);
    if (answer !== undefined) this.#witness.executions.set(executionId, deadlineMs + GRACE_MS);
  }

  async #feedback(): Promise<void> {
    const executions = [...this.#witness.executions.keys()];
    const executionId = executions[this.#random.nextInt(0, Math.max(0, executions.length - 1))];
    if (executionId === undefined) return;
    this.#witness.issuedCount += 1;
    const id = `f${this.#witness.issuedCount}`;
    const answer = await this.#storing(() =>
      this.#engine.submitFeedback(
        SubmitFeedbackRequest.create({
          id,
          correlationKeys: [`mlflow:run:${executionId}`],
          feedback: FeedbackEvent.create({ feedbackType: "quality", metrics: { score: 1 } }),
        }),
      ),
    );
    if (answer !== undefined) this.#witness.feedback.set(id, executionId);
  }

  /** Something durable that needs space; `undefined` where it was refused for want of that. */
  async #storing<T>(ask: () => Promise<T>): Promise<T | undefined> {
    const newest = this.#witness.unsynced.at(-1);
    try {
      const answer = await ask();
      this.#witness.synced(newest);
      this.#publisher.accepted();
      return answer;
    } catch (error) {
      if (!this.#publisher.isRefusal(error)) throw error;
      return undefined;
    }
  }

  /** A consumer that was ended because something could not be read comes again. */
  async #settle(): Promise<void> {
    if (this.#inbox.ended !== undefined) {
      this.ends.push(this.#inbox.ended);
      this.#inbox.ended = undefined;
      this.#inbox.leased.length = 0;
      this.#consumer = await joinLearner(this.#engine, this.#inbox);
    }
    if (this.#consumer !== undefined) {
      this.#settler.settle(this.#consumer, this.#inbox, this.#random);
    }
  }

  /** Deletes the topic that comes and goes, and creates it again. */
  async #recreate(): Promise<void> {
    const { passing } = this.#witness;
    const settings = TOPICS.find(({ name }) => name === PASSING)?.settings;
    if (!passing.isMissing) {
      const { partitions } = await this.#engine.getTopic(PASSING);
      passing.asked = partitions[0]?.nextOffset ?? 0n;
      const newest = this.#witness.unsynced.at(-1);
      await this.#engine.deleteTopic(PASSING);
      this.#witness.synced(newest);
      passing.deleted();
    }
    const created = await this.#storing(() => this.#engine.createTopic(PASSING, settings));
    if (created?.existed === true) this.#witness.faults.push("a deleted topic is still there");
    passing.isMissing = created === undefined;
  }

  /** Nobody asks for anything: within 100 ms all is synced, if the disk lives. */
  async #rest(): Promise<void> {
    const newest = this.#witness.unsynced.at(-1);
    await this.#world.quiet();
    for (let look = 0; look < 2; look += 1) {
      this.#world.pass(IDLE_LOOK_MS);
      await this.#world.quiet();
    }
    if (!this.#world.hasFailed && this.#world.isAlive) this.#witness.synced(newest);
  }

  /** The disk is nearly filled by somebody else, or emptied again. */
  async #changeRoom(): Promise<void> {
    const { disk } = this.#world;
    const isToBeLow = !this.#world.isLow;
    disk.resize(isToBeLow ? disk.usedBytes() + RESERVE_BYTES / 2 : Number.MAX_SAFE_INTEGER);
    this.#world.pass(1_000);
    const isNoticed = () => this.#world.isLow === isToBeLow;
    await turnsUntil(() => isNoticed() || !this.#world.isAlive);
    if (!isNoticed() && this.#world.isAlive) {
      this.#witness.faults.push("a nearly full disk is not noticed within a second");
    }
  }

  /** At most one a life, because two could cancel each other before anybody looks. */
  #jump(): void {
    if (this.#hasJumped) return;
    this.#hasJumped = true;
    const hours = this.#random.nextInt(2, 5);
    this.#world.jump((this.#random.nextBoolean() ? hours : -hours) * HOUR_MS);
  }
}
