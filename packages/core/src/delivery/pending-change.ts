import type {
  EventRange,
  EventsRemoved,
  EventsRetried,
  EventsSettled,
  RemovalCause,
  RetryCause,
} from "@opendxa/pubsub-protocol";
import { changeBytesMax } from "./limits.js";
import { isBefore, type Position } from "./position.js";
import type { Run } from "./run.js";

/** Serialized bytes of a range and of what surrounds a reason, at most. */
export const rangeBytes = 28;
const groupBytes = 32;

interface CountedRange extends EventRange {
  /** Events, excluded ones left out. */
  count: number;
  /** Of these, events of which the durable state knew nothing. */
  fresh: number;
}

/** Why and when events come again. */
export interface RetryTerms {
  /** Not before, milliseconds since the Unix epoch. */
  readonly dueMs: number;
  /** Why. */
  readonly cause: RetryCause;
  /** The consumer's reason. */
  readonly reason: string;
}

interface RetryGroup extends RetryTerms {
  readonly attempts: number;
  ranges: CountedRange[];
}

interface Totals {
  acked: number;
  entered: number;
  bytes: number;
}

/** What an entry says of settlements. */
export type TakenChange = Pick<
  EventsSettled,
  "acked" | "ackedCount" | "enteredCount" | "retried" | "removed" | "cursorSequence" | "cursorIndex"
>;

function rangeOf(run: Run): CountedRange {
  const { first, last, count } = run;
  const fresh = run.attempts === 0 ? count : 0;
  return { sequence: run.slot.ref.sequence, first, last, count, fresh };
}

function isBelow(range: EventRange, cursor: Position): boolean {
  return isBefore({ sequence: range.sequence, index: range.last }, cursor);
}

function fromCursor({ sequence, first, last }: EventRange, cursor: Position): EventRange {
  const isCut = sequence === cursor.sequence && first < cursor.index;
  return { sequence, first: isCut ? cursor.index : first, last };
}

function eventsOf(ranges: readonly CountedRange[]): number {
  return ranges.reduce((sum, { count }) => sum + count, 0);
}

function addRun(ranges: CountedRange[], run: Run): void {
  const range = rangeOf(run);
  const before = ranges.at(-1);
  if (before?.sequence === range.sequence && before.last + 1 === range.first) {
    before.last = range.last;
    before.count += range.count;
    before.fresh += range.fresh;
  } else {
    ranges.push(range);
  }
}

/** Settlements of a lane that are not journalled yet, coalesced. */
export class PendingChange {
  #acks: CountedRange[] = [];
  #retries: RetryGroup[] = [];
  #removals = new Map<RemovalCause, CountedRange[]>();

  /** Nothing is waiting. */
  get isEmpty(): boolean {
    return this.#acks.length === 0 && this.#retries.length === 0 && this.#removals.size === 0;
  }

