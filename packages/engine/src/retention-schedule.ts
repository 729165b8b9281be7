import type { TopicTable } from "./topic-table.js";

/** Which topics may have something to drop, and when. */
export class RetentionSchedule {
  readonly #topics: TopicTable;
  /** When the oldest batch of a topic may go; absent: look. */
  readonly #dueMs = new Map<number, number>();
  /** Topics with a bound on bytes that grew. */
  readonly #grown = new Set<number>();

  constructor(topics: TopicTable) {
    this.#topics = topics;
  }

  /** A topic changed: look at it. */
  changed(topicId: number): void {
    this.#dueMs.delete(topicId);
  }

  /** A topic is gone. */
  forget(topicId: number): void {
    this.#dueMs.delete(topicId);
    this.#grown.delete(topicId);
  }

  /** All times are doubtful, because the clock jumped. */
  clear(): void {
    this.#dueMs.clear();
  }

  /** A batch was stored in a topic. Answers whether there is something to look at by that. */
  stored(topicId: number): boolean {
    const bytes = this.#topics.settingsOf(topicId)?.retentionBytes ?? 0n;
    if (bytes === 0n || this.#grown.has(topicId)) return false;
    this.#grown.add(topicId);
    return true;
  }

  /** Numbers of the topics to look at now, at most `max`. */
  due(nowMs: number, max: number): number[] {
    const due: number[] = [];
    for (const topicId of this.#topics.ids()) {
      if (due.length >= max) break;
      if ((this.#dueMs.get(topicId) ?? 0) <= nowMs || this.#grown.has(topicId)) due.push(topicId);
    }
    return due;
  }

  /** A topic is looked at: what is stored from now on counts again. */
  begin(topicId: number): void {
    this.#grown.delete(topicId);
  }

  /** A topic was looked at, and nothing of it goes before this time. */
  done(topicId: number, dueMs: number): void {
    this.#dueMs.set(topicId, dueMs);
  }

  /** The earliest time that is known, milliseconds since the Unix epoch. */
  nextMs(): number {
    let next = this.#grown.size > 0 ? 0 : Number.POSITIVE_INFINITY;
    for (const topicId of this.#topics.ids()) {
      next = Math.min(next, this.#dueMs.get(topicId) ?? 0);
    }
    return next;
  }
}
