import { stateKeys } from "@opendxa/pubsub-core";
import type { IndexStore } from "@opendxa/pubsub-index-store";
import type { SequenceRange } from "@opendxa/pubsub-journal";
import { SequenceRef_Batch } from "@opendxa/pubsub-protocol";
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
    for await (const { value } of this.#index.iterate(scope)) {
      const { topicId, count } = SequenceRef_Batch.decode(value);
      topics.add(this.#topics.nameOf(topicId) ?? String(topicId));
      events += count;
    }
    return { topics: [...topics].sort(), events };
  }
}
