import { type Entry, TopicIndex, type TopicState } from "@opendxa/pubsub-protocol";

/**
 * All topics of the namespace, resident: dispatch and lists look them up by number and by name.
 * Those that were deleted are known by number until their last event is gone.
 */
export class TopicTable {
  readonly #byId = new Map<number, TopicState>();
  readonly #byName = new Map<string, TopicState>();
  readonly #deleted = new Map<number, TopicState>();
  #sortedNames: string[] | undefined;

  /** Number of topics. */
  get size(): number {
    return this.#byName.size;
  }

  /** Adds a topic, or replaces its settings. */
  put(state: TopicState): void {
    const name = state.topic?.name ?? "";
    if (!this.#byName.has(name)) this.#sortedNames = undefined;
    this.#byId.set(state.topicId, state);
    this.#byName.set(name, state);
  }

  /** Adds a topic that was deleted and not purged. */
  putDeleted(state: TopicState): void {
    this.#byId.set(state.topicId, state);
    this.#deleted.set(state.topicId, state);
  }

  /** Takes an entry that was applied. */
  follow({ kind }: Entry): void {
    switch (kind?.$case) {
      case "topicCreated":
      case "topicUpdated":
        if (kind.value.topic !== undefined) this.put(kind.value.topic);
        break;
      case "topicDeleted":
        this.#delete(kind.value.name);
        break;
      case "topicPurged":
        this.#byId.delete(kind.value.topicId);
        this.#deleted.delete(kind.value.topicId);
        break;
      default:
        // Every other kind leaves the topics as they are.
        break;
    }
  }

  #delete(name: string): void {
    const state = this.#byName.get(name);
    if (state === undefined) return;
    this.#byName.delete(name);
    this.#sortedNames = undefined;
    this.putDeleted(state);
  }

  /** A topic by number, also a deleted one. */
  byId(topicId: number): TopicState | undefined {
    return this.#byId.get(topicId);
  }

  /** A topic by name. */
  byName(name: string): TopicState | undefined {
    return this.#byName.get(name);
  }

  /** Topics that exist, in no order. */
  all(): IterableIterator<TopicState> {
    return this.#byName.values();
  }

  /** Topics that were deleted and not purged. */
  deleted(): readonly TopicState[] {
    return [...this.#deleted.values()];
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
