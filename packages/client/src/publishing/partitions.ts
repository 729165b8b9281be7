import { PubSubError, partitionForKey } from "@opendxa/pubsub-protocol";
import { TOPICS_REMEMBERED_MAX } from "../limits.js";

/** Asks a broker for the number of partitions of a topic. */
export type PartitionCountLookup = (topic: string) => Promise<number>;

/** Chooses partitions: by ordering key, or in turn per batch. Remembers how many topics have. */
export class Partitions {
  readonly #lookup: PartitionCountLookup;
  readonly #counts = new Map<string, number>();
  readonly #pending = new Map<string, Promise<number>>();
  readonly #turns = new Map<string, number>();

  /** Starts knowing nothing. */
  constructor(lookup: PartitionCountLookup) {
    this.#lookup = lookup;
  }

  /** Number of partitions if it is known. */
  known(topic: string): number | undefined {
    return this.#counts.get(topic);
  }

  /**
   * Asks for the number of partitions, once however many wait. A topic that does not exist counts
   * as one of a single partition, which is what its first use would create.
   */
  async count(topic: string): Promise<number> {
    const known = this.#counts.get(topic) ?? this.#pending.get(topic);
    if (known !== undefined) return known;
    const asked = this.#ask(topic);
    this.#pending.set(topic, asked);
    try {
      return await asked;
    } finally {
      this.#pending.delete(topic);
    }
  }

  /** What was known of a topic turned out wrong. */
  forget(topic: string): void {
    this.#counts.delete(topic);
  }

  /** Partition of an event with a key; undefined where the batch's turn decides. */
  ofKey(topic: string, key: string | undefined): number | undefined {
    const count = this.#counts.get(topic) ?? 1;
    if (count === 1) return 0;
    return key === undefined ? undefined : partitionForKey(key, count);
  }

  /** The next partition in turn, for a batch of events without a key. */
  inTurn(topic: string): number {
    const turn = this.#turns.get(topic) ?? 0;
    this.#turns.set(topic, turn + 1);
    return turn % (this.#counts.get(topic) ?? 1);
  }

  async #ask(topic: string): Promise<number> {
    const count = await this.#lookup(topic).catch((error: unknown) => {
      if (error instanceof PubSubError && error.reason === "TOPIC_NOT_FOUND") return 1;
      throw error;
    });
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined && this.#counts.size >= TOPICS_REMEMBERED_MAX) {
      this.#counts.delete(oldest);
      this.#turns.delete(oldest);
    }
    this.#counts.set(topic, count);
    return count;
  }
}
