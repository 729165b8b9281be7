import type { ConsumerState } from "./consumer-ring.js";
import type { KeyScope } from "./key-table.js";
import type { Run } from "./run.js";

/** Whether a run is of a key and failed: its first event is leased by itself, and nothing behind it. */
export function isTriedAlone({ key, attempts }: Run): boolean {
  return key !== undefined && attempts > 0;
}

/**
 * The unsettled runs of one ordering key in one topic-partition, in order. Leased ones come first
 * and all belong to one consumer.
 */
export class KeyQueue {
  /** Its topic-partition. */
  readonly scope: KeyScope;
  /** The ordering key. */
  readonly key: string;
  /** First unsettled run. */
  head: Run | undefined;
  /** First run that is not leased. */
  free: Run | undefined;
  /** Unsettled events. */
  events = 0;
  /** The consumer that holds it and may be given more of it at once. */
  boundTo: ConsumerState | undefined;
  /** The change that journals its last failure; nothing of it is handed out before. 0: none is awaited. */
  failedIn = 0;
  /** Who nacked it then, and is to have the verdict before; absent: nobody asked. */
  failedBy: bigint | undefined;
  #tail: Run | undefined;

  constructor(scope: KeyScope, key: string) {
    this.scope = scope;
    this.key = key;
  }

  /** The consumer that holds events of the key: all others wait for it. */
  get owner(): ConsumerState | undefined {
    return this.head?.state === "leased" ? this.head.lease?.consumer : undefined;
  }

  /**
   * Whether an event that failed before is leased. It is tried alone: what followed would only come back
   * with it, and a key that never succeeds would cost a window of deliveries a try.
   */
  get isTriedAgain(): boolean {
    const { free } = this;
    const lastLeased = free === undefined ? this.#tail : free.before;
    return lastLeased !== undefined && isTriedAlone(lastLeased);
  }

  /** Whether its first event failed and was not settled since. */
  get isFailing(): boolean {
    const { head } = this;
    if (head === undefined) return false;
    return head.attempts > 0 || head.state === "waiting" || head.state === "doomed";
  }

  /** Whether the key stands still because of its first event. */
  get isBlocked(): boolean {
    return this.isFailing && this.head?.state !== "leased";
  }

  /** Adds a run behind the others. */
  append(run: Run): void {
    run.key = this;
    run.before = this.#tail;
    if (this.#tail === undefined) this.head = run;
    else this.#tail.after = run;
    this.#tail = run;
    this.free ??= run;
    this.events += run.count;
  }

  /** Takes a run out that is settled. */
  remove(run: Run): void {
    const { before, after } = run;
    if (this.free === run) this.free = after;
    this.#join(before, after);
    this.events -= run.count;
    run.key = undefined;
    run.before = undefined;
    run.after = undefined;
  }

  /** Puts the parts of a run that was cut in its place; parts without events are left out. */
  replace(run: Run, parts: readonly Run[]): void {
    const { after } = run;
    let last = run.before;
    const first = parts.find(({ count }) => count > 0);
    for (const part of parts) {
      if (part.count === 0) continue;
      part.key = this;
      this.#join(last, part);
      last = part;
    }
    this.#join(last, after);
    if (this.free === run) this.free = first;
    run.key = undefined;
    run.before = undefined;
    run.after = undefined;
  }

  /** Leases were granted from `free` on. */
  passLeased(): void {
    while (this.free?.state === "leased") this.free = this.free.after;
  }

  #join(a: Run | undefined, b: Run | undefined): void {
    if (a === undefined) this.head = b;
    else a.after = b;
    if (b === undefined) this.#tail = a;
    else b.before = a;
  }
}
