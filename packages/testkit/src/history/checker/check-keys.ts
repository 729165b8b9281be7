import { isConfirmed, mayCount, skipOf } from "./check-settling.js";
import type { Delivery, EventLife, Settling } from "./event-life.js";
import type { Facts } from "./facts.js";
import { CLOCK_SLACK_MS, LOSS_NOTICED_MS } from "./limits.js";
import type { RecordOf } from "./record.js";
import type { Report } from "./violation.js";

const NEVER = Number.POSITIVE_INFINITY;
const ALWAYS = Number.NEGATIVE_INFINITY;

interface Link {
  readonly event: EventLife;
  readonly deliveries: readonly Delivery[];
  /** When it was settled at the earliest, for good. */
  readonly settledT: number;
  /** Acks that may have been carried out, some of which a crash may have taken back. */
  readonly acks: readonly Settling[];
  /** When its ack was confirmed at the earliest. */
  readonly confirmedT: number;
}

/**
 * Inside one key of one subscription an event is leased only when every earlier one is settled, or
 * lies before it in the hands of the same consumer; and nothing goes back behind what was settled.
 */
export function checkKey(
  events: readonly EventLife[],
  sub: RecordOf<"subscription">,
  facts: Facts,
  report: Report,
): void {
  const stored = events
    .filter((event) => event.stored.length > 0)
    .sort((a, b) => offsetOf(a) - offsetOf(b));
  const epochs = new Set(
    stored.flatMap((event) => (event.deliveries.get(sub.sub) ?? []).map(({ epoch }) => epoch)),
  );
  for (const epoch of epochs) {
    const chain = stored.map((event) => linkOf(event, { sub: sub.sub, epoch, facts }));
    checkForward(chain, report);
    checkBackward(chain, report);
  }
}

function checkForward(chain: readonly Link[], report: Report): void {
  // latest[i]: when the last of the events 0 to i was settled.
  const latest: number[] = [];
  for (const { settledT } of chain) latest.push(Math.max(latest.at(-1) ?? ALWAYS, settledT));
  for (const [index, { event, deliveries }] of chain.entries()) {
    for (const delivery of deliveries) {
      const blocker = blockerOf(chain, latest, index, delivery);
      if (blocker === undefined) continue;
      const what = `leased to ${delivery.process.name} while the earlier event ${blocker.event.name} of its key was not settled`;
      report("key-out-of-order", delivery.place, event.name, what);
    }
  }
}

function blockerOf(
  chain: readonly Link[],
  latest: readonly number[],
  index: number,
  delivery: Delivery,
): Link | undefined {
  const dueT = delivery.begin + CLOCK_SLACK_MS;
  for (let at = index - 1; at >= 0 && (latest[at] as number) > dueT; at -= 1) {
    const link = chain[at] as Link;
    if (link.settledT <= dueT || isAckedBefore(link, delivery)) continue;
    if (!isBeforeInHand(link, delivery)) return link;
  }
  return undefined;
}

function checkBackward(chain: readonly Link[], report: Report): void {
  let confirmed: Link | undefined;
  for (const link of chain.toReversed()) {
    const late = link.deliveries.find(
      ({ begin }) => begin > (confirmed?.confirmedT ?? NEVER) + CLOCK_SLACK_MS,
    );
    if (late !== undefined) {
      const what = `leased after the later event ${confirmed?.event.name} of its key was settled`;
      report("key-went-back", late.place, link.event.name, what);
    }
    if (link.confirmedT < (confirmed?.confirmedT ?? NEVER)) confirmed = link;
  }
}

/**
 * An ack that may have been carried out lies between its last lease before and the delivery: if the broker's
 * end took it back, both come again.
 */
function isAckedBefore({ deliveries, acks }: Link, { token, begin }: Delivery): boolean {
  const before = deliveries.findLast((each) => each.token < token);
  if (before === undefined) return false;
  return acks.some((ack) => ack.t <= begin + CLOCK_SLACK_MS && isHeardAfter(ack, before.begin));
}

/** It may have arrived after a time: before its answer, or before the broker noticed the loss of its stream. */
function isHeardAfter({ t, verdict }: Settling, afterT: number): boolean {
  const answeredT = verdict?.t ?? NEVER;
  const latest = verdict?.verdict === "lost" ? answeredT + LOSS_NOTICED_MS : answeredT;
  return Math.max(t, latest) >= afterT - CLOCK_SLACK_MS;
}

/**
 * The same stream had it before, and had not given it back as far as the broker knew: a nack is
 * known to have arrived when its verdict did.
 */
function isBeforeInHand(
  { deliveries }: Link,
  { process, session, place, begin }: Delivery,
): boolean {
  return deliveries.some(
    (each) =>
      each.process === process &&
      each.session === session &&
      each.place.line < place.line &&
      !each.settlings.some(({ kind, verdict }) => kind === "nack" && (verdict?.t ?? NEVER) < begin),
  );
}

function linkOf(
  event: EventLife,
  { sub, epoch, facts }: { readonly sub: string; readonly epoch: number; readonly facts: Facts },
): Link {
  const deliveries = (event.deliveries.get(sub) ?? []).filter((each) => each.epoch === epoch);
  const last = deliveries.at(-1);
  const said = deliveries.flatMap(({ settlings }) =>
    settlings.filter(({ kind }) => kind === "ack"),
  );
  const acks = said.filter((ack) => mayCount(ack, facts));
  const confirmedT = Math.min(
    NEVER,
    ...said.filter(isConfirmed).map(({ verdict }) => verdict?.t ?? NEVER),
  );
  if (last === undefined || event.published.some(({ record }) => record.expire !== undefined)) {
    return { event, deliveries, acks, settledT: ALWAYS, confirmedT };
  }
  // What was accepted before the last lease would have left none; an earlier ack may have arrived later.
  const counted = acks
    .filter((ack) => isHeardAfter(ack, last.begin))
    .map(({ t }) => Math.max(t, last.begin));
  const letters = event.deadLetters.filter(({ record }) => record.sub === sub);
  const settledT = Math.min(
    NEVER,
    ...counted,
    ...letters.map(({ record }) => record.time),
    // It is noted after its answer: it may have been carried out long before.
    skipOf(event, sub, facts) === undefined ? NEVER : last.begin,
  );
  return { event, deliveries, acks, settledT, confirmedT };
}

function offsetOf({ stored }: EventLife): number {
  return stored[0]?.record.offset ?? 0;
}
