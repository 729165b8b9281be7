import type { BatchSlot } from "./batch-slot.js";
import type { Position } from "./position.js";

/** Passed slots at the front that are worth moving the others. */
const compactAt = 1_024;

/** The batches of a lane at or above its cursor, in order. */
export class SlotTable {
  #slots: BatchSlot[] = [];
  #head = 0;
  readonly #bySequence = new Map<bigint, BatchSlot[]>();

  /** Adds a batch above all others. */
  push(slot: BatchSlot): void {
    this.#slots.push(slot);
    const same = this.#bySequence.get(slot.ref.sequence);
    if (same === undefined) this.#bySequence.set(slot.ref.sequence, [slot]);
    else same.push(slot);
  }

  /** Batches of one entry. */
  ofSequence(sequence: bigint): readonly BatchSlot[] {
    return this.#bySequence.get(sequence) ?? [];
  }

  /** A batch by its position. */
  at(sequence: bigint, firstIndex: number): BatchSlot | undefined {
    return this.ofSequence(sequence).find(({ ref }) => ref.firstIndex === firstIndex);
  }

  /** The first batch; after `pass` it is the oldest one with unsettled events below the frontier. */
  head(): BatchSlot | undefined {
    return this.#slots[this.#head];
  }

  /** Drops settled batches at the front, below `frontier`; answers the position reached. */
  pass(frontier: bigint): Position {
    for (let slot = this.head(); slot !== undefined; slot = this.head()) {
      const { sequence } = slot.ref;
      if (sequence >= frontier) break;
      const index = slot.firstUnsettled();
      if (index !== undefined) return { sequence, index };
      this.#head += 1;
      if (this.head()?.ref.sequence !== sequence) this.#bySequence.delete(sequence);
      if (this.#head >= compactAt && this.#head * 2 >= this.#slots.length) {
        this.#slots = this.#slots.slice(this.#head);
        this.#head = 0;
      }
    }
    return { sequence: frontier, index: 0 };
  }
}
