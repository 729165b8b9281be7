import {
  type EventRange,
  type EventsRetried,
  EventsSettled,
  type RetryCause,
} from "@opendxa/pubsub-protocol";
import { changeBytesMax } from "./limits.js";
import type { Run } from "./run.js";
import { isBefore, type Position } from "./slot-table.js";

/** Serialized bytes of a range and of what surrounds a reason, at most. */
const rangeBytes = 28;
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

/** Settlements that are not journalled yet, coalesced. */
export class PendingChange {
  #acks: CountedRange[] = [];
  #retries: RetryGroup[] = [];

  /** Nothing is waiting. */
  get isEmpty(): boolean {
    return this.#acks.length === 0 && this.#retries.length === 0;
  }

  /** Records an ack. Call before the run's fate changes. */
  ack(run: Run): void {
    const range = rangeOf(run);
    const before = this.#acks.at(-1);
    if (before?.sequence === range.sequence && before.last + 1 === range.first) {
      before.last = range.last;
      before.count += range.count;
      before.fresh += range.fresh;
    } else {
      this.#acks.push(range);
    }
  }

  /** Records a failed attempt. Call before the run's fate changes. */
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
   * One entry's worth: what lies below the cursor is implied by it and only counted. What does not
   * fit stays for the next entry, retries always before acks, because acks are laid over retries.
   */
  take(cursor: Position): Pick<EventsSettled, "acked" | "ackedCount" | "enteredCount" | "retried"> {
    const totals: Totals = { acked: 0, entered: 0, bytes: 0 };
    const retried = this.#takeRetries(cursor, totals);
    const acked = this.#takeAcks(cursor, totals);
    return EventsSettled.create({
      acked,
      retried,
      ackedCount: BigInt(totals.acked),
      enteredCount: BigInt(totals.entered),
    });
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

  #takeAcks(cursor: Position, totals: Totals): EventRange[] {
    const before = this.#acks;
    const { listed, rest } = takeRanges(before, cursor, totals);
    this.#acks = rest;
    const kept = rest.reduce((sum, { count }) => sum + count, 0);
    totals.acked = before.reduce((sum, { count }) => sum + count, 0) - kept;
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
