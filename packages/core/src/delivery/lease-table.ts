import type { BatchSlot } from "./batch-slot.js";
import type { ConsumerState } from "./consumer-ring.js";
import type { IndexSpan, Lease } from "./lease.js";
import type { LeaseTokens } from "./lease-tokens.js";
import { endedLeasesMax } from "./limits.js";
import type { Run } from "./run.js";

/** The leases of a subscription, and those that ended lately. */
export class LeaseTable {
  readonly #tokens: LeaseTokens;
  readonly #floor: bigint;
  readonly #open = new Map<bigint, Lease>();
  readonly #ended = new Map<bigint, Lease>();

  /** @param floor tokens up to it belong to earlier epochs */
  constructor(tokens: LeaseTokens, floor: bigint) {
    this.#tokens = tokens;
    this.#floor = floor;
  }

  /** Leases runs of one batch to a consumer; neighbours become one span. */
  lease(consumer: ConsumerState, slot: BatchSlot, runs: readonly Run[], endMs: number): Lease {
    const spans: { first: number; last: number }[] = [];
    const token = this.#tokens.next();
    const lease: Lease = { token, consumer, slot, spans, runs: new Set() };
    for (const run of runs) {
      slot.lane.book.leave(run);
      run.state = "leased";
      run.atMs = endMs;
      run.lease = lease;
      slot.lane.book.enter(run);
      const before = spans.at(-1);
      if (before !== undefined && before.last + 1 === run.first) before.last = run.last;
      else spans.push({ first: run.first, last: run.last });
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

  /** Whether a token belongs to an earlier epoch: what is said under it changes nothing. */
  isFromBefore(token: bigint): boolean {
    return token <= this.#floor;
  }

  /** Takes a run out of its lease, if it has one; it has no state in the book afterwards. */
  release(run: Run): void {
    run.slot.lane.book.leave(run);
    const { lease } = run;
    run.lease = undefined;
    if (lease === undefined) return;
    const { consumer } = lease;
    consumer.leased -= run.count;
    if (lease.runs.size > 0) return;
    this.#open.delete(lease.token);
    consumer.leases.delete(lease);
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

/** Whether a lease covers all of a span. */
export function covers(lease: Lease, { first, last }: IndexSpan): boolean {
  return lease.spans.some((span) => span.first <= first && last <= span.last);
}
