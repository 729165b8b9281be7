import { setTimeout as sleep } from "node:timers/promises";
import { type EventInput, Priority, PubSubClient, PubSubError } from "@opendxa/pubsub-client";
import { seededRandom } from "../crash/seeded-random.js";
import type { RecordBody } from "./checker/record.js";
import { HistoryWriter } from "./history-writer.js";
import {
  CLIENT_TIMEOUT_MS,
  KEYS,
  PUBLISH_EVERY_MS,
  RATE_PER_SECOND,
  UNANSWERED_MAX,
} from "./limits.js";
import { type PlannedTopic, TOPICS } from "./run-plan.js";
import { SERVED_SETTINGS } from "./served-features.js";
import { readTask, type WorkerTask, whenStopped } from "./worker-task.js";

/** Reasons that say that nothing was stored; every other one leaves it open. */
const NOT_STORED = new Set(["EVENT_INVALID", "LIMIT_EXCEEDED", "TOPIC_NOT_FOUND", "BUFFER_FULL"]);
const LANES = ["high", "normal", "low"] as const;
const PRIORITIES = { high: Priority.HIGH, normal: Priority.NORMAL, low: Priority.LOW };

interface Planned {
  readonly topic: string;
  readonly input: EventInput;
  readonly options: { readonly priority?: Priority; readonly deliverTimeUnixMs?: bigint };
  readonly body: Extract<RecordBody, { k: "publish" }>;
}

/** Publishes until SIGTERM, with a record before every publish and one after every answer. */
class HistoryPublisher {
  readonly #client: PubSubClient;
  readonly #writer: HistoryWriter;
  readonly #random: () => number;
  readonly #source: string;
  readonly #numbers = new Map<string, number>();
  readonly #unanswered = new Set<Promise<void>>();
  #count = 0;

  constructor(client: PubSubClient, writer: HistoryWriter, task: WorkerTask) {
    this.#client = client;
    this.#writer = writer;
    this.#random = seededRandom(task.seed);
    this.#source = task.name;
  }

  turn(): void {
    const events = (RATE_PER_SECOND * PUBLISH_EVERY_MS) / 1_000;
    for (let event = 0; event < events && this.#unanswered.size < UNANSWERED_MAX; event += 1) {
      const planned = this.#next();
      this.#publish(planned);
      if (planned.isTwice) this.#publish(planned);
    }
  }

  async finish(): Promise<void> {
    await Promise.all(this.#unanswered);
    await this.#client.close();
    this.#writer.close();
  }

  #next(): Planned & { readonly isTwice: boolean } {
    const { topic, isKeyed, dedupMs } = this.#pick(TOPICS);
    this.#count += 1;
    const id = `${this.#source}-${this.#count}`;
    const key = isKeyed ? `key-${Math.floor(this.#random() * KEYS)}` : undefined;
    const { lane, deliver, expire, isRegular } = this.#times({ isKeyed, dedupMs });
    const body = {
      k: "publish",
      topic,
      source: this.#source,
      id,
      key,
      lane,
      // What waits for its time, or may be gone before it is read, has no place in the order of its source.
      seq: isRegular ? this.#number(`${topic} ${key} ${lane}`) : undefined,
      deliver,
      expire,
      priority: lane,
    } as const;
    const { seq } = body;
    const input = { id, type: "history.run", orderingKey: key, json: { seq, lane } };
    const expireTimeUnixMs = expire === undefined ? undefined : BigInt(expire);
    const options = {
      ...(lane === undefined ? {} : { priority: PRIORITIES[lane] }),
      ...(deliver === undefined ? {} : { deliverTimeUnixMs: BigInt(deliver) }),
    };
    const isTwice =
      SERVED_SETTINGS.duplicatesOfRepeatedBatches && dedupMs > 0 && this.#random() < 0.05;
    return { topic, input: { ...input, expireTimeUnixMs }, options, body, isTwice };
  }

  #times({ isKeyed, dedupMs }: Pick<PlannedTopic, "isKeyed" | "dedupMs">) {
    const isPlain = !isKeyed && dedupMs === 0;
    const chance = this.#random();
    const lane = isPlain && SERVED_SETTINGS.priorities ? this.#pick(LANES) : undefined;
    const isLater = isPlain && SERVED_SETTINGS.scheduled && chance < 0.02;
    const isShort = isPlain && SERVED_SETTINGS.expiry && chance > 0.98;
    return {
      lane,
      deliver: isLater ? Date.now() + 200 + Math.floor(this.#random() * 3_000) : undefined,
      expire: isShort ? Date.now() + Math.floor(this.#random() * 200) : undefined,
      isRegular: !isLater && !isShort,
    };
  }

  #number(line: string): number {
    const number = (this.#numbers.get(line) ?? 0) + 1;
    this.#numbers.set(line, number);
    return number;
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }

  #publish({ topic, input, options, body }: Planned): void {
    this.#writer.write(body);
    const { source, id, key } = body;
    const event = { topic, source, id, key };
    const answered = this.#client.publish(topic, input, options).then(
      ({ partition, offset, duplicate, scheduled }) => {
        const place = { partition, offset: Number(offset), duplicate, scheduled };
        this.#writer.write({ k: "acked", ...event, ...place });
      },
      (error: unknown) => {
        const reason = error instanceof PubSubError ? error.reason : String(error);
        const stored = NOT_STORED.has(reason) ? "no" : "unknown";
        this.#writer.write({ k: "failed", ...event, stored, reason });
      },
    );
    this.#unanswered.add(answered);
    void answered.finally(() => this.#unanswered.delete(answered));
  }
}

const task = readTask<WorkerTask>();
const { address, name, out } = task;
const writer = new HistoryWriter(out, { role: "publisher", name });
const client = await PubSubClient.connect({
  address,
  name,
  source: name,
  publishTimeoutMs: CLIENT_TIMEOUT_MS,
  connectTimeoutMs: CLIENT_TIMEOUT_MS,
});
const publisher = new HistoryPublisher(client, writer, task);
let isStopping = false;
void whenStopped().then(() => {
  isStopping = true;
});
process.stdout.write("ready\n");
while (!isStopping) {
  publisher.turn();
  await sleep(PUBLISH_EVERY_MS);
}
await publisher.finish();
