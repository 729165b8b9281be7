import {
  type Entry,
  type Topic,
  TopicIndex,
  type TopicSettings,
  type TopicState,
} from "@opendxa/pubsub-protocol";
import { SettingsPool, type SharedSettings } from "./shared-settings.js";

/**
 * All topics of the namespace, resident: decisions, dispatch and lists look them up by number and by
 * name. Those that were deleted are known by number until their last event is gone.
 *
 * Held in columns, a string for each topic and nothing else that the garbage collector has to visit:
 * with 100,000 topics as objects, every collection that the payloads' memory brings about visited
 * 700,000 of them.
 */
export class TopicTable {
  readonly #rowById = new Map<number, number>();
  readonly #rowByName = new Map<string, number>();
  readonly #deleted = new Set<number>();
  readonly #freeRows: number[] = [];
  readonly #pool = new SettingsPool();
  readonly #names: string[] = [];
  readonly #settings: (SharedSettings | undefined)[] = [];
  #ids = new Uint32Array(16);
  #createTimes = new BigInt64Array(16);
  #sortedNames: string[] | undefined;

  /** Number of topics. */
  get size(): number {
    return this.#rowByName.size;
  }

  /** Adds a topic, or replaces its settings. */
  put(state: TopicState): void {
    const row = this.#write(state);
    const name = this.#names[row] ?? "";
    if (!this.#rowByName.has(name)) this.#sortedNames = undefined;
    this.#rowByName.set(name, row);
  }

  /** Adds a topic that was deleted and not purged. */
  putDeleted(state: TopicState): void {
    this.#write(state);
    this.#deleted.add(state.topicId);
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
        this.#purge(kind.value.topicId);
        break;
      default:
        // Every other kind leaves the topics as they are.
        break;
    }
  }

  /** A topic by number, also a deleted one. */
  byId(topicId: number): TopicState | undefined {
    const row = this.#rowById.get(topicId);
    return row === undefined ? undefined : this.#stateOf(row);
  }

  /** A topic by name. */
  byName(name: string): TopicState | undefined {
    const row = this.#rowByName.get(name);
    return row === undefined ? undefined : this.#stateOf(row);
  }

  /** Name of a topic by number, also of a deleted one. */
  nameOf(topicId: number): string | undefined {
    const row = this.#rowById.get(topicId);
    return row === undefined ? undefined : this.#names[row];
  }

  /** Settings of a topic by number, also of a deleted one. */
  settingsOf(topicId: number): TopicSettings | undefined {
    const row = this.#rowById.get(topicId);
    return row === undefined ? undefined : this.#settings[row]?.settings;
  }

  /** Numbers of the topics that exist, in no order. */
  *ids(): Generator<number> {
    for (const row of this.#rowByName.values()) yield this.#ids[row] ?? 0;
  }

  /** Topics that were deleted and not purged. */
  deleted(): readonly TopicState[] {
    return [...this.#deleted].flatMap((topicId) => this.byId(topicId) ?? []);
  }

  /** Which single events of a topic can be asked for. */
  indexOf(topicId: number): TopicIndex {
    return this.settingsOf(topicId)?.index ?? TopicIndex.NONE;
  }

  /** Names in order, those after `after`. */
  *namesAfter(after: string): Generator<string> {
    this.#sortedNames ??= [...this.#rowByName.keys()].sort();
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

  #delete(name: string): void {
    const row = this.#rowByName.get(name);
    if (row === undefined) return;
    this.#rowByName.delete(name);
    this.#sortedNames = undefined;
    this.#deleted.add(this.#ids[row] ?? 0);
  }

  #purge(topicId: number): void {
    const row = this.#rowById.get(topicId);
    if (row === undefined) return;
    this.#rowById.delete(topicId);
    this.#deleted.delete(topicId);
    const shared = this.#settings[row];
    if (shared !== undefined) this.#pool.giveBack(shared);
    this.#settings[row] = undefined;
    this.#names[row] = "";
    this.#freeRows.push(row);
  }

  /** Writes a topic into its row, or into a free one. */
  #write({ topicId, topic }: TopicState): number {
    const row = this.#rowById.get(topicId) ?? this.#freeRows.pop() ?? this.#addRow();
    const before = this.#settings[row];
    this.#rowById.set(topicId, row);
    this.#ids[row] = topicId;
    this.#names[row] = topic?.name ?? "";
    this.#createTimes[row] = topic?.createTimeUnixMs ?? 0n;
    this.#settings[row] = this.#pool.take(topic?.settings);
    if (before !== undefined) this.#pool.giveBack(before);
    return row;
  }

  #addRow(): number {
    const row = this.#names.length;
    this.#names.push("");
    this.#settings.push(undefined);
    if (row === this.#ids.length) {
      const [ids, createTimes] = [this.#ids, this.#createTimes];
      this.#ids = new Uint32Array(row * 2);
      this.#ids.set(ids);
      this.#createTimes = new BigInt64Array(row * 2);
      this.#createTimes.set(createTimes);
    }
    return row;
  }

  #stateOf(row: number): TopicState {
    const topic: Topic = {
      name: this.#names[row] ?? "",
      settings: this.#settings[row]?.settings,
      createTimeUnixMs: this.#createTimes[row] ?? 0n,
      // Only answers have them.
      partitions: [],
    };
    return { topicId: this.#ids[row] ?? 0, topic };
  }
}
