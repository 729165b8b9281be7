import type { Buckets } from "./buckets.js";
import type { Facts } from "./facts.js";
import type { FigureCounter } from "./figures.js";
import { type HistoryLine, historyLines } from "./history-lines.js";
import { CLOCK_SLACK_MS, FORMAT_VERSION } from "./limits.js";
import { type HistoryRecord, isEventRecord, parseRecord } from "./record.js";
import type { StoredOrder } from "./stored-order.js";
import type { Place, Report } from "./violation.js";

/** Where records go. */
export interface ReadParts {
  /** Facts that are kept. */
  readonly facts: Facts;
  /** Records about events. */
  readonly buckets: Buckets;
  /** The final read is judged as it passes. */
  readonly order: StoredOrder;
  /** Counts. */
  readonly figures: FigureCounter;
  /** Takes violations. */
  readonly report: Report;
}

/** One file, record by record; what is damaged is reported with its place. */
export class FileReader {
  readonly #path: string;
  readonly #file: number;
  readonly #parts: ReadParts;
  #n = 0;
  #t = 0;
  /** Where a last line without its end stands: allowed only where the process was killed. */
  torn: Place | undefined;

  /** @param file index of the file among all */
  constructor(path: string, file: number, parts: ReadParts) {
    this.#path = path;
    this.#file = file;
    this.#parts = parts;
  }

  /** Reads it. */
  async read(): Promise<void> {
    for await (const line of historyLines(this.#path)) this.#line(line);
    if (this.#n === 0) this.#damaged({ file: this.#path, line: 1 }, "no record");
  }

  #line({ text, line, isWhole }: HistoryLine): void {
    const place = { file: this.#path, line };
    if (!isWhole) {
      this.torn = place;
      return;
    }
    const parsed = parseRecord(text);
    if ("fault" in parsed) {
      this.#damaged(place, parsed.fault);
      return;
    }
    this.#checkSequence(parsed.record, place);
    this.#take(parsed.record, text, place);
  }

  #take(record: HistoryRecord, text: string, place: Place): void {
    const { facts, buckets, order, figures } = this.#parts;
    figures.record(record);
    facts.lastT = Math.max(facts.lastT, record.t);
    if (!isEventRecord(record)) {
      facts.add(record, this.#file, place);
      return;
    }
    const session = facts.processes[this.#file]?.session ?? 0;
    if (record.k === "stored") order.add(record, place);
    else if (record.k === "ack") facts.addAck(record);
    buckets.add({ file: this.#file, line: place.line, session, record }, text);
  }

  #checkSequence(record: HistoryRecord, place: Place): void {
    if (record.n !== this.#n + 1) this.#damaged(place, `record ${record.n} after ${this.#n}`);
    if (this.#n === 0 && (record.k !== "process" || record.version !== FORMAT_VERSION)) {
      this.#damaged(place, `no process record of version ${FORMAT_VERSION} at the beginning`);
    }
    if (record.t < this.#t - CLOCK_SLACK_MS) this.#damaged(place, "its clock went back");
    this.#n = record.n;
    this.#t = record.t;
  }

  #damaged(place: Place, what: string): void {
    this.#parts.report("history-damaged", place, "history", what);
  }
}
