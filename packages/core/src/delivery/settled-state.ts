import {
  CursorException,
  type CursorState,
  type EventRange,
  type EventsSettled,
  type ExpiredCount,
  RemovalCause,
} from "@opendxa/pubsub-protocol";
import {
  type ExceptionRun,
  overlay,
  runsFrom,
  settledRun,
  withBoundedReasons,
} from "./exception-runs.js";

/** A subscription's durable position in one lane, as far as it was asked for. */
export interface SettledView {
  /** The cursor; absent: the subscription is gone. */
  readonly cursor: CursorState | undefined;
  /** Exceptions of one entry. */
  exceptionOf(sequence: bigint): CursorException | undefined;
}

/** What an entry changes: the cursor, and exceptions by sequence (`undefined` removes). */
export interface SettledWrites {
  /** The new cursor; absent: the subscription is gone and stays so. */
  readonly cursor: CursorState | undefined;
  /** Changed exceptions. */
  readonly exceptions: ReadonlyMap<bigint, CursorException | undefined>;
}

/** Whether removed events lie at or above the cursor: those below it are named for the record. */
function isListed({ sequence, last }: EventRange, change: EventsSettled): boolean {
  const { cursorSequence, cursorIndex } = change;
  return sequence > cursorSequence || (sequence === cursorSequence && last >= cursorIndex);
}

function removedOf({ removed }: EventsSettled, cause: RemovalCause): bigint {
  return removed.reduce((sum, each) => (each.cause === cause ? sum + each.count : sum), 0n);
}

/** Sequences whose exceptions an entry builds upon. */
export function sequencesTouched(change: EventsSettled): ReadonlySet<bigint> {
  const touched = new Set<bigint>();
  if (change.cursorIndex > 0) touched.add(change.cursorSequence);
  for (const { sequence } of change.acked) touched.add(sequence);
  for (const { ranges } of change.retried) {
    for (const { sequence } of ranges) touched.add(sequence);
  }
  for (const { ranges } of change.removed) {
    for (const range of ranges) if (isListed(range, change)) touched.add(range.sequence);
  }
  return touched;
}

/**
 * What an entry makes of a subscription's position in its lane. Retries are laid over what was, in
 * order, and acks and removals over them: an event that was retried and acked within one entry is
 * settled.
 */
export function settledWrites(view: SettledView, change: EventsSettled): SettledWrites {
  const exceptions = new Map<bigint, CursorException | undefined>();
  for (const sequence of change.clearedSequences) exceptions.set(sequence, undefined);
  const { cursor } = view;
  if (cursor === undefined) return { cursor, exceptions };
  for (const [sequence, all] of editedRuns(view, change)) {
    const runs = sequence === change.cursorSequence ? runsFrom(all, change.cursorIndex) : all;
    const kept = runs.length === 0 ? undefined : { runs: withBoundedReasons(runs) };
    exceptions.set(sequence, kept && CursorException.create(kept));
  }
  return { cursor: nextCursor(cursor, change), exceptions };
}

function editedRuns(view: SettledView, change: EventsSettled): Map<bigint, ExceptionRun[]> {
  const edited = new Map<bigint, ExceptionRun[]>();
  for (const sequence of sequencesTouched(change)) {
    edited.set(sequence, [...(view.exceptionOf(sequence)?.runs ?? [])]);
  }
  const lay = ({ sequence }: EventRange, run: ExceptionRun) =>
    overlay(edited.get(sequence) as ExceptionRun[], run);
  for (const { ranges, attempts, dueTimeUnixMs, reason } of change.retried) {
    for (const range of ranges) {
      const { first, last } = range;
      lay(range, { first, last, settled: false, attempts, dueTimeUnixMs, reason });
    }
  }
  for (const range of change.acked) lay(range, settledRun(range.first, range.last));
  for (const range of change.removed.flatMap(({ ranges }) => ranges)) {
    if (isListed(range, change)) lay(range, settledRun(range.first, range.last));
  }
  return edited;
}

/** Field by field: it is made for every batch, and spreading a message costs as much as the rest. */
function nextCursor(cursor: CursorState, change: EventsSettled): CursorState {
  const isRemoving = change.removed.length > 0;
  const removed = (cause: RemovalCause) => (isRemoving ? removedOf(change, cause) : 0n);
  return {
    sequence: change.cursorSequence,
    index: change.cursorIndex,
    entered: cursor.entered + change.enteredCount,
    acked: cursor.acked + change.ackedCount,
    expired: cursor.expired + removed(RemovalCause.EXPIRED),
    deadLettered: cursor.deadLettered + removed(RemovalCause.DEAD_LETTERED),
    skipped: cursor.skipped + removed(RemovalCause.SKIPPED),
    filtered: cursor.filtered + removed(RemovalCause.FILTERED),
    floorSequence: cursor.floorSequence,
    floorIndex: cursor.floorIndex,
  };
}

/** What an expiry makes of a cursor: only its counters change, the batches are simply not there. */
export function expiredCursor(
  cursor: CursorState,
  { count, enteredCount }: Pick<ExpiredCount, "count" | "enteredCount">,
): CursorState {
  return {
    ...cursor,
    entered: cursor.entered + enteredCount,
    expired: cursor.expired + count,
  };
}
