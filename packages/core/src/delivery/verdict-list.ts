import type {
  IndexRange,
  PositionRanges,
  SettlementException,
  SettlementKind,
  Verdict,
} from "@opendxa/pubsub-protocol";

/** Exceptions of one settlement, in its order, neighbours joined. */
export class VerdictList {
  /** What was not carried out. */
  readonly exceptions: SettlementException[] = [];
  readonly #number: bigint;
  #item: PositionRanges | undefined;
  #kind: SettlementKind | undefined;
  #last: { verdict: Verdict; ranges: IndexRange[] } | undefined;

  /** Of the settlement of that number. */
  constructor(number: bigint) {
    this.#number = number;
  }

  /** What is added from now on is of this item. */
  begin(item: PositionRanges, kind: SettlementKind): void {
    this.#item = item;
    this.#kind = kind;
    this.#last = undefined;
  }

  /** Adds consecutive events of the item. */
  add(span: IndexRange, verdict: Verdict): void {
    const open = this.#last?.verdict === verdict ? this.#last : undefined;
    const before = open?.ranges.at(-1);
    if (open !== undefined && before !== undefined) {
      if (before.last + 1 === span.first) before.last = span.last;
      else open.ranges.push({ ...span });
      return;
    }
    this.#open([{ ...span }], verdict);
  }

  /** Adds the item, which names no ranges. */
  addWhole(verdict: Verdict): void {
    this.#open([], verdict);
  }

  #open(ranges: IndexRange[], verdict: Verdict): void {
    if (this.#item === undefined || this.#kind === undefined) throw new Error("no item was begun");
    const { lease, sequence } = this.#item;
    this.#last = { verdict, ranges };
    this.exceptions.push({
      events: { lease, sequence, ranges },
      verdict,
      number: this.#number,
      kind: this.#kind,
    });
  }
}
