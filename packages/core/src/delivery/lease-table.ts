import type { BatchSlot } from "./batch-slot.js";
import type { ConsumerRing, ConsumerState } from "./consumer-ring.js";
import type { IndexSpan, Lease } from "./lease.js";
import type { LeaseTokens } from "./lease-tokens.js";
import { endedLeasesMax } from "./limits.js";
import type { Run } from "./run.js";
import type { RunBook } from "./run-book.js";

/** The leases of a subscription, and those that ended lately. */
export class LeaseTable {
  readonly #tokens: LeaseTokens;
  readonly #book: RunBook;
  readonly #consumers: ConsumerRing;
  readonly #open = new Map<bigint, Lease>();
  readonly #ended = new Map<bigint, Lease>();

  constructor(tokens: LeaseTokens, book: RunBook, consumers: ConsumerRing) {
    this.#tokens = tokens;
    this.#book = book;
    this.#consumers = consumers;
  }

  /** Leases ready runs of one batch to a consumer. */
  lease(consumer: ConsumerState, slot: BatchSlot, runs: readonly Run[], endMs: number): Lease {
    const spans: IndexSpan[] = [];
    const token = this.#tokens.next();
    const lease: Lease = { token, consumerId: consumer.id, slot, spans, runs: new Set() };
    for (const run of runs) {
      this.#book.leave(run);
      run.state = "leased";
      run.atMs = endMs;
      run.lease = lease;
      this.#book.enter(run);
      spans.push({ first: run.first, last: run.last });
      consumer.leased += run.count;
    }
    this.#open.set(token, lease);
    consumer.leases.add(lease);
    return lease;
  }

  /** A lease that is open or ended lately. */
  find(token: bigint): Lease | undefined {
    return this.#open.get(token) ?? this.#ended.get(token);
  }

  /** Whether a token can stand for a lease on these events; an unknown lease of old may. */
  mayCover(token: bigint): boolean {
    return this.#tokens.wasIssued(token);
  }

  /** Takes a run out of its lease, if it has one; it has no state in the book afterwards. */
  release(run: Run): void {
    this.#book.leave(run);
    const { lease } = run;
    run.lease = undefined;
    if (lease === undefined) return;
    const consumer = this.#consumers.get(lease.consumerId);
    if (consumer !== undefined) consumer.leased -= run.count;
    if (lease.runs.size > 0) return;
    this.#open.delete(lease.token);
    consumer?.leases.delete(lease);
    this.#remember(lease);
  }

  #remember(lease: Lease): void {
    this.#ended.set(lease.token, lease);
    if (this.#ended.size <= endedLeasesMax) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }
}
