import type { Entry } from "@opendxa/pubsub-protocol";
import { forgettableRangesMax } from "./limits.js";

/** Consecutive entries. */
export interface EntryRange {
  /** First sequence. */
  readonly first: bigint;
  /** Last sequence, included. */
  readonly last: bigint;
}

/**
 * Entries of this run of the broker that the journal may forget one day: those that hold no batch,
 * and those whose batches expired. What is not remembered beyond the bound, or over a restart, stays
 * until the journal is truncated before it.
 */
export class ForgettableEntries {
  #control: EntryRange[] = [];
  /** Entries with batches that expired or were cancelled, or their releases, with the sequence of that. */
  readonly #expired = new Map<bigint, bigint>();

  /** Takes an entry that was applied, in order. */
  follow(sequence: bigint, { kind, batches }: Entry): void {
    // A fact that takes batches away stays as long as the journal may still show what it took.
    switch (kind?.$case) {
      case "eventsExpired":
        for (const { sequence: at, releasedSequence } of kind.value.batches) {
          this.#addExpired(at, sequence);
          if (releasedSequence !== undefined) this.#addExpired(releasedSequence, sequence);
        }
        break;
      case "scheduledCancelled":
        if (kind.value.nothingLeft) this.#addExpired(kind.value.payloadSequence, sequence);
        break;
      case "eventsReleased":
        // It lists a batch until that expires.
        break;
      default:
        if (batches.length === 0) this.#addControl(sequence);
        break;
    }
  }

  /** Takes the entries up to a sequence that hold no batch. */
  takeControl(to: bigint): EntryRange[] {
    const taken: EntryRange[] = [];
    const kept: EntryRange[] = [];
    for (const { first, last } of this.#control) {
      if (first <= to) taken.push({ first, last: last < to ? last : to });
      if (last > to) kept.push({ first: first > to ? first : to + 1n, last });
    }
    this.#control = kept;
    return taken;
  }

  /**
   * Takes entries up to a sequence with batches that expired up to another, ascending; at most
   * `max`. Others of their batches may be stored still.
   */
  takeExpired(to: bigint, expiredTo: bigint, max: number): bigint[] {
    const taken: bigint[] = [];
    for (const [sequence, expiry] of this.#expired) {
      if (taken.length === max) break;
      if (sequence > to || expiry > expiredTo) continue;
      this.#expired.delete(sequence);
      taken.push(sequence);
    }
    return taken.sort((a, b) => (a < b ? -1 : 1));
  }

  /** The journal was truncated before a sequence. */
  truncated(first: bigint): void {
    this.#control = this.#control.filter(({ last }) => last >= first);
    for (const sequence of this.#expired.keys()) {
      if (sequence < first) this.#expired.delete(sequence);
    }
  }

  #addControl(sequence: bigint): void {
    const newest = this.#control.at(-1);
    if (newest !== undefined && newest.last + 1n === sequence) {
      this.#control[this.#control.length - 1] = { first: newest.first, last: sequence };
    } else if (this.#control.length < forgettableRangesMax) {
      this.#control.push({ first: sequence, last: sequence });
    }
  }

  #addExpired(sequence: bigint, expiry: bigint): void {
    if (this.#expired.size >= forgettableRangesMax && !this.#expired.has(sequence)) return;
    this.#expired.set(sequence, expiry);
  }
}
