import { statSync } from "node:fs";
import { Accounting } from "./accounting.js";
import { Buckets } from "./buckets.js";
import { checkAttempts } from "./check-attempts.js";
import { checkDeadLetters } from "./check-dead-letters.js";
import { checkKey } from "./check-keys.js";
import { checkOverlap, checkVerdicts } from "./check-leases.js";
import { Outputs } from "./check-outputs.js";
import { checkPublishing } from "./check-publishing.js";
import {
  checkAfterAck,
  checkDelivered,
  checkSettling,
  type SettlingContext,
} from "./check-settling.js";
import { type Delivery, type EventLife, type Group, groupsOf } from "./event-life.js";
import { Facts } from "./facts.js";
import { FigureCounter, type HistoryFigures } from "./figures.js";
import { VIOLATIONS_KEPT_MAX } from "./limits.js";
import { FileReader } from "./read-history.js";
import type { RecordOf } from "./record.js";
import { StoredOrder } from "./stored-order.js";
import type { Report, Rule, Violation } from "./violation.js";

/** What a checker says of a history. */
export interface HistoryVerdict {
  /** What the run did. */
  readonly figures: HistoryFigures;
  /** The first violations. */
  readonly violations: readonly Violation[];
  /** How often each rule is broken; rules that hold are absent. */
  readonly counts: ReadonlyMap<Rule, number>;
}

/**
 * Judges a history by its files alone, in memory that does not grow with it.
 *
 * @param paths one file a process
 * @param options `bucketBytes`: how much of it is judged at a time; default `BUCKET_BYTES`
 * @throws Error where a file cannot be read or a bound of this checker is crossed
 */
export async function checkHistory(
  paths: readonly string[],
  { bucketBytes }: { readonly bucketBytes?: number } = {},
): Promise<HistoryVerdict> {
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  const buckets = new Buckets(bytes, bucketBytes);
  try {
    return await new HistoryCheck(paths, buckets).run();
  } finally {
    buckets.close();
  }
}

class HistoryCheck {
  readonly #paths: readonly string[];
  readonly #buckets: Buckets;
  readonly #facts = new Facts();
  readonly #figures = new FigureCounter();
  readonly #accounting = new Accounting();
  readonly #outputs = new Outputs(this.#facts);
  readonly #violations: Violation[] = [];
  readonly #counts = new Map<Rule, number>();
  readonly #report: Report = (rule, place, about, what) => {
    this.#counts.set(rule, (this.#counts.get(rule) ?? 0) + 1);
    if (this.#violations.length < VIOLATIONS_KEPT_MAX) {
      this.#violations.push({ rule, place, about, what });
    }
  };

  constructor(paths: readonly string[], buckets: Buckets) {
    this.#paths = paths;
    this.#buckets = buckets;
  }

  async run(): Promise<HistoryVerdict> {
    await this.#read();
    const parts = { facts: this.#facts, files: this.#paths, report: this.#report };
    for (const entries of this.#buckets.read()) {
      for (const group of groupsOf(entries, parts)) this.#judge(group);
    }
    this.#accounting.check(this.#facts, this.#report);
    this.#outputs.check(this.#report);
    const figures = this.#figures.total(this.#facts);
    return { figures, violations: this.#violations, counts: this.#counts };
  }

  async #read(): Promise<void> {
    const facts = this.#facts;
    const order = new StoredOrder(this.#report);
    const parts = {
      facts,
      buckets: this.#buckets,
      order,
      figures: this.#figures,
      report: this.#report,
    };
    const readers = this.#paths.map((path, file) => new FileReader(path, file, parts));
    for (const reader of readers) await reader.read();
    for (const [file, { torn }] of readers.entries()) {
      const wasKilled = facts.processKills.has(facts.processes[file]?.name ?? "");
      if (torn !== undefined && !wasKilled) {
        this.#report("history-damaged", torn, "history", "torn, though its process was not killed");
      }
    }
    if (facts.end === undefined) {
      const place = { file: this.#paths[0] ?? "", line: 1 };
      this.#report("history-incomplete", place, "history", "no operator says how it ended");
    }
  }

  #judge({ events }: Group): void {
    for (const event of events) this.#judgeEvent(event);
    for (const { record: sub } of this.#facts.subs.values()) {
      const isOrdered = sub.order === "key" && events.some(({ key }) => key !== undefined);
      if (!isOrdered || !events.some(({ deliveries }) => deliveries.has(sub.sub))) continue;
      this.#figures.key();
      checkKey(events, sub, this.#facts, this.#report);
    }
    for (const event of events) this.#judgeLeases(event, events);
  }

  #judgeEvent(event: EventLife): void {
    const covering = [...this.#facts.subs.values()]
      .map(({ record }) => record)
      .filter(({ topics }) => topics.includes(topicOf(event)));
    this.#figures.event(
      event,
      covering.map(({ sub }) => sub),
      this.#facts,
    );
    if (this.#facts.end !== undefined) checkPublishing(event, this.#facts, this.#report);
    this.#outputs.add(event);
    const settledOnlyBy: SettlingContext["settledOnlyBy"] = (acks, last, about) =>
      this.#outputs.settledOnlyBy(acks, last, about);
    for (const sub of covering) {
      const parts = { sub, facts: this.#facts, report: this.#report };
      checkSettling(event, { ...parts, settledOnlyBy });
      checkDeadLetters({ ...parts, event });
      this.#accounting.add(event, sub.sub, this.#facts);
    }
  }

  #judgeLeases(event: EventLife, events: readonly EventLife[]): void {
    for (const [name, all] of event.deliveries) {
      const sub = this.#facts.subs.get(name)?.record as RecordOf<"subscription">;
      for (const each of all) checkDelivered(each, event, this.#facts, this.#report);
      const sameKey = () => others(events, event, name);
      const context = { sub, facts: this.#facts, sameKey, report: this.#report };
      for (const deliveries of byEpoch(all)) {
        checkAfterAck(deliveries, event, this.#report);
        checkOverlap(deliveries, event, context);
        checkAttempts(deliveries, event, context);
        checkVerdicts(deliveries, event, context);
      }
    }
  }
}

function topicOf({ published, stored, acked, deliveries }: EventLife): string {
  const [delivery] = [...deliveries.values()][0] ?? [];
  const record = (published[0] ?? stored[0] ?? acked[0] ?? delivery)?.record;
  return record?.topic ?? "";
}

function others(events: readonly EventLife[], event: EventLife, sub: string): Delivery[] {
  return events.filter((each) => each !== event).flatMap((each) => each.deliveries.get(sub) ?? []);
}

function byEpoch(deliveries: readonly Delivery[]): Iterable<Delivery[]> {
  const epochs = new Map<number, Delivery[]>();
  for (const delivery of deliveries) {
    const list = epochs.get(delivery.epoch);
    if (list === undefined) epochs.set(delivery.epoch, [delivery]);
    else list.push(delivery);
  }
  return epochs.values();
}
