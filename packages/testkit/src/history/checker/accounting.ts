import { mayHaveExpired } from "./check-publishing.js";
import { isConfirmed } from "./check-settling.js";
import type { EventLife } from "./event-life.js";
import type { Facts, Placed } from "./facts.js";
import { CLOCK_SLACK_MS } from "./limits.js";
import type { RecordOf } from "./record.js";
import type { Report } from "./violation.js";

type Told = RecordOf<"accounting">;

/** How many at least and at most. */
interface Range {
  least: number;
  most: number;
}

/** What a history says of one moment that a broker accounted for. */
interface Count {
  readonly entered: Range;
  readonly acked: Range;
  readonly deadLettered: Range;
  mayHaveExpired: number;
}

/** The first and the last millisecond in which the broker may have counted. */
interface Moment {
  readonly record: Told;
  readonly fromT: number;
  readonly untilT: number;
}

/** Counters that only rise within an epoch. */
const RISING = ["entered", "acked", "deadLettered", "expired", "filtered", "skipped"] as const;

/** Counts what a history says of each subscription, and compares it with the broker's own accounting. */
export class Accounting {
  readonly #counts = new Map<Told, Count>();

  /** One event of a subscription that covers it. */
  add(event: EventLife, sub: string, facts: Facts): void {
    const mayBeGone = mayHaveExpired(event, facts);
    // What nobody finds at the end and has no time of its own never was there.
    if (event.stored.length === 0 && !(mayBeGone && mayHaveBeenStored(event))) return;
    for (const { record } of facts.accountings.get(sub) ?? []) {
      if (!facts.countsAll(sub, record.epoch)) continue;
      const moment = momentOf(record, facts);
      const count = this.#counts.get(record) ?? emptyCount();
      this.#counts.set(record, count);
      addTo(count.entered, hasEnteredBefore(event, moment));
      addTo(count.acked, isAckedBefore(event, sub, moment));
      const letters = event.deadLetters.filter((letter) => letter.record.sub === sub);
      const letter = bestOf(letters.map((each) => isBefore(each.record, moment)));
      // Of a later epoch it is not known which letters are its own.
      addTo(count.deadLettered, record.epoch > 1 && letter === "surely" ? "perhaps" : letter);
      count.mayHaveExpired += Number(mayBeGone);
    }
  }

  /** Compares. */
  check(facts: Facts, report: Report): void {
    for (const accountings of facts.accountings.values()) {
      for (const each of accountings) this.#checkOne(each, facts, report);
      checkRising(accountings, report);
    }
  }

  #checkOne({ record, place }: Placed<Told>, facts: Facts, report: Report): void {
    const wrong = (what: string) => report("accounting-wrong", place, record.sub, what);
    const { entered, acked, deadLettered, expired, filtered, skipped } = record;
    const { leased, waiting, unexamined } = record;
    const sum = acked + deadLettered + expired + filtered + skipped + leased + waiting + unexamined;
    if (entered !== sum) wrong(`${entered} entered, but its parts are ${sum}`);
    if (isOfTheEnd(record, facts) && leased + waiting + unexamined > 0) {
      wrong(`drained, but ${leased} leased, ${waiting} waiting, ${unexamined} unexamined`);
    }
    if (!facts.countsAll(record.sub, record.epoch) || facts.end === undefined) return;
    const count = this.#counts.get(record) ?? emptyCount();
    if (!isWithin(entered, count.entered)) {
      wrong(`${entered} entered, ${say(count.entered)} were stored in its topics`);
    }
    if (!isWithin(deadLettered, count.deadLettered)) {
      wrong(`${deadLettered} dead-lettered, ${say(count.deadLettered)} lie there`);
    }
    const skips = skippedOf(momentOf(record, facts), facts);
    if (!isWithin(skipped, skips)) wrong(`${skipped} skipped, operators skipped ${say(skips)}`);
    if (expired > count.mayHaveExpired) {
      wrong(`${expired} expired, only ${count.mayHaveExpired} could`);
    }
    if (!isWithin(acked, count.acked)) {
      const { least, most } = count.acked;
      wrong(`${acked} acked, ${least} acks were confirmed and ${most} events acked`);
    }
  }
}

