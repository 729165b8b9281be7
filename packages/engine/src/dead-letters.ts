import {
  type BatchRef,
  type DoomedEvents,
  deadLetterBytesMax,
  deadLetterEvents,
  type SubscriptionDelivery,
} from "@opendxa/pubsub-core";
import { decompressBodies, PubSubError, type StoredBatch } from "@opendxa/pubsub-protocol";
import type { CommandLoop } from "./command-loop.js";
import { entryGone } from "./entry-gone.js";
import type { Clock, EngineLog } from "./environment.js";
import { deadLetterRetryMs } from "./limits.js";

/** What storing dead letters needs. */
export interface DeadLettersParts {
  /** Where letters are decided. */
  readonly loop: CommandLoop;
  /** When what failed is tried again. */
  readonly clock: Clock;
  /** Told of what cannot be stored. */
  readonly log: EngineLog;
}

/** Whose dead letters. */
export interface DeadLettersOf {
  /** Name of the subscription. */
  readonly name: string;
  /** Who names the events. */
  readonly delivery: SubscriptionDelivery;
  /** Reads a batch; `undefined` when it expired. */
  readonly read: (ref: BatchRef) => Promise<StoredBatch | undefined>;
}

/** Stores the dead letters of a subscription's events that failed for the last time. */
export class DeadLetters {
  /** Topic of the letters. */
  topic = "";
  readonly #parts: DeadLettersParts;
  readonly #of: DeadLettersOf;
  #againMs: number | undefined;

  constructor(parts: DeadLettersParts, of: DeadLettersOf) {
    this.#parts = parts;
    this.#of = of;
  }

  /** Something could not be stored so far. */
  get isWaiting(): boolean {
    return this.#againMs !== undefined;
  }

  /** When what could not be stored is to be tried again. Absent: never, or that is due already. */
  nextMs(): number | undefined {
    const at = this.#againMs;
    return at === undefined || at <= this.#parts.clock.now() ? undefined : at;
  }

  /**
   * Stores all letters; answers whether nothing is doomed any more. What cannot be stored, because
   * there are too many topics or the batch cannot be read, is said and tried again later. Throws when
   * the journal failed.
   */
  async store(): Promise<boolean> {
    const { delivery } = this.#of;
    for (let next = this.#doomed(); next !== undefined; next = this.#doomed()) {
      if (this.#againMs !== undefined && this.#againMs > this.#parts.clock.now()) return false;
      try {
        await this.#storeOf(next);
      } catch (error) {
        this.#failed(error);
        return false;
      }
    }
    this.#againMs = undefined;
    return delivery.figures().doomed === 0;
  }

  #doomed(): DoomedEvents | undefined {
    return this.#of.delivery.doomed(deadLetterBytesMax);
  }

  async #storeOf(doomed: DoomedEvents): Promise<void> {
    const { name: subscription, delivery, read } = this.#of;
    const stored = await read(doomed.ref);
    // Settled meanwhile, as what expired: the next look finds others.
    if (delivery.stillDoomed(doomed).runs.length === 0) return;
    if (stored === undefined) throw entryGone(doomed.ref.sequence);
    const { topic } = this;
    const command = { delivery, subscription, topic, doomed, stored };
    await this.#parts.loop.runInternal(deadLetterEvents, {
      ...command,
      decompress: decompressBodies,
    });
  }

  #failed(error: unknown): void {
    const { loop, clock, log } = this.#parts;
    if (loop.hasFailed) throw error;
    this.#againMs = clock.now() + deadLetterRetryMs;
    const { message, reason, metadata } = PubSubError.from(error);
    const { name: subscription } = this.#of;
    const facts = { ...metadata, subscription, topic: this.topic, reason, cause: message };
    log.warn("dead letters could not be stored; it is tried again", facts);
  }
}
