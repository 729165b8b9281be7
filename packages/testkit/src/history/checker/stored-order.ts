import type { RecordOf } from "./record.js";
import type { Place, Report } from "./violation.js";

/** Checks the final read of topic-partitions as it passes: offsets rise, and every source keeps its order. */
export class StoredOrder {
  readonly #report: Report;
  readonly #lastOffset = new Map<string, number>();
  readonly #lastSeq = new Map<string, number>();

  /** @param report takes violations */
  constructor(report: Report) {
    this.#report = report;
  }

  /** The next stored event of the read. */
  add(record: RecordOf<"stored">, place: Place): void {
    const { topic, partition, offset, source, id, key, lane, seq } = record;
    const name = `${topic} ${source} ${id}`;
    const where = JSON.stringify([topic, partition]);
    const before = this.#lastOffset.get(where) ?? -1;
    if (offset <= before) {
      this.#report("offsets-out-of-order", place, name, `offset ${offset} after ${before}`);
    }
    this.#lastOffset.set(where, offset);
    if (seq === undefined) return;
    const line = JSON.stringify([topic, partition, source, key, lane]);
    const last = this.#lastSeq.get(line) ?? -1;
    if (seq < last) {
      const what = `number ${seq} of its source is stored after ${last}`;
      this.#report("source-out-of-order", place, name, what);
    }
    this.#lastSeq.set(line, Math.max(last, seq));
  }
}
