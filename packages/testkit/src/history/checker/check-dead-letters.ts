import { mayHaveExpired } from "./check-publishing.js";
import { isConfirmed } from "./check-settling.js";
import type { EventLife, Told } from "./event-life.js";
import type { Facts } from "./facts.js";
import { CLOCK_SLACK_MS } from "./limits.js";
import type { RecordOf } from "./record.js";
import type { Report } from "./violation.js";

/** What a dead letter is compared with. */
interface Parts {
  readonly event: EventLife;
  readonly sub: RecordOf<"subscription">;
  readonly facts: Facts;
  readonly report: Report;
}

/** Dead letters of one event in one subscription: complete, right, once, and final. */
export function checkDeadLetters(parts: Parts): void {
  const { event, sub, facts, report } = parts;
  const letters = event.deadLetters.filter(({ record }) => record.sub === sub.sub);
  for (const letter of letters) checkLetter(letter, parts);
  // A seek begins attempts anew, and may bring a second letter.
  if (facts.lastEpoch(sub.sub) > 1) return;
  const [first, again] = letters;
  if (again !== undefined) {
    report(
      "dead-letter-twice",
      again.place,
      event.name,
      `offsets ${first?.record.at} and ${again.record.at}`,
    );
  }
  const deliveries = event.deliveries.get(sub.sub) ?? [];
  if (first === undefined) {
    const spent = deliveries.find(
      ({ record, settlings }) =>
        sub.attemptsMax > 0 &&
        record.attempt >= sub.attemptsMax &&
        settlings.some((each) => each.kind === "nack" && isConfirmed(each)),
    );
    // An attempt that fails after the event's own time is its end without a letter.
    if (spent !== undefined && !mayHaveExpired(event, facts)) {
      const what = `attempt ${spent.record.attempt} of ${sub.attemptsMax} was nacked`;
      report("dead-letter-missing", spent.place, `${event.name} in ${sub.sub}`, what);
    }
    return;
  }
  const late = deliveries.find(({ begin }) => begin > first.record.time + CLOCK_SLACK_MS);
  if (late !== undefined) {
    report("dead-letter-wrong", late.place, event.name, "delivered after it was dead-lettered");
  }
  const acked = deliveries.find(({ settlings }) =>
    settlings.some((each) => each.kind === "ack" && isConfirmed(each)),
  );
  if (acked !== undefined) {
    report(
      "settled-twice",
      acked.place,
      event.name,
      "its ack was confirmed, and it was dead-lettered",
    );
  }
}

function checkLetter(
  { record, place }: Told<"deadLetter">,
  { event, sub, facts, report }: Parts,
): void {
  const wrong = (what: string) => report("dead-letter-wrong", place, event.name, what);
  const { attempts, cause, partition, offset } = record;
  if (record.in !== sub.deadLetterTopic) wrong(`in ${record.in}, not in ${sub.deadLetterTopic}`);
  if (attempts !== sub.attemptsMax) wrong(`${attempts} attempts of ${sub.attemptsMax}`);
  const stored = event.stored[0]?.record;
  if (stored !== undefined && (stored.partition !== partition || stored.offset !== offset)) {
    wrong(`says it was at ${partition}/${offset}, it is at ${stored.partition}/${stored.offset}`);
  }
  const last = (event.deliveries.get(sub.sub) ?? []).filter(
    (delivery) => delivery.record.attempt === attempts,
  );
  const nacks = last.flatMap(({ settlings }) => settlings.filter(({ kind }) => kind === "nack"));
  if (cause === "nack" && nacks.length === 0) wrong("its cause is a nack that nobody sent");
  // What was nacked before or after a seek between the two has a letter of its own.
  const own = last.filter(
    ({ begin }) =>
      begin <= record.time + CLOCK_SLACK_MS && !facts.wasSought(sub.sub, begin, record.time),
  );
  const isNacked = own.some(({ settlings }) =>
    settlings.some((each) => each.kind === "nack" && isConfirmed(each)),
  );
  if (cause !== "nack" && isNacked) wrong(`its cause is ${cause}, but its last attempt was nacked`);
  if (cause === "disconnect" && facts.tellsLosses(sub.sub)) {
    const consumers = facts.consumersOf(sub.sub);
    if (consumers.every((process) => facts.endsOf(process, 0, facts.lastT) === 0)) {
      wrong("its cause is a disconnect, and no consumer ever left");
    }
  }
}
