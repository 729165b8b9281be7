import { mayHaveExpired } from "./check-publishing.js";
import type { Delivery, EventLife, Settling, Told } from "./event-life.js";
import type { Facts } from "./facts.js";
import { CLOCK_SLACK_MS } from "./limits.js";
import type { RecordOf } from "./record.js";
import type { Report } from "./violation.js";

/** A settlement that the broker confirmed. */
export function isConfirmed({ verdict }: Settling): boolean {
  return verdict?.verdict === "settled";
}

/** An operator skipped it. */
export function skipOf(event: EventLife, sub: string, facts: Facts): RecordOf<"skip"> | undefined {
  const deliveries = event.deliveries.get(sub) ?? [];
  const [stored] = event.stored;
  return facts.skips.find(({ record }) => {
    if (record.sub !== sub || (record.skipped === 0 && record.unsure !== true)) return false;
    if (deliveries.length > 0) return deliveries.some((each) => isAmong(record, each));
    // Never seen at a consumer: its position is not known, only its key.
    return record.topic === stored?.record.topic && record.key === event.key;
  })?.record;
}

/** What a subscription's end is judged with. */
export interface SettlingContext {
  /** The subscription. */
  readonly sub: RecordOf<"subscription">;
  /** Facts of the run. */
  readonly facts: Facts;
  /** Told of an event that is settled only if what its acks published is stored. */
  readonly settledOnlyBy: (
    acks: readonly Settling[],
    last: Told<"delivered">,
    about: string,
  ) => void;
  /** Takes violations. */
  readonly report: Report;
}

/** What a subscription's end must show of one stored event that it covers. */
export function checkSettling(
  event: EventLife,
  { sub, facts, settledOnlyBy, report }: SettlingContext,
): void {
  const [stored] = event.stored;
  if (stored === undefined || facts.end?.record.drained !== true) return;
  if (event.deadLetters.some(({ record }) => record.sub === sub.sub)) return;
  if (mayHaveExpired(event, facts) || skipOf(event, sub.sub, facts) !== undefined) return;
  const sinceEpoch = facts.countingEpoch(sub.sub);
  const deliveries = (event.deliveries.get(sub.sub) ?? []).filter(
    ({ epoch }) => epoch >= sinceEpoch,
  );
  const last = deliveries.at(-1);
  const name = `${event.name} in ${sub.sub}`;
  if (last === undefined) {
    report(
      "never-delivered",
      stored.place,
      name,
      `stored at ${stored.record.partition}/${stored.record.offset}`,
    );
    return;
  }
  const acks = deliveries.flatMap((each) => each.settlings.filter(({ kind }) => kind === "ack"));
  const counting = acks.filter((ack) => mayCount(ack, facts));
  if (counting.some(({ output }) => output === undefined)) return;
  if (counting.length > 0) {
    settledOnlyBy(counting, last, name);
    return;
  }
  const what = acks.length === 0 ? "delivered and never acked" : "every ack of it was stale";
  report("never-settled", last.place, name, what);
}

/** Nothing comes again after its ack was confirmed, and it is confirmed once. */
export function checkAfterAck(
  deliveries: readonly Delivery[],
  event: EventLife,
  report: Report,
): void {
  const confirmed = deliveries.flatMap((delivery) =>
    delivery.settlings
      .filter((each) => each.kind === "ack" && isConfirmed(each))
      .map((ack) => ({ delivery, ack })),
  );
  const [first, second] = confirmed;
  if (first === undefined) return;
  if (second !== undefined) {
    const what = `acks of the leases ${first.delivery.record.lease} and ${second.delivery.record.lease} were both confirmed`;
    report("settled-twice", second.ack.place, event.name, what);
  }
  for (const { ack } of confirmed) {
    const confirmedT = ack.verdict?.t ?? Number.POSITIVE_INFINITY;
    const late = deliveries.find(({ begin }) => begin > confirmedT + CLOCK_SLACK_MS);
    if (late === undefined) continue;
    const what = `leased ${late.begin - confirmedT} ms after its ack was confirmed at ${ack.verdictPlace?.file}:${ack.verdictPlace?.line}`;
    report("delivered-after-ack", late.place, event.name, what);
  }
}

/** What is delivered is stored there, and neither too early nor too late. */
export function checkDelivered(
  delivery: Delivery,
  event: EventLife,
  facts: Facts,
  report: Report,
): void {
  const { record, place, begin } = delivery;
  const [stored] = event.stored;
  const isThere =
    stored !== undefined
      ? stored.record.partition === record.partition && stored.record.offset === record.offset
      : mayHaveExpired(event, facts) || facts.end === undefined;
  if (!isThere) {
    const what = `delivered as ${record.partition}/${record.offset}, where it is not stored`;
    report("delivered-not-stored", place, event.name, what);
  }
  const published = event.published[0]?.record;
  if (begin > record.t + CLOCK_SLACK_MS) {
    report("lease-wrong", place, event.name, "its lease began after it was delivered");
  }
  const { sub } = record;
  const pause = facts.pauses.get(sub)?.find(({ fromT, untilT = Number.POSITIVE_INFINITY }) => {
    return begin > fromT + CLOCK_SLACK_MS && begin < untilT - CLOCK_SLACK_MS;
  });
  if (pause !== undefined) {
    const what = `leased ${begin - pause.fromT} ms after ${sub} was paused`;
    report("delivered-while-paused", place, event.name, what);
  }
  if (published === undefined) return;
  if (begin < published.t - CLOCK_SLACK_MS) {
    report("lease-wrong", place, event.name, "its lease began before it was published");
  }
  if (published.expire !== undefined && begin > published.expire + CLOCK_SLACK_MS) {
    report(
      "delivered-expired",
      place,
      event.name,
      `${begin - published.expire} ms after its time was over`,
    );
  }
  if (published.deliver !== undefined && begin < published.deliver - CLOCK_SLACK_MS) {
    report(
      "delivered-early",
      place,
      event.name,
      `${published.deliver - begin} ms before its deliver time`,
    );
  }
}

/**
 * An ack that the broker may have accepted: one without a verdict, or one that was answered as stale
 * because it had been sent twice, around the loss of a stream.
 */
export function mayCount({ t, verdict }: Settling, facts: Facts): boolean {
  if (verdict === undefined || verdict.verdict !== "stale") return true;
  return (
    facts.wasKilled(t, verdict.t) ||
    facts.processes.some(
      (process) => process !== undefined && facts.endsOf(process, t, verdict.t) > 0,
    )
  );
}

function isAmong({ sequence, first, last }: RecordOf<"skip">, { record }: Delivery): boolean {
  return record.sequence === sequence && first <= record.index && record.index <= last;
}
