import { BLOCKED_KEYS_MAX } from "@opendxa/pubsub-protocol";
import { KeyQueue } from "./key-queue.js";
import type { Run } from "./run.js";

/** The ordering keys of one topic-partition. */
export interface KeyScope {
  /** Number of the topic. */
  readonly topicId: number;
  /** Partition. */
  readonly partition: number;
  /** Keys with unsettled events. */
  readonly queues: Map<string, KeyQueue>;
}

/** The ordering keys of a subscription with unsettled events that were looked at. */
export class KeyTable {
  /** Keys whose first event failed: those that are blocked, and those that are tried again now. */
  readonly failing = new Set<KeyQueue>();
  /** Keys that stand still because of their first event. */
  readonly blocked = new Set<KeyQueue>();
  /** Keys of whose last failure nobody knows yet that it is journalled. */
  readonly #unjournalled = new Set<KeyQueue>();
  readonly #scopes = new Map<string, KeyScope>();

  /**
   * More keys fail than may be blocked. Those tried again count: else new ones would be let in with
   * every round of retries.
   */
  get isOverfull(): boolean {
    return this.failing.size > BLOCKED_KEYS_MAX;
  }

  /** The keys of a topic-partition. */
  scopeOf(topicId: number, partition: number): KeyScope {
    const name = `${topicId}/${partition}`;
    let scope = this.#scopes.get(name);
    if (scope === undefined) {
      scope = { topicId, partition, queues: new Map() };
      this.#scopes.set(name, scope);
    }
    return scope;
  }

  /** The queues of a key, in one topic or in all. */
  queuesOf(key: string, topicId: number | undefined): KeyQueue[] {
    const found: KeyQueue[] = [];
    for (const scope of this.#scopes.values()) {
      const queue = scope.queues.get(key);
      const isMeant = topicId === undefined || topicId === scope.topicId;
      if (queue !== undefined && isMeant) found.push(queue);
    }
    return found;
  }

  /** Puts a run behind the others of its key; the run is in its book already. */
  append(scope: KeyScope, key: string, run: Run): void {
    let queue = scope.queues.get(key);
    if (queue === undefined) {
      queue = new KeyQueue(scope, key);
      scope.queues.set(key, queue);
    }
    queue.append(run);
    if (queue.free === run) this.arrange(queue);
  }

  /** A run of a key was settled. */
  remove(run: Run): void {
    const queue = run.key;
    if (queue === undefined) return;
    queue.remove(run);
    this.arrange(queue);
  }

  /**
   * Something of a key failed, which a change journals: until then nothing of it is handed out, so
   * that its consumer hears of it before anything that comes again, or comes next.
   */
  failed(queue: KeyQueue, change: number, by: bigint | undefined): void {
    queue.failedIn = change;
    queue.failedBy = by;
    this.#unjournalled.add(queue);
  }

  /**
   * What failed up to a change is journalled; answers whether a key goes on by that.
   *
   * @param untold consumers whose verdicts wait although they are durable: what they nacked rests on
   */
  journalled(change: number, untold: ReadonlySet<bigint>): boolean {
    const before = this.#unjournalled.size;
    for (const queue of this.#unjournalled) {
      if (queue.failedIn > change) continue;
      if (queue.failedBy !== undefined && untold.has(queue.failedBy)) continue;
      queue.failedIn = 0;
      this.#unjournalled.delete(queue);
      this.arrange(queue);
    }
    return this.#unjournalled.size < before;
  }

  /**
   * Gives the first run of a key that is not leased its place after something changed: it is ready
   * when nothing of the key is leased and no failure waits to be journalled, else held, for the
   * consumer that has the key.
   */
  arrange(queue: KeyQueue): void {
    const { owner, free, head } = queue;
    const isFailureAwaited = queue.failedIn > 0;
    const mayFollow = !isFailureAwaited && !queue.isTriedAgain;
    if (free !== undefined && (free.state === "ready" || free.state === "held")) {
      const wanted = owner === undefined && !isFailureAwaited ? "ready" : "held";
      if (free.state !== wanted) free.slot.lane.book.move(free, wanted);
    }
    const bound = free?.state === "held" && mayFollow ? owner : undefined;
    if (queue.boundTo !== bound) {
      queue.boundTo?.bound.delete(queue);
      bound?.bound.add(queue);
      queue.boundTo = bound;
    }
    note(this.failing, queue, queue.isFailing);
    note(this.blocked, queue, queue.isBlocked);
    if (head === undefined && !isFailureAwaited) this.#drop(queue);
  }

  #drop({ scope, key }: KeyQueue): void {
    scope.queues.delete(key);
    if (scope.queues.size === 0) this.#scopes.delete(`${scope.topicId}/${scope.partition}`);
  }
}

function note(set: Set<KeyQueue>, queue: KeyQueue, isIn: boolean): void {
  if (isIn) set.add(queue);
  else set.delete(queue);
}