/** What was settled stays settled: also over the broker's ends, as far as it had told. */
function checkRising(accountings: readonly Placed<Told>[], report: Report): void {
  const sorted = accountings
    .filter(({ record }) => record.sequence !== undefined)
    .sort((a, b) => (a.record.sequence ?? 0) - (b.record.sequence ?? 0));
  for (const [at, { record, place }] of sorted.entries()) {
    const earlier = sorted[at - 1]?.record;
    if (earlier === undefined || earlier.epoch !== record.epoch) continue;
    for (const name of RISING.filter((each) => record[each] < earlier[each])) {
      const what = `${name} fell from ${earlier[name]} at ${earlier.sequence} to ${record[name]} at ${record.sequence}`;
      report("accounting-wrong", place, record.sub, what);
    }
  }
}

function emptyCount(): Count {
  const none = () => ({ least: 0, most: 0 });
  return { entered: none(), acked: none(), deadLettered: none(), mayHaveExpired: 0 };
}

/** The last of a subscription in a drained run: nothing goes on around it. */
function isOfTheEnd(record: Told, facts: Facts): boolean {
  const last = facts.accountings.get(record.sub)?.at(-1)?.record;
  return record === last && facts.end?.record.drained === true;
}

function momentOf(record: Told, facts: Facts): Moment {
  if (isOfTheEnd(record, facts)) return { record, fromT: facts.lastT, untilT: facts.lastT };
  const { asked = Number.NEGATIVE_INFINITY, t } = record;
  return { record, fromT: asked - CLOCK_SLACK_MS, untilT: t + CLOCK_SLACK_MS };
}

function mayHaveBeenStored({ acked, failed }: EventLife): boolean {
  return acked.length > 0 || !failed.some(({ record }) => record.stored === "no");
}

/** One whose time was over may have entered and left the log again. */
function hasEnteredBefore({ stored: [stored], published }: EventLife, moment: Moment): Likelihood {
  if (stored !== undefined) return isBefore(stored.record, moment);
  return published.some(({ record }) => record.t <= moment.untilT) ? "perhaps" : "no";
}

type Likelihood = "surely" | "perhaps" | "no";

/** Whether an entry of the journal was counted: exactly by its sequence where both are known. */
function isBefore(
  { sequence, time }: RecordOf<"stored" | "deadLetter">,
  { record, fromT, untilT }: Moment,
): Likelihood {
  if (sequence !== undefined && record.sequence !== undefined) {
    return sequence <= record.sequence ? "surely" : "no";
  }
  if (time <= fromT) return "surely";
  return time <= untilT ? "perhaps" : "no";
}

function isAckedBefore(
  event: EventLife,
  sub: string,
  { record, fromT, untilT }: Moment,
): Likelihood {
  const acks = (event.deliveries.get(sub) ?? [])
    .filter(({ epoch }) => epoch === record.epoch)
    .flatMap(({ settlings }) => settlings.filter(({ kind }) => kind === "ack"));
  return bestOf(
    acks.map((ack) => {
      if (isConfirmed(ack) && (ack.verdict?.t ?? 0) <= fromT) return "surely";
      return ack.t <= untilT ? "perhaps" : "no";
    }),
  );
}

function bestOf(all: readonly Likelihood[]): Likelihood {
  return (["surely", "perhaps"] as const).find((each) => all.includes(each)) ?? "no";
}

function addTo(range: Range, likelihood: Likelihood): void {
  range.least += Number(likelihood === "surely");
  range.most += Number(likelihood !== "no");
}

/**
 * A skip is noted after its answer, and may have been carried out long before; an answer that was lost may
 * have been that of one event, and the repetition then skipped none.
 */
function skippedOf({ record, fromT }: Moment, facts: Facts): Range {
  const skips = facts.skips.map((skip) => skip.record).filter(({ sub }) => sub === record.sub);
  const total = (some: typeof skips) => some.reduce((sum, { skipped }) => sum + skipped, 0);
  return {
    // Those of an earlier epoch are not in it.
    least: record.epoch > 1 ? 0 : total(skips.filter(({ t }) => t <= fromT)),
    most: total(skips) + skips.filter(({ unsure }) => unsure === true).length,
  };
}

function isWithin(value: number, { least, most }: Range): boolean {
  return least <= value && value <= most;
}

function say({ least, most }: Range): string {
  return least === most ? String(least) : `${least} to ${most}`;
}
