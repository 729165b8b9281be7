import { mayHaveExpired } from "./check-publishing.js";
import { skipOf } from "./check-settling.js";
import type { EventLife } from "./event-life.js";
import type { Facts } from "./facts.js";
import type { HistoryRecord } from "./record.js";

/** What a run did, by its history alone. */
export interface HistoryFigures {
  /** Records read. */
  records: number;
  /** Processes that wrote. */
  processes: number;
  /** Kills of the broker. */
  brokerKills: number;
  /** Kills of clients. */
  clientKills: number;
  /** Events that somebody began to publish. */
  published: number;
  /** Events that were acknowledged. */
  acked: number;
  /** Acknowledgements that said that the event had been stored before. */
  duplicates: number;
  /** Publishes that failed: known not to be stored, or unknown. */
  failed: number;
  /** Deliveries. */
  delivered: number;
  /** Deliveries of an event that its subscription had been delivered before. */
  redelivered: number;
  /** Redeliveries with a lower attempt than before: what a crash took back because nobody had been told. */
  attemptsFell: number;
  /** Nacks that were sent. */
  nacked: number;
  /** Dead letters that were read. */
  deadLettered: number;
  /** Events that subscriptions expired, as the broker counts them. */
  expired: number;
  /** Events that operators skipped. */
  skipped: number;
  /** Pairs of an acknowledged event and a subscription that covers it. */
  owed: number;
  /** Those that were delivered at least once. */
  paid: number;
  /** Ordering keys whose order was checked, in subscriptions that keep it. */
  keys: number;
  /** Longest time between two acknowledged publishes, in milliseconds. */
  ackGapMs: number;
  /** Longest time between two deliveries, in milliseconds. */
  deliveryGapMs: number;
}

/** Longest time in which nothing of a kind happened, however the records come: by whole tenths of a second. */
class Gap {
  readonly #seen = new Set<number>();

  note(t: number): void {
    this.#seen.add(Math.floor(t / TENTH_MS));
  }

  get ms(): number {
    const sorted = [...this.#seen].sort((a, b) => a - b);
    let longest = 0;
    for (const [index, t] of sorted.entries()) {
      longest = Math.max(longest, (t - (sorted[index - 1] ?? t)) * TENTH_MS);
    }
    return longest;
  }
}

const TENTH_MS = 100;

/** Counts figures as records and events pass. */
export class FigureCounter {
  readonly #acks = new Gap();
  readonly #deliveries = new Gap();
  readonly #figures: HistoryFigures = {
    records: 0,
    processes: 0,
    brokerKills: 0,
    clientKills: 0,
    published: 0,
    acked: 0,
    duplicates: 0,
    failed: 0,
    delivered: 0,
    redelivered: 0,
    attemptsFell: 0,
    nacked: 0,
    deadLettered: 0,
    expired: 0,
    skipped: 0,
    owed: 0,
    paid: 0,
    keys: 0,
    ackGapMs: 0,
    deliveryGapMs: 0,
  };

  /** A record passed. */
  record(record: HistoryRecord): void {
    this.#figures.records += 1;
    if (record.k === "acked") {
      this.#acks.note(record.t);
      this.#figures.duplicates += Number(record.duplicate === true);
    } else if (record.k === "delivered") this.#deliveries.note(record.t);
    else if (record.k === "failed") this.#figures.failed += 1;
    else if (record.k === "nack") this.#figures.nacked += 1;
  }

  /**
   * An event passed, with the subscriptions that cover it. Nobody is owed what its own time or an
   * operator ended before anybody was seen with it; a dead letter pays.
   */
  event(event: EventLife, subs: readonly string[], facts: Facts): void {
    const figures = this.#figures;
    figures.published += Number(event.published.length > 0);
    figures.acked += Number(event.acked.length > 0);
    figures.deadLettered += event.deadLetters.length;
    for (const deliveries of event.deliveries.values()) {
      figures.delivered += deliveries.length;
      figures.redelivered += deliveries.length - 1;
      figures.attemptsFell += deliveries.filter(
        ({ record, epoch }, index) =>
          epoch === deliveries[index - 1]?.epoch &&
          record.attempt < (deliveries[index - 1]?.record.attempt ?? 0),
      ).length;
    }
    if (event.acked.length === 0) return;
    const isPaid = (sub: string) =>
      event.deliveries.has(sub) || event.deadLetters.some(({ record }) => record.sub === sub);
    const isOwed = (sub: string) =>
      isPaid(sub) || !(mayHaveExpired(event, facts) || skipOf(event, sub, facts) !== undefined);
    figures.owed += subs.filter(isOwed).length;
    figures.paid += subs.filter(isPaid).length;
  }

  /** A key's order was checked. */
  key(): void {
    this.#figures.keys += 1;
  }

  /** Everything. */
  total(facts: Facts): HistoryFigures {
    const accountings = [...facts.accountings.values()].flatMap((all) => all.slice(-1));
    return {
      ...this.#figures,
      processes: facts.processes.filter(Boolean).length,
      brokerKills: facts.brokerKills.length,
      clientKills: [...facts.processKills.values()].flat().length,
      expired: accountings.reduce((sum, { record }) => sum + record.expired, 0),
      skipped: facts.skips.reduce((sum, { record }) => sum + record.skipped, 0),
      ackGapMs: this.#acks.ms,
      deliveryGapMs: this.#deliveries.ms,
    };
  }
}
