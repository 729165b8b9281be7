import { mayHaveExpired } from "./check-publishing.js";
import { isConfirmed } from "./check-settling.js";
import type { EventLife } from "./event-life.js";
import type { Facts, Placed } from "./facts.js";
import type { RecordOf } from "./record.js";
import type { Report } from "./violation.js";

interface Count {
  covered: number;
  confirmed: number;
  acked: number;
  deadLettered: number;
  mayHaveExpired: number;
}

/** Counts what a history says of each subscription, and compares it with the broker's own accounting. */
export class Accounting {
  readonly #counts = new Map<string, Count>();

  /** One event of a subscription that covers it. */
  add(event: EventLife, sub: string, facts: Facts): void {
    if (event.stored.length === 0) return;
    const count = this.#counts.get(sub) ?? {
      covered: 0,
      confirmed: 0,
      acked: 0,
      deadLettered: 0,
      mayHaveExpired: 0,
    };
    this.#counts.set(sub, count);
    const acks = (event.deliveries.get(sub) ?? []).flatMap(({ settlings }) =>
      settlings.filter(({ kind }) => kind === "ack"),
    );
    count.covered += 1;
    count.confirmed += Number(acks.some(isConfirmed));
    count.acked += Number(acks.length > 0);
    count.deadLettered += Number(event.deadLetters.some(({ record }) => record.sub === sub));
    count.mayHaveExpired += Number(mayHaveExpired(event, facts));
  }

  /** Compares. */
  check(facts: Facts, report: Report): void {
    for (const accounting of facts.accountings.values()) this.#checkOne(accounting, facts, report);
  }

  #checkOne({ record, place }: Placed<RecordOf<"accounting">>, facts: Facts, report: Report): void {
    const wrong = (what: string) => report("accounting-wrong", place, record.sub, what);
    const { entered, acked, deadLettered, expired, filtered, skipped } = record;
    const { leased, waiting, unexamined } = record;
    const sum = acked + deadLettered + expired + filtered + skipped + leased + waiting + unexamined;
    if (entered !== sum) wrong(`${entered} entered, but its parts are ${sum}`);
    if (facts.end?.record.drained === true && leased + waiting + unexamined > 0) {
      wrong(`drained, but ${leased} leased, ${waiting} waiting, ${unexamined} unexamined`);
    }
    const count = this.#counts.get(record.sub);
    // A later epoch counts from where the seek set it.
    if (count === undefined || record.epoch > 1 || facts.end?.record.drained !== true) return;
    const skips = facts.skips.map((skip) => skip.record).filter(({ sub }) => sub === record.sub);
    const skippedLeast = skips.reduce((total, skip) => total + skip.skipped, 0);
    // An answer that was lost may have been that of one event, and the repetition then skipped none.
    const skippedMost = skippedLeast + skips.filter(({ unsure }) => unsure === true).length;
    if (count.mayHaveExpired === 0 && entered !== count.covered) {
      wrong(`${entered} entered, ${count.covered} are stored in its topics`);
    }
    if (deadLettered !== count.deadLettered)
      wrong(`${deadLettered} dead-lettered, ${count.deadLettered} lie there`);
    if (skipped < skippedLeast || skipped > skippedMost) {
      wrong(`${skipped} skipped, operators skipped ${skippedLeast} to ${skippedMost}`);
    }
    if (expired > count.mayHaveExpired)
      wrong(`${expired} expired, only ${count.mayHaveExpired} could`);
    if (acked < count.confirmed || acked > count.acked) {
      wrong(
        `${acked} acked, ${count.confirmed} acks were confirmed and ${count.acked} events acked`,
      );
    }
  }
}
