import type {
  IndexRange,
  PositionRanges,
  SettlementException,
  Verdict,
} from "@opendxa/pubsub-protocol";

/** Exceptions of one settlement, in its order, neighbours joined. */
export class VerdictList {
  /** What was not carried out. */
  readonly exceptions: SettlementException[] = [];
  #item: PositionRanges | undefined;
  #last: { verdict: Verdict; ranges: IndexRange[] } | undefined;

  /** Adds consecutive events of one item of the settlement. */
  add(item: PositionRanges, span: IndexRange, verdict: Verdict): void {
    const open = this.#item === item && this.#last?.verdict === verdict ? this.#last : undefined;
    const before = open?.ranges.at(-1);
    if (open !== undefined && before !== undefined) {
      if (before.last + 1 === span.first) before.last = span.last;
      else open.ranges.push({ ...span });
      return;
    }
    this.#open(item, [{ ...span }], verdict);
  }

  /** Adds an item that names no ranges. */
  addWhole(item: PositionRanges, verdict: Verdict): void {
    this.#open(item, [], verdict);
  }

  #open(item: PositionRanges, ranges: IndexRange[], verdict: Verdict): void {
    const { lease, sequence } = item;
    this.#item = item;
    this.#last = { verdict, ranges };
    this.exceptions.push({ events: { lease, sequence, ranges }, verdict });
  }
}
