import {
  CursorException,
  CursorState,
  type IndexRange,
  PARTITION_STARTS_MAX,
  PartitionStart,
  Priority,
  PubSubError,
} from "@opendxa/pubsub-protocol";
import { type ExceptionRun, overlay, settledRun } from "../delivery/exception-runs.js";
import type { Lane } from "../delivery/lane.js";
import type { LanePosition } from "../delivery/lane-state.js";
import { startOf } from "../delivery/partition-start.js";
import { isBefore } from "../delivery/position.js";
import { settledOnly } from "../delivery/settled-only.js";

/** A topic-partition. */
export interface TopicPartition {
  /** Number of the topic. */
  readonly topicId: number;
  /** Partition. */
  readonly partition: number;
}

/** A batch that begins before a cursor and ends at or behind it. */
export interface StraddledBatch extends TopicPartition {
  /** Index of its event 0 within its entry. */
  readonly firstIndex: number;
}

/** What lies at a lane's cursor: the caller looks it up in the index. */
export interface AtCursor {
  /** The batch of the lane that begins before the cursor and ends at or behind it. */
  readonly straddled: StraddledBatch | undefined;
  /**
   * For every topic-partition that has a start of its own: offset of its first event at or behind
   * the cursor, or the next offset when there is none. By `partitionText`.
   */
  readonly offsets: ReadonlyMap<string, bigint>;
}

/** An offset of one topic-partition, and what has to be known of the journal to go there. */
export interface SoughtOffset extends TopicPartition {
  /** First offset that enters. */
  readonly offset: bigint;
  /** Sequence of the entry that holds it, or of the next entry when nothing does. */
  readonly sequence: bigint;
  /** What lies at the cursors, by lane. */
  readonly atCursor: ReadonlyMap<Lane, AtCursor>;
  /** Events of the topic-partition in the entries that have exceptions, by sequence. */
  readonly ownRanges: ReadonlyMap<bigint, readonly IndexRange[]>;
}

/** A subscription's position in all lanes. */
export interface FullPosition {
  /** By lane. */
  readonly lanes: readonly LanePosition[];
  /** Topic-partitions with starts of their own. */
  readonly partitionStarts: readonly PartitionStart[];
}

/** Names a topic-partition in a map. */
export function partitionText({ topicId, partition }: TopicPartition): string {
  return `${topicId}/${partition}`;
}

function atCursorOf({ atCursor }: SoughtOffset, lane: Lane): AtCursor {
  const found = atCursor.get(lane);
  if (found === undefined) throw new RangeError(`lane ${lane} was not looked up`);
  return found;
}

function floorOf(cursor: CursorState): { sequence: bigint; index: number } {
  return { sequence: cursor.floorSequence, index: cursor.floorIndex };
}

/**
 * Where a topic-partition begins in a lane once the cursor may go back: what was settled below the
 * cursor stays settled, so its start moves up to the cursor. `undefined` when the start says nothing
 * any more, because the cursor passed the floor and the start.
 */
function keptStart(
  { offset }: PartitionStart,
  place: string,
  { cursor, at }: { readonly cursor: CursorState; readonly at: AtCursor },
): bigint | undefined {
  const next = at.offsets.get(place);
  if (next === undefined) throw new RangeError(`${place} was not looked up`);
  const { straddled } = at;
  const isDivided = straddled !== undefined && place === partitionText(straddled);
  const index = isDivided ? straddled.firstIndex : cursor.index;
  const begin = { sequence: cursor.sequence, index };
  const hasPassed = !isBefore(begin, floorOf(cursor));
  if (offset > next) return offset;
  return hasPassed ? undefined : next;
}

/** Starts of the other topic-partitions in one lane. */
function keptStarts(
  starts: readonly PartitionStart[],
  { lane, cursor }: LanePosition,
  sought: SoughtOffset,
): PartitionStart[] {
  const at = atCursorOf(sought, lane);
  const kept: PartitionStart[] = [];
  for (const start of starts) {
    const place = partitionText(start);
    const isOfLane = start.lane === Priority.UNSPECIFIED || start.lane === lane;
    if (!isOfLane || place === partitionText(sought)) continue;
    const offset = keptStart(start, place, { cursor, at });
    if (offset !== undefined) kept.push({ ...start, lane, offset });
  }
  return kept;
}

