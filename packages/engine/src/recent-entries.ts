import { sequenceRefOf } from "@opendxa/pubsub-core";
import type { Entry, SequenceRef } from "@opendxa/pubsub-protocol";
import { recentEntriesBytesMax, recentSequencesMax } from "./limits.js";

/** A durable entry. */
export interface DurableEntry {
  /** Its sequence. */
  readonly sequence: bigint;
  /** The entry. */
  readonly entry: Entry;
  /** Its size in the journal. */
  readonly bytes: number;
}

/**
 * The newest durable entries: their batches by sequence, so that live dispatch asks no index, and
 * the youngest of them decoded, so that it reads no journal.
 */
export class RecentEntries {
  readonly #entries = new Map<bigint, DurableEntry>();
  #entryBytes = 0;
  /** By the sequence modulo its length, which is unique from `firstSequence` to `lastSequence`. */
  readonly #refs: (SequenceRef | undefined)[] = new Array(recentSequencesMax).fill(undefined);
  #first: bigint;
  #last: bigint;

  /** Begins after `last`, the newest entry before. */
  constructor(last: bigint) {
    this.#last = last;
    this.#first = last + 1n;
  }

  /** Oldest sequence whose batches are known. */
  get firstSequence(): bigint {
    return this.#first;
  }

  /** Newest sequence. */
  get lastSequence(): bigint {
    return this.#last;
  }

  /** Takes the next durable entry. */
  add(durable: DurableEntry): void {
    const { sequence, entry } = durable;
    const ref = listedBy(entry);
    this.#refs[slotOf(sequence)] = ref;
    this.#last = sequence;
    const oldest = sequence - BigInt(recentSequencesMax) + 1n;
    if (this.#first < oldest) this.#first = oldest;
    if (ref === undefined) return;
    this.#entries.set(sequence, durable);
    this.#entryBytes += durable.bytes;
    for (const old of this.#entries.values()) {
      if (this.#entryBytes <= recentEntriesBytesMax) break;
      this.#entries.delete(old.sequence);
      this.#entryBytes -= old.bytes;
    }
  }

  /** Batches of an entry at or after `firstSequence`; `undefined` when it stores none. */
  refOf(sequence: bigint): SequenceRef | undefined {
    if (sequence < this.#first || sequence > this.#last) return undefined;
    return this.#refs[slotOf(sequence)];
  }

  /** A batch expired: it is not offered any more. */
  forget(sequence: bigint, firstIndex: number): void {
    const ref = this.refOf(sequence);
    if (ref === undefined) return;
    const batches = ref.batches.filter((batch) => batch.firstIndex !== firstIndex);
    this.#refs[slotOf(sequence)] = batches.length === 0 ? undefined : { batches };
  }

  /** A decoded entry, while it is among the youngest. */
  entryOf(sequence: bigint): Entry | undefined {
    return this.#entries.get(sequence)?.entry;
  }
}

/** Batches that an entry makes part of the log; `undefined` where it makes none. */
function listedBy(entry: Entry): SequenceRef | undefined {
  const isWithout = entry.batches.length === 0 && entry.kind?.$case !== "eventsReleased";
  const ref = isWithout ? undefined : sequenceRefOf(entry);
  return ref === undefined || ref.batches.length === 0 ? undefined : ref;
}

function slotOf(sequence: bigint): number {
  return Number(sequence % BigInt(recentSequencesMax));
}
