import {
  forgetProducers,
  forgetWindows,
  isIdleProducer,
  openProducer,
  producersForgottenMax,
  windowsForgottenMax,
} from "@opendxa/pubsub-core";
import { type IndexStore, prefixScope } from "@opendxa/pubsub-index-store";
import { type ForgottenWindow, ProducerState, PubSubError } from "@opendxa/pubsub-protocol";
import type { CommandLoop } from "./command-loop.js";
import type { Clock, EngineLog, TimerHandle, Timers } from "./environment.js";
import type { IndexWriter } from "./index-writer.js";
import { producersFirstLookMs, producersLookMs, scanPageMax } from "./limits.js";

/** What the host works with. */
export interface ProducersHostParts {
  /** Where producers are decided. */
  readonly loop: CommandLoop;
  /** Where they stand. */
  readonly index: IndexStore;
  /** How far the index is. */
  readonly writer: IndexWriter;
  /** Tells who is idle. */
  readonly clock: Clock;
  /** Wakes the host. */
  readonly timers: Timers;
  /** Told of failures. */
  readonly log: EngineLog;
}

const windowKey = /^pwin\/([0-9a-f]{8})\/([0-9a-f]{8})\/([0-9a-f]+)$/;

function windowOf(key: string): ForgottenWindow {
  const [, topicId = "", partition = "", producer = ""] = windowKey.exec(key) ?? [];
  return {
    topicId: Number.parseInt(topicId, 16),
    partition: Number.parseInt(partition, 16),
    producerId: Buffer.from(producer, "hex"),
  };
}

/** Opens producers, and forgets those that were idle for too long, once a day or at their bound. */
export class ProducersHost {
  readonly #parts: ProducersHostParts;
  #handle: TimerHandle | undefined;
  #looking: Promise<void> | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(parts: ProducersHostParts) {
    this.#parts = parts;
  }

  /** Begins to look for idle producers. */
  start(): void {
    this.#sleep(producersFirstLookMs);
  }

  /** Grants the next epoch to a producer. At the bound, idle ones make room. */
  async open(producerId: Uint8Array): Promise<number> {
    const open = () => this.#parts.loop.run(openProducer, { producerId }, producerId.length);
    try {
      return await open();
    } catch (error) {
      const isRecent = this.#parts.clock.now() - this.#lookedMs < producersFirstLookMs;
      const isFull = PubSubError.from(error).reason === "LIMIT_REACHED";
      // Who becomes idle within the hour can wait for it: looking at all of them is dear.
      if (!isFull || (isRecent && this.#looking === undefined)) throw error;
      await this.#look();
      return await open();
    }
  }

  /** Forgets some windows of a deleted topic; answers whether others may be left. */
  async forgetSomeOf(topicId: number): Promise<boolean> {
    await this.#caughtUp();
    const prefix = `pwin/${topicId.toString(16).padStart(8, "0")}/`;
    const scope = { ...prefixScope(prefix), limit: scanPageMax };
    const windows = (await this.#parts.index.scan(scope)).map(({ key }) => windowOf(key));
    if (windows.length === 0) return false;
    await this.#parts.loop.runInternal(forgetWindows, { topicId, windows });
    return true;
  }

  /** Stops, and resolves when nothing is in flight. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#parts.timers.clearTimer(this.#handle);
    await this.#looking?.catch(() => undefined);
  }

  #sleep(delayMs: number): void {
    if (this.#isClosed) return;
    this.#handle = this.#parts.timers.setTimer(() => {
      this.#look()
        .catch((cause: unknown) => {
          const { message } = PubSubError.from(cause);
          this.#parts.log.warn("idle producers could not be forgotten; it is tried again", {
            cause: message,
          });
        })
        .finally(() => this.#sleep(producersLookMs));
    }, delayMs);
  }

  #look(): Promise<void> {
    this.#looking ??= this.#forgetIdle().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #forgetIdle(): Promise<void> {
    this.#lookedMs = this.#parts.clock.now();
    await this.#caughtUp();
    const idle = await this.#idle();
    if (idle.size === 0) return;
    await this.#forgetWindowsOf(idle);
    const ids = Array.from(idle, (producer) => Buffer.from(producer, "hex"));
    for (let at = 0; at < ids.length && !this.#isClosed; at += producersForgottenMax) {
      const producerIds = ids.slice(at, at + producersForgottenMax);
      await this.#parts.loop.runInternal(forgetProducers, { windows: [], producerIds });
    }
  }

  async #idle(): Promise<Set<string>> {
    const nowMs = this.#parts.clock.now();
    const idle = new Set<string>();
    for await (const { key, value } of this.#parts.index.iterate(prefixScope("prod/"))) {
      if (isIdleProducer(ProducerState.decode(value), nowMs)) idle.add(key.slice(5));
    }
    return idle;
  }

  /** Before a producer goes all of its windows do: a producer that comes back begins anew. */
  async #forgetWindowsOf(idle: ReadonlySet<string>): Promise<void> {
    let windows: ForgottenWindow[] = [];
    const forget = async (): Promise<void> => {
      if (windows.length === 0) return;
      await this.#parts.loop.runInternal(forgetProducers, { windows, producerIds: [] });
      windows = [];
    };
    for await (const { key } of this.#parts.index.iterate(prefixScope("pwin/"))) {
      if (this.#isClosed) return;
      if (!idle.has(key.slice(key.lastIndexOf("/") + 1))) continue;
      windows.push(windowOf(key));
      if (windows.length === windowsForgottenMax) await forget();
    }
    await forget();
  }

  async #caughtUp(): Promise<void> {
    await this.#parts.writer.reached(this.#parts.loop.durableSequence);
  }
}