  /** Records an ack. Call before the run's fate changes. */
  ack(run: Run): void {
    addRun(this.#acks, run);
  }

  /** Records that events are settled without an ack. Call before the run's fate changes. */
  remove(run: Run, cause: RemovalCause): void {
    const ranges = this.#removals.get(cause);
    if (ranges === undefined) this.#removals.set(cause, [rangeOf(run)]);
    else addRun(ranges, run);
  }

  /** Records when events come again. Call before the run's fate changes. */
  retry(run: Run, attempts: number, terms: RetryTerms): void {
    const { dueMs, cause, reason } = terms;
    let group = this.#retries.at(-1);
    const isSame =
      group?.attempts === attempts &&
      group.dueMs === dueMs &&
      group.cause === cause &&
      group.reason === reason;
    if (group === undefined || !isSame) {
      group = { attempts, dueMs, cause, reason, ranges: [] };
      this.#retries.push(group);
    }
    group.ranges.push(rangeOf(run));
  }

  /**
   * One entry's worth: acks and retries below the cursor are implied by it and only counted. What
   * does not fit stays for the next entry, retries always before the others, because those are laid
   * over retries. A removal is never implied: while not all of them fit, the cursor stays, so that
   * it never passes an event of which no entry says what became of it.
   *
   * @param position where the cursor could go
   * @param durable where it stands
   */
  take(position: Position, durable: Position): TakenChange {
    const cursor = this.#removals.size > 0 && !this.#fits() ? durable : position;
    const totals: Totals = { acked: 0, entered: 0, bytes: 0 };
    const retried = this.#takeRetries(cursor, totals);
    const removed = this.#takeRemovals(totals);
    const acked = this.#takeAcks(cursor, totals);
    return {
      acked,
      retried,
      removed,
      ackedCount: BigInt(totals.acked),
      enteredCount: BigInt(totals.entered),
      cursorSequence: cursor.sequence,
      cursorIndex: cursor.index,
    };
  }

  #fits(): boolean {
    let bytes = this.#acks.length * rangeBytes;
    for (const { ranges, reason } of this.#retries) {
      bytes += groupBytes + reason.length * 3 + ranges.length * rangeBytes;
    }
    for (const ranges of this.#removals.values()) bytes += ranges.length * rangeBytes;
    return bytes <= changeBytesMax;
  }

  #takeRetries(cursor: Position, totals: Totals): EventsRetried[] {
    const taken: EventsRetried[] = [];
    const left: RetryGroup[] = [];
    for (const group of this.#retries) {
      const cost = groupBytes + group.reason.length * 3;
      totals.bytes += cost;
      const { listed, rest } = takeRanges(group.ranges, cursor, totals);
      if (rest.length > 0) {
        left.push({ ...group, ranges: rest });
        totals.bytes = changeBytesMax;
      } else if (listed.length === 0) {
        totals.bytes -= cost;
      }
      if (listed.length === 0) continue;
      taken.push({
        ranges: listed,
        attempts: group.attempts,
        dueTimeUnixMs: BigInt(group.dueMs),
        cause: group.cause,
        reason: group.reason,
      });
    }
    this.#retries = left;
    return taken;
  }

  #takeRemovals(totals: Totals): EventsRemoved[] {
    const taken: EventsRemoved[] = [];
    for (const [cause, ranges] of this.#removals) {
      const room = Math.max(0, Math.floor((changeBytesMax - totals.bytes) / rangeBytes));
      const listed = ranges.slice(0, room);
      const rest = ranges.slice(listed.length);
      if (rest.length === 0) this.#removals.delete(cause);
      else this.#removals.set(cause, rest);
      if (listed.length === 0) continue;
      totals.bytes += listed.length * rangeBytes;
      totals.entered += listed.reduce((sum, { fresh }) => sum + fresh, 0);
      const named = listed.map(({ sequence, first, last }) => ({ sequence, first, last }));
      taken.push({ cause, ranges: named, count: BigInt(eventsOf(listed)) });
    }
    return taken;
  }

  #takeAcks(cursor: Position, totals: Totals): EventRange[] {
    const before = this.#acks;
    const { listed, rest } = takeRanges(before, cursor, totals);
    this.#acks = rest;
    totals.acked = eventsOf(before) - eventsOf(rest);
    return listed;
  }
}

function takeRanges(
  ranges: readonly CountedRange[],
  cursor: Position,
  totals: Totals,
): { listed: EventRange[]; rest: CountedRange[] } {
  const listed: EventRange[] = [];
  const rest: CountedRange[] = [];
  for (const range of ranges) {
    const isImplied = isBelow(range, cursor);
    if (!isImplied && totals.bytes + rangeBytes > changeBytesMax) {
      rest.push(range);
      continue;
    }
    totals.entered += range.fresh;
    if (isImplied) continue;
    totals.bytes += rangeBytes;
    listed.push(fromCursor(range, cursor));
  }
  return { listed, rest };
}
