import type { PausedReason } from "./dispatch-bounds.js";
import type { LaneState } from "./lane-state.js";
import { leastOf } from "./position.js";

/** Where the events of lanes are. */
export interface LaneFigures {
  /** Events leased to consumers. */
  readonly leased: number;
  /** Events that wait for a consumer, a retry, an earlier event of their key or their dead letter. */
  readonly waiting: number;
  /** Of these, events that wait for their retry time. */
  readonly retrying: number;
  /** Of these, events held behind earlier ones of their keys. */
  readonly held: number;
  /** Of these, events that are to become dead letters. */
  readonly doomed: number;
  /** Leased and waiting. */
  readonly unsettled: number;
  /** Events of the epoch that entered: those below the cursor, settled or tried before, journalled. */
  readonly entered: bigint;
  /** Events of the epoch that were acked, journalled. */
  readonly acked: bigint;
  /** Events of the epoch that expired, journalled. */
  readonly expired: bigint;
  /** Events of the epoch that were dead-lettered, journalled. */
  readonly deadLettered: bigint;
  /** Events of the epoch that were skipped, journalled. */
  readonly skipped: bigint;
  /** Events of the epoch that did not match the filter, journalled. */
  readonly filtered: bigint;
  /** Runs above the cursors that differ from "never tried", journalled. */
  readonly exceptions: number;
  /** Next sequence to examine, of the lane that is behind most. */
  readonly frontier: bigint;
}

/**
 * Where a subscription's resident events are now. With everything journalled, the settled counts and
 * `unsettled` are all events that were looked at; with those not looked at yet, all that entered.
 */
export interface DeliveryFigures extends LaneFigures {
  /** Ordering keys that stand still because of their first event. */
  readonly blockedKeys: number;
  /** Consumers. */
  readonly consumers: number;
  /** Why nothing new is dispatched. */
  readonly paused: PausedReason | undefined;
}

function figuresOfLane({ book, durable, frontier }: LaneState): LaneFigures {
  const { cursor } = durable;
  const waiting = book.readyEvents + book.waitingEvents + book.heldEvents + book.doomedEvents;
  return {
    leased: book.leasedEvents,
    waiting,
    retrying: book.waitingEvents,
    held: book.heldEvents,
    doomed: book.doomedEvents,
    unsettled: book.leasedEvents + waiting,
    entered: cursor.entered,
    acked: cursor.acked,
    expired: cursor.expired,
    deadLettered: cursor.deadLettered,
    skipped: cursor.skipped,
    filtered: cursor.filtered,
    exceptions: durable.exceptionRuns,
    frontier,
  };
}

function sum(a: LaneFigures, b: LaneFigures): LaneFigures {
  return {
    leased: a.leased + b.leased,
    waiting: a.waiting + b.waiting,
    retrying: a.retrying + b.retrying,
    held: a.held + b.held,
    doomed: a.doomed + b.doomed,
    unsettled: a.unsettled + b.unsettled,
    entered: a.entered + b.entered,
    acked: a.acked + b.acked,
    expired: a.expired + b.expired,
    deadLettered: a.deadLettered + b.deadLettered,
    skipped: a.skipped + b.skipped,
    filtered: a.filtered + b.filtered,
    exceptions: a.exceptions + b.exceptions,
    frontier: leastOf([a.frontier, b.frontier]),
  };
}

/** The figures of lanes together; at least one. */
export function figuresOf(lanes: readonly LaneState[]): LaneFigures {
  return lanes.map(figuresOfLane).reduce(sum);
}
