import { setTimeout as sleep } from "node:timers/promises";
import { PubSubClient, type ReceivedEvent, type Subscription } from "@opendxa/pubsub-client";
import { seededRandom } from "../crash/seeded-random.js";
import { HistoryWriter } from "./history-writer.js";
import { CLIENT_TIMEOUT_MS, CREDIT_EVENTS, STALL_MS } from "./limits.js";
import { type ConsumerTask, readTask, whenStopped } from "./worker-task.js";

/** Shares of what a consumer does with an event; otherwise it acks. */
const NACKS = 0.02;
const STALLS = 0.0005;
/** Of so many events of a source one is never acked where a bound of attempts ends that. */
const POISONED_OF = 50;

/** Consumes until SIGTERM, with a record before everything that it says and after everything that it hears. */
class HistoryConsumer {
  readonly #subscription: Subscription;
  readonly #writer: HistoryWriter;
  readonly #random: () => number;
  readonly #task: ConsumerTask;

  constructor(subscription: Subscription, writer: HistoryWriter, task: ConsumerTask) {
    this.#subscription = subscription;
    this.#writer = writer;
    this.#random = seededRandom(task.seed);
    this.#task = task;
  }

  async run(): Promise<void> {
    for await (const event of this.#subscription) {
      const { leased, place } = this.#names(event);
      this.#writer.write({ k: "delivered", ...leased, ...place });
      if (this.#random() < STALLS) await sleep(STALL_MS);
      const isGivenUp = this.#isPoisoned(event) || this.#random() < NACKS;
      this.#settle(event, isGivenUp ? "nack" : "ack", leased);
    }
  }

  #settle(event: ReceivedEvent, of: "ack" | "nack", leased: ReturnType<typeof namesOf>): void {
    this.#writer.write({ k: of, ...leased });
    const answer = of === "ack" ? event.ack() : event.nack({ reason: "by chance" });
    // A settlement never rejects; one that was abandoned is `lost`.
    void answer.then((verdict) => this.#writer.write({ k: "verdict", ...leased, of, verdict }));
  }

  #isPoisoned({ id }: ReceivedEvent): boolean {
    return this.#task.isPoisoned && Number(id.slice(id.lastIndexOf("-") + 1)) % POISONED_OF === 0;
  }

  #names(event: ReceivedEvent) {
    const { partition, offset, attempt, leaseEndUnixMs, position } = event;
    const place = {
      partition,
      offset: Number(offset),
      attempt,
      leaseEnd: Number(leaseEndUnixMs),
      sequence: Number(position.sequence),
      index: position.index,
      epoch: this.#subscription.state?.epoch,
    };
    return { leased: namesOf(event, this.#task.sub), place };
  }
}

function namesOf({ topic, source, id, orderingKey: key, position }: ReceivedEvent, sub: string) {
  return { topic, source, id, key, sub, lease: String(position.lease) };
}

const task = readTask<ConsumerTask>();
const { address, name, out, sub } = task;
const writer = new HistoryWriter(out, { role: "consumer", name, tellsLosses: true });
const client = await PubSubClient.connect({ address, name, connectTimeoutMs: CLIENT_TIMEOUT_MS });
client.onStateChange(({ state }) => {
  if (state === "reconnecting") writer.write({ k: "lost", sub });
  if (state === "connected") writer.write({ k: "opened", sub });
});
writer.write({ k: "opened", sub });
// Leases are not extended: they are to end when a consumer stalls.
const subscription = await client.subscribe({
  subscription: sub,
  creditEvents: CREDIT_EVENTS,
  leaseHeldMsMax: 0,
});
void whenStopped().then(async () => {
  writer.write({ k: "closing", sub });
  await client.close();
});
process.stdout.write("ready\n");
await new HistoryConsumer(subscription, writer, task).run();
