import {
  type CursorException,
  CursorState,
  type EventsSettled,
  type ExpiredCount,
} from "@opendxa/pubsub-protocol";
import { MinHeap } from "./min-heap.js";
import type { Position } from "./position.js";
import { expiredCursor, type SettledView, settledWrites } from "./settled-state.js";

/** A subscription's position in one lane as the journal and the projection know it. */
export interface DurableState {
  /** Where it stands. */
  readonly cursor: CursorState;
  /** Exceptions by the sequence of their entry. */
  readonly exceptions: ReadonlyMap<bigint, CursorException>;
}

/**
 * The resident copy of a lane's durable position, moved by the very function that the projection uses.
 * Exceptions are ordered by sequence as a number: journals end long before 2^53 entries.
 */
export class DurableCursor implements SettledView {
  #cursor: CursorState;
  #runs = 0;
  readonly #exceptions: Map<bigint, CursorException>;
  readonly #sequences = new MinHeap<bigint>((sequence) => this.#exceptions.has(sequence));

  constructor(state: DurableState) {
    this.#cursor = CursorState.create(state.cursor);
    this.#exceptions = new Map(state.exceptions);
    for (const [sequence, exception] of this.#exceptions) {
      this.#runs += exception.runs.length;
      this.#sequences.push(Number(sequence), sequence);
    }
  }

  /** Everything before it is settled. */
  get cursor(): CursorState {
    return this.#cursor;
  }

  /** Everything before it is settled. */
  get position(): Position {
    return this.#cursor;
  }

  /** Runs of all exceptions. */
  get exceptionRuns(): number {
    return this.#runs;
  }

  /** Exceptions of one entry. */
  exceptionOf(sequence: bigint): CursorException | undefined {
    return this.#exceptions.get(sequence);
  }

  /** Whether exceptions lie in entries below a sequence. */
  hasBelow(sequence: bigint): boolean {
    const lowest = this.#sequences.peek();
    return lowest !== undefined && lowest < sequence;
  }

  /** Takes the sequences below `sequence` that have exceptions, ascending; at most `max`. */
  takeBelow(sequence: bigint, max: number): bigint[] {
    const taken: bigint[] = [];
    while (taken.length < max && this.hasBelow(sequence)) {
      const lowest = this.#sequences.pop() as bigint;
      if (taken.at(-1) !== lowest) taken.push(lowest);
    }
    return taken;
  }

  /** Follows an entry. */
  apply(change: EventsSettled): void {
    const { cursor, exceptions } = settledWrites(this, change);
    this.#cursor = cursor as CursorState;
    for (const [sequence, exception] of exceptions) {
      const before = this.#exceptions.get(sequence);
      this.#runs += (exception?.runs.length ?? 0) - (before?.runs.length ?? 0);
      if (exception === undefined) {
        this.#exceptions.delete(sequence);
        continue;
      }
      if (before === undefined) this.#sequences.push(Number(sequence), sequence);
      this.#exceptions.set(sequence, exception);
    }
  }

  /** Follows an expiry. */
  expire(change: Pick<ExpiredCount, "count" | "enteredCount">): void {
    this.#cursor = expiredCursor(this.#cursor, change);
  }

  /** A copy that later changes do not touch. */
  state(): DurableState {
    return { cursor: { ...this.#cursor }, exceptions: new Map(this.#exceptions) };
  }
}
