import type { TopicState } from "@opendxa/pubsub-protocol";
import { TopicIndex } from "@opendxa/pubsub-protocol";

/** All topics of the namespace, resident: dispatch and lists look them up by number and by name. */
export class TopicTable {
  readonly #byId = new Map<number, TopicState>();
  readonly #byName = new Map<string, TopicState>();
  #sortedNames: string[] | undefined;

  /** Number of topics. */
  get size(): number {
    return this.#byId.size;
  }

  /** Adds a topic, or replaces its settings. */
  put(state: TopicState): void {
    const name = state.topic?.name ?? "";
    if (!this.#byName.has(name)) this.#sortedNames = undefined;
    this.#byId.set(state.topicId, state);
    this.#byName.set(name, state);
  }

  /** A topic by number. */
  byId(topicId: number): TopicState | undefined {
    return this.#byId.get(topicId);
  }

  /** A topic by name. */
  byName(name: string): TopicState | undefined {
    return this.#byName.get(name);
  }

  /** Which single events of a topic can be asked for. */
  indexOf(topicId: number): TopicIndex {
    return this.#byId.get(topicId)?.topic?.settings?.index ?? TopicIndex.NONE;
  }

  /** Names in order, those after `after`. */
  *namesAfter(after: string): Generator<string> {
    this.#sortedNames ??= [...this.#byName.keys()].sort();
    const names = this.#sortedNames;
    let low = 0;
    let high = names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((names[middle] as string) <= after) low = middle + 1;
      else high = middle;
    }
    if (after === "") low = 0;
    for (; low < names.length; low++) yield names[low] as string;
  }
}
