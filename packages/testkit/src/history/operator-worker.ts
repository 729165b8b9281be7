import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { PubSubClient } from "@opendxa/pubsub-client";
import { seededRandom } from "../crash/seeded-random.js";
import { HistoryWriter } from "./history-writer.js";
import { CLIENT_TIMEOUT_MS, OPERATOR_EVERY_MS, PAUSE_MS } from "./limits.js";
import { OperatorCalls } from "./operator-calls.js";
import { readFinal } from "./read-final.js";
import { RETRY, SUBSCRIPTIONS, TOPICS } from "./run-plan.js";
import { SERVED_SETTINGS } from "./served-features.js";
import { type OperatorTask, readTask } from "./worker-task.js";

const SERVICE = "SubscriptionService";

/** Makes topics and subscriptions, acts on them while the run lasts, and reads everything at its end. */
class HistoryOperator {
  readonly #client: PubSubClient;
  readonly #calls: OperatorCalls;
  readonly #writer: HistoryWriter;
  readonly #notServed: ReadonlySet<string>;
  readonly #random: () => number;
  #hasSought = false;

  constructor(parts: {
    readonly client: PubSubClient;
    readonly writer: HistoryWriter;
    readonly task: OperatorTask;
    readonly notServed: readonly string[];
  }) {
    this.#client = parts.client;
    this.#writer = parts.writer;
    this.#calls = new OperatorCalls(parts.task.address, parts.task.killsMs);
    this.#notServed = new Set(parts.notServed);
    this.#random = seededRandom(parts.task.seed);
  }

  async setUp(): Promise<void> {
    for (const { topic, partitions, dedupMs } of TOPICS) {
      const dedup = dedupMs > 0 ? { windowMs: BigInt(dedupMs), idsMax: 0 } : undefined;
      await this.#client.createTopic(topic, { partitions, dedup });
      this.#writer.write({ k: "topic", topic, partitions });
    }
    for (const { sub, topics, order, ackDeadline, attemptsMax, deadLetterTopic } of SUBSCRIPTIONS) {
      await this.#client.createSubscription(sub, {
        topics,
        order,
        attemptsMax,
        ackDeadlineMs: ackDeadline,
        start: "earliest",
        retry: RETRY,
      });
      const settings = { topics, order, ackDeadline, attemptsMax, deadLetterTopic };
      this.#writer.write({ k: "subscription", sub, ...settings });
    }
  }

  /** One act of those that this broker serves. */
  async act(): Promise<void> {
    const chance = this.#random();
    if (chance < 0.4) await this.#skipBlocked();
    else if (chance < 0.6) await this.#pause();
    else if (chance > 0.9) await this.#seek();
  }

  async finish(): Promise<void> {
    for (const { sub } of SUBSCRIPTIONS) await this.#account(sub);
    await readFinal(this.#client, this.#writer);
    this.#writer.write({ k: "end", drained: true });
    this.#calls.close();
    await this.#client.close();
    this.#writer.close();
  }

  #serves(...methods: string[]): boolean {
    return methods.every((method) => !this.#notServed.has(`${SERVICE}/${method}`));
  }

  async #skipBlocked(): Promise<void> {
    if (!this.#serves("ListBlockedKeys", "SkipEvents")) return;
    for (const { sub, order } of SUBSCRIPTIONS.filter((each) => each.order === "key")) {
      const [blocked] = await this.#calls.blockedKeys(sub);
      if (blocked === undefined || order !== "key") continue;
      const { answer: skipped, wasRepeated } = await this.#calls.skip(sub, blocked);
      const { topic, partition, orderingKey: key, sequence, index } = blocked;
      const where = { topic, partition, key, sequence: Number(sequence) };
      const range = { first: index, last: index, skipped, unsure: wasRepeated };
      this.#writer.write({ k: "skip", sub, ...where, ...range });
    }
  }

  async #pause(): Promise<void> {
    if (!this.#serves("PauseSubscription", "ResumeSubscription")) return;
    const { sub } = SUBSCRIPTIONS[0] as (typeof SUBSCRIPTIONS)[number];
    this.#writer.write({ k: "pause", sub });
    await this.#calls.pause(sub);
    this.#writer.write({ k: "pause", sub, done: true });
    await sleep(PAUSE_MS);
    const asked = Date.now();
    await this.#calls.resume(sub);
    this.#writer.write({ k: "resume", sub, asked });
  }

  /** Once a run: each seek brings everything again. */
  async #seek(): Promise<void> {
    const isServed = SERVED_SETTINGS.epochsOfOpenedStreams && this.#serves("SeekSubscription");
    if (!isServed || this.#hasSought) return;
    this.#hasSought = true;
    for (const { sub } of SUBSCRIPTIONS.filter(({ isSought }) => isSought)) {
      // Noted before and after: it happens between the two, perhaps more than once.
      this.#writer.write({ k: "seek", sub, to: "earliest", epoch: 0 });
      const epoch = await this.#calls.seekToEarliest(sub);
      this.#writer.write({ k: "seek", sub, to: "earliest", epoch });
    }
  }

  async #account(sub: string): Promise<void> {
    if (!this.#serves("GetAccounting")) return;
    const answer = await this.#calls.accounting(sub);
    const number = (value: bigint) => Number(value);
    this.#writer.write({
      k: "accounting",
      sub,
      epoch: answer.epoch,
      entered: number(answer.entered),
      acked: number(answer.acked),
      deadLettered: number(answer.deadLettered),
      expired: number(answer.expired),
      filtered: number(answer.filtered),
      skipped: number(answer.skipped),
      leased: number(answer.leased),
      waiting: number(answer.waiting),
      unexamined: number(answer.unexamined),
    });
  }
}

const task = readTask<OperatorTask>();
const writer = new HistoryWriter(task.out, { role: "operator", name: task.name });
const client = await PubSubClient.connect({
  address: task.address,
  name: task.name,
  connectTimeoutMs: CLIENT_TIMEOUT_MS,
  requestTimeoutMs: CLIENT_TIMEOUT_MS,
});
const { notServed } = await client.getBroker();
const operator = new HistoryOperator({ client, writer, task, notServed });
await operator.setUp();
process.stdout.write("ready\n");
const asked = { isResting: false, isFinishing: false, wake: (): void => undefined };
createInterface({ input: process.stdin }).on("line", (word) => {
  asked.isResting = true;
  asked.isFinishing = word === "finish";
  asked.wake();
});
while (!asked.isFinishing) {
  const told = new Promise<void>((resolve) => {
    asked.wake = resolve;
  });
  await Promise.race([told, sleep(OPERATOR_EVERY_MS, undefined, { ref: true })]);
  if (!asked.isResting) await operator.act();
}
await operator.finish();
process.exit(0);
