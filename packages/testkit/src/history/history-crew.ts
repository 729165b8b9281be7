import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HistoryProcess } from "./history-process.js";
import { type PlannedSubscription, RETRY, SUBSCRIPTIONS } from "./run-plan.js";
import type { ConsumerTask, WorkerTask } from "./worker-task.js";

type Language = "typescript" | "python";

const here = (program: string) => fileURLToPath(new URL(program, import.meta.url));
const PROGRAMS = {
  publisher: {
    typescript: here("./publisher-worker.js"),
    python: here("../../../python/tests/history_publisher.py"),
  },
  consumer: {
    typescript: here("./consumer-worker.js"),
    python: here("../../../python/tests/history_consumer.py"),
  },
};

/** Where a crew works. */
export interface CrewPlace {
  /** Address of the broker. */
  readonly address: string;
  /** Folder of the history. */
  readonly folder: string;
  /** Seed of the run. */
  readonly seed: number;
  /** Interpreter; without it only TypeScript takes part. */
  readonly python: string | undefined;
}

interface Post {
  readonly role: "publisher" | "consumer";
  readonly language: Language;
  readonly name: string;
  readonly planned: PlannedSubscription | undefined;
  life: number;
  process: HistoryProcess | undefined;
}

/** The publishers and consumers of a run: each post is filled again, under a new name, when its process was killed. */
export class HistoryCrew {
  readonly #place: CrewPlace;
  readonly #posts: Post[] = [];

  /** Plans the posts; nothing is started. */
  constructor(place: CrewPlace) {
    this.#place = place;
    this.#post("publisher", "typescript", "p1");
    this.#post("publisher", "typescript", "p2");
    this.#post("publisher", "python", "p3");
    for (const planned of SUBSCRIPTIONS) {
      for (const language of ["typescript", "python"] as const) {
        for (let number = 1; number <= planned.consumers[language]; number += 1) {
          this.#post("consumer", language, `${planned.sub}-${language}-${number}`, planned);
        }
      }
    }
  }

  /** Starts everybody; resolves when all of them have their connection. */
  async start(): Promise<void> {
    for (const post of this.#posts) this.#fill(post);
    await this.ready();
  }

  /** Resolves when every post is filled with a process that has its connection. */
  async ready(): Promise<void> {
    await Promise.all(this.#posts.map(async ({ process }) => await process?.ready));
  }

  /** Kills one of them and fills its post; `told` is called with its name before. */
  async killOne(chance: number, told: (name: string) => void): Promise<void> {
    const post = this.#posts[Math.floor(chance * this.#posts.length)] as Post;
    const { process } = post;
    if (process === undefined || process.hasExited) return;
    told(process.name);
    await process.kill();
    this.#fill(post);
  }

  /** Ends everybody of a role; answers what went wrong. */
  async stop(role: Post["role"]): Promise<string[]> {
    const processes = this.#posts
      .filter((post) => post.role === role)
      .map(({ process }) => process);
    const failures = await Promise.all(processes.map(async (process) => await process?.stop()));
    return failures.filter((failure) => failure !== undefined);
  }

  /** Processes that ended though nobody asked them to. */
  get missing(): string[] {
    const ended = this.#posts.filter(({ process }) => process?.hasExited === true);
    return ended.map(({ process }) => process?.name ?? "");
  }

  /** Files of the consumers that run now. */
  get consumerFiles(): string[] {
    const consumers = this.#posts.filter(({ role }) => role === "consumer");
    return consumers.map((post) => this.#file(post));
  }

  /** Kills whoever still runs. */
  async clear(): Promise<void> {
    const running = this.#posts.filter(({ process }) => process?.hasExited === false);
    await Promise.all(running.map(async ({ process }) => await process?.kill()));
  }

  #post(role: Post["role"], language: Language, name: string, planned?: PlannedSubscription): void {
    if (language === "python" && this.#place.python === undefined) return;
    this.#posts.push({ role, language, name, planned, life: 0, process: undefined });
  }

  #fill(post: Post): void {
    const { address, seed, python } = this.#place;
    post.life += 1;
    const index = this.#posts.indexOf(post);
    const task: WorkerTask | ConsumerTask = {
      address,
      name: `${post.name}.${post.life}`,
      out: this.#file(post),
      seed: seed * 1_000_003 + index * 1_009 + post.life,
      ...(post.planned === undefined ? {} : consumptionOf(post.planned)),
    };
    const command = post.language === "python" ? (python as string) : process.execPath;
    post.process = new HistoryProcess(command, PROGRAMS[post.role][post.language], task);
  }

  #file({ name, life }: Post): string {
    return join(this.#place.folder, `${name}.${life}.jsonl`);
  }
}

function consumptionOf(planned: PlannedSubscription): Omit<ConsumerTask, keyof WorkerTask> {
  const { sub, topics, order, ackDeadline: ackDeadlineMs, attemptsMax } = planned;
  // Only where a bound of attempts ends it may an event be given up for ever.
  const isPoisoned = attemptsMax > 0;
  const isOrdered = order === "key";
  const retry = { retryMinMs: RETRY.minMs, retryMaxMs: RETRY.maxMs };
  return { sub, topics, isPoisoned, isOrdered, ackDeadlineMs, attemptsMax, ...retry };
}
