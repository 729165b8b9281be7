import { stateKeys } from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import type { SequenceRange } from "@opendxa/pubsub-journal";
import { PayloadRef, ScheduledState, SequenceRef_Batch } from "@opendxa/pubsub-protocol";
import { loadTopics } from "./recovery.js";
import type { TopicTable } from "./topic-table.js";

/** Tells what entries held whose bytes are lost, by the index that was made from them. */
export class LostEvents {
  readonly #index: IndexStore;
  readonly #topics: TopicTable;

  private constructor(index: IndexStore, topics: TopicTable) {
    this.#index = index;
    this.#topics = topics;
  }

  /** `index`: one whose chain is whole. */
  static async open(index: IndexStore): Promise<LostEvents> {
    return new LostEvents(index, await loadTopics(index));
  }

  /** Topics and number of the events of these entries. */
  async of({ first, last }: SequenceRange): Promise<{ topics: string[]; events: number }> {
    const topics = new Set<string>();
    let events = 0;
    const scope = {
      gte: stateKeys.sequence(first, 0).name,
      lt: stateKeys.sequence(last + 1n, 0).name,
    };
    const lines: SequenceRef_Batch[] = [];
    for await (const { value } of this.#index.iterate(scope)) {
      lines.push(SequenceRef_Batch.decode(value));
    }
    for (const { topicId, count } of [...lines, ...(await this.#scheduled({ first, last }))]) {
      topics.add(this.#topics.nameOf(topicId) ?? String(topicId));
      events += count;
    }
    return { topics: [...topics].sort(), events };
  }

  /** Scheduled batches of these entries, but for those that the same entries release. */
  async #scheduled({ first, last }: SequenceRange): Promise<SequenceRef_Batch[]> {
    const scope = {
      gte: stateKeys.payload(first, 0).name,
      lt: stateKeys.payload(last + 1n, 0).name,
    };
    const lines: SequenceRef_Batch[] = [];
    for await (const { key, value } of this.#index.iterate(scope)) {
      const { releasedSequence } = PayloadRef.decode(value);
      if (releasedSequence !== undefined && releasedSequence <= last) continue;
      const line = await this.#lineOf(key, releasedSequence);
      if (line !== undefined) lines.push(line);
    }
    return lines;
  }

  async #lineOf(
    payloadKey: string,
    releasedSequence: bigint | undefined,
  ): Promise<SequenceRef_Batch | undefined> {
    if (releasedSequence === undefined) {
      const state = await this.#index.get(`sch/${payloadKey.slice(2)}`);
      return state === undefined ? undefined : ScheduledState.decode(state).batch;
    }
    const line = await this.#index.get(stateKeys.sequence(releasedSequence, 0).name);
    return line === undefined ? undefined : SequenceRef_Batch.decode(line);
  }
}
