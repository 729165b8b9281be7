import type { EventsSettled } from "@opendxa/pubsub-protocol";
import type { BatchRef } from "./batch-ref.js";
import { BatchSlot } from "./batch-slot.js";
import type { BatchTraits } from "./batch-traits.js";
import { DurableCursor, type DurableState } from "./durable-cursor.js";
import { type ExceptionRun, overlay, settledRun } from "./exception-runs.js";
import type { KeyTable } from "./key-table.js";
import type { Lane } from "./lane.js";
import {
  clearedSequencesMax,
  readyBatchesMax,
  readyRunsMax,
  silentCursorSequences,
} from "./limits.js";
import { PendingChange } from "./pending-change.js";
import { isBefore, type Position } from "./position.js";
import type { Run } from "./run.js";
import { RunBook } from "./run-book.js";
import { fillApart, type KnownOfBatch, SlotFiller } from "./slot-filler.js";
import { SlotTable } from "./slot-table.js";

/** A subscription's durable position in one lane. */
export interface LanePosition extends DurableState {
  /** The lane. */
  readonly lane: Lane;
}

/** Whose change it is. */
export type ChangeHead = Pick<EventsSettled, "subscriptionId" | "epoch">;

/** One lane of a subscription: batches at or above its cursor, and what is not journalled yet. */
export class LaneState {
  /** Which lane. */
  readonly lane: Lane;
  /** Batches at or above the cursor. */
  readonly slots = new SlotTable();
  /** Unsettled runs by what they wait for. */
  readonly book = new RunBook();
  /** What is not journalled yet. */
  readonly pending = new PendingChange();
  /** What is journalled. */
  readonly durable: DurableCursor;
  /** Next sequence to examine. */
  frontier: bigint;
  #lastOffered: Position = { sequence: -1n, index: 0 };
  #ordinal = 0;
  #freshRunsMax = readyBatchesMax;
  /** Exceptions of entries with events that were settled before their batches were looked at. */
  readonly #ahead = new Map<bigint, ExceptionRun[]>();
  #aheadRuns = 0;

  constructor({ lane, cursor, exceptions }: LanePosition) {
    this.lane = lane;
    this.durable = new DurableCursor({ cursor, exceptions });
    this.frontier = cursor.sequence;
  }

  /** Runs that are journalled and those that wait to be, by estimate: what bounds exceptions. */
  get exceptionRuns(): number {
    return this.durable.exceptionRuns + this.#aheadRuns;
  }

  /** Fresh runs beyond which nothing more is to be offered: cut ones are small. */
  get freshRunsMax(): number {
    return this.#freshRunsMax;
  }

  /** Everything before it is settled, journalled or not. */
  position(): Position {
    const reached = this.slots.pass(this.frontier);
    return isBefore(reached, this.durable.position) ? this.durable.position : reached;
  }

  /** Takes a batch in, unless it was offered before or lies below the frontier. */
  offer(ref: BatchRef, traits: BatchTraits | undefined, keys: KeyTable | undefined): void {
    if (!this.isAhead(ref)) return;
    this.#lastOffered = { sequence: ref.sequence, index: ref.firstIndex };
    if (traits !== undefined) this.#freshRunsMax = readyRunsMax;
    const slot = new BatchSlot(ref, this, this.#ordinal);
    this.#ordinal += 1;
    new SlotFiller(slot, traits, keys).fill(this.#knownOf(slot));
    this.slots.push(slot);
  }

  /** Whether a batch was not looked at yet. */
  isAhead({ sequence, firstIndex }: Pick<BatchRef, "sequence" | "firstIndex">): boolean {
    const at = { sequence, index: firstIndex };
    return sequence >= this.frontier && isBefore(this.#lastOffered, at);
  }

  /** The lane as it is now, for looks at batches that were not looked at yet. */
  copyAhead(): LaneState {
    const copy = new LaneState({ lane: this.lane, ...this.durable.state() });
    copy.frontier = this.frontier;
    copy.#lastOffered = this.#lastOffered;
    return copy;
  }

  /** A batch that was not looked at yet as it would be: for a look, or to settle events ahead. */
  slotAhead(ref: BatchRef): BatchSlot {
    const slot = new BatchSlot(ref, this, 0);
    fillApart(slot, this.#knownOf(slot));
    return slot;
  }

  /** Remembers that events of such a batch are settled until that is journalled. */
  settleAhead({ slot, first, last }: Run): void {
    const { sequence } = slot.ref;
    const runs = [...this.#runsOf(sequence)];
    this.#aheadRuns -= this.#ahead.get(sequence)?.length ?? 0;
    overlay(runs, settledRun(first, last));
    this.#aheadRuns += runs.length;
    this.#ahead.set(sequence, runs);
  }

  /** Whether there is something to journal: silence that the cursor passed when it is much. */
  hasChange(isFinal: boolean): boolean {
    const { position } = this.durable;
    if (!this.pending.isEmpty || this.durable.hasBelow(position.sequence)) return true;
    if (!isFinal && this.frontier - position.sequence < silentCursorSequences) return false;
    const cursor = this.position();
    const isFar = cursor.sequence - position.sequence >= silentCursorSequences;
    return isFar || (isFinal && isBefore(position, cursor));
  }

  /** One entry's worth of what is to be journalled; the cursor as far as that lets it. */
  take({ subscriptionId, epoch }: ChangeHead, clearedMax = clearedSequencesMax): EventsSettled {
    const { durable } = this;
    const taken = this.pending.take(this.position(), durable.position);
    const { cursorSequence } = taken;
    // Field by field: this is made for every batch, and spreading costs as much as the rest.
    const change: EventsSettled = {
      subscriptionId,
      epoch,
      cursorSequence,
      cursorIndex: taken.cursorIndex,
      acked: taken.acked,
      ackedCount: taken.ackedCount,
      retried: taken.retried,
      enteredCount: taken.enteredCount,
      clearedSequences: durable.takeBelow(cursorSequence, clearedMax),
      lane: this.lane,
      removed: taken.removed,
      otherLanes: [],
    };
    durable.apply(change);
    if (this.pending.isEmpty) this.#forgetAhead();
    return change;
  }

  #forgetAhead(): void {
    if (this.#ahead.size === 0) return;
    this.#ahead.clear();
    this.#aheadRuns = 0;
  }

  #runsOf(sequence: bigint): readonly ExceptionRun[] {
    return this.#ahead.get(sequence) ?? this.durable.exceptionOf(sequence)?.runs ?? [];
  }

  #knownOf({ ref: { sequence } }: BatchSlot): KnownOfBatch {
    const { cursor } = this.durable;
    const passed = sequence === cursor.sequence ? cursor.index - 1 : -1;
    return { passed, runs: this.#runsOf(sequence) };
  }
}