/** Starts that are the same in all lanes become one. Throws LIMIT_REACHED. */
function mergedStarts(
  byLane: readonly (readonly PartitionStart[])[],
  { topicId, partition, offset }: SoughtOffset,
): PartitionStart[] {
  const merged = [PartitionStart.create({ topicId, partition, offset })];
  const byPartition = new Map<string, PartitionStart[]>();
  for (const start of byLane.flat()) {
    const text = partitionText(start);
    byPartition.set(text, [...(byPartition.get(text) ?? []), start]);
  }
  if (byPartition.size + 1 > PARTITION_STARTS_MAX) {
    const text = `at most ${PARTITION_STARTS_MAX} topic-partitions of a subscription are sought by offset`;
    throw PubSubError.of("LIMIT_REACHED", text, {
      metadata: { field: "partition_starts", limit: PARTITION_STARTS_MAX },
    });
  }
  for (const starts of byPartition.values()) {
    const [first] = starts;
    const isSame =
      first !== undefined &&
      starts.length === byLane.length &&
      starts.every((start) => start.offset === first.offset);
    merged.push(...(isSame ? [{ ...first, lane: Priority.UNSPECIFIED }] : starts));
  }
  return merged;
}

function without(runs: readonly ExceptionRun[], ranges: readonly IndexRange[]): ExceptionRun[] {
  return ranges.reduce<ExceptionRun[]>(
    (left, { first, last }) =>
      left.flatMap((run) => {
        if (run.last < first || run.first > last) return [run];
        const parts: ExceptionRun[] = [];
        if (run.first < first) parts.push({ ...run, last: first - 1 });
        if (run.last > last) parts.push({ ...run, first: last + 1 });
        return parts;
      }),
    [...runs],
  );
}

/** Settled events at or above the cursor stay settled, but for those of the sought partition. */
function keptExceptions(
  { cursor, exceptions }: LanePosition,
  { ownRanges }: SoughtOffset,
): Map<bigint, CursorException> {
  const kept = new Map<bigint, CursorException>();
  for (const [sequence, exception] of exceptions) {
    if (sequence < cursor.sequence) continue;
    const runs = without(settledOnly(exception)?.runs ?? [], ownRanges.get(sequence) ?? []);
    if (runs.length > 0) kept.set(sequence, CursorException.create({ runs }));
  }
  return kept;
}

function soughtLane(
  position: LanePosition,
  starts: readonly PartitionStart[],
  sought: SoughtOffset,
): LanePosition {
  const { lane, cursor } = position;
  const { straddled } = atCursorOf(sought, lane);
  const exceptions = keptExceptions(position, sought);
  const isUnnamed = straddled !== undefined && startOf(starts, lane, straddled) === undefined;
  const passed = isUnnamed
    ? { sequence: cursor.sequence, index: straddled.firstIndex }
    : { sequence: cursor.sequence, index: cursor.index };
  const before = floorOf(cursor);
  const floor = isBefore(passed, before) ? before : passed;
  const target = { sequence: sought.sequence, index: 0 };
  const goesBack = isBefore(target, cursor);
  if (goesBack && isUnnamed) {
    const runs: ExceptionRun[] = [...(exceptions.get(cursor.sequence)?.runs ?? [])];
    overlay(runs, settledRun(straddled.firstIndex, cursor.index - 1));
    exceptions.set(cursor.sequence, CursorException.create({ runs }));
  }
  const { sequence, index } = goesBack ? target : cursor;
  const next = CursorState.create({
    sequence,
    index,
    floorSequence: floor.sequence,
    floorIndex: floor.index,
  });
  return { lane, cursor: next, exceptions };
}

/**
 * Where a subscription stands when one topic-partition begins anew at an offset and everything else
 * stays as it is: settled or not, entered or not. Cursors go back as far as they have to; the floor
 * keeps other events that lie below the old cursors out, the settled events of a batch that the old
 * cursor divided become an exception. Attempts are forgotten. Throws LIMIT_REACHED.
 */
export function soughtByOffset(before: FullPosition, sought: SoughtOffset): FullPosition {
  const byLane = before.lanes.map((lane) => keptStarts(before.partitionStarts, lane, sought));
  const partitionStarts = mergedStarts(byLane, sought);
  return {
    partitionStarts,
    lanes: before.lanes.map((lane) => soughtLane(lane, partitionStarts, sought)),
  };
}
