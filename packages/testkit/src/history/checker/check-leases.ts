import { isConfirmed } from "./check-settling.js";
import type { Delivery, EventLife, Settling } from "./event-life.js";
import type { Facts } from "./facts.js";
import { CLOCK_SLACK_MS, LOSS_NOTICED_MS } from "./limits.js";
import type { RecordOf } from "./record.js";
import type { Report } from "./violation.js";

const START_BITS = 40n;

/** A lease is of the broker's life that gave it: its start number stands above the counter. */
export function isSameStart(a: Delivery, b: Delivery): boolean {
  return a.token >> START_BITS === b.token >> START_BITS;
}

/** Earliest and latest moment at which its time may have ended a lease: each extension sets it anew. */
export function leaseEnds({ record, settlings }: Delivery): {
  readonly least: number;
  readonly most: number;
} {
  let least = record.leaseEnd;
  let most = record.leaseEnd;
  for (const extension of settlings) {
    const { kind, t, deadlineMs = 0, verdict } = extension;
    if (kind !== "extend" || verdict?.verdict === "stale") continue;
    const earliest = t + deadlineMs;
    const latest = (verdict?.t ?? Number.POSITIVE_INFINITY) + deadlineMs;
    least = isConfirmed(extension) ? earliest : Math.min(least, earliest);
    most = isConfirmed(extension) ? latest : Math.max(most, latest);
  }
  return { least, most };
}

/** What the leases of one key may know of each other. */
export interface LeaseContext {
  /** The subscription. */
  readonly sub: RecordOf<"subscription">;
  /** Facts of the run. */
  readonly facts: Facts;
  /** Deliveries of the other events of its key in this subscription. */
  readonly sameKey: () => readonly Delivery[];
  /** Takes violations. */
  readonly report: Report;
}

/** No event is leased to two consumers at a time, as far as a history can know when a lease ended. */
export function checkOverlap(
  deliveries: readonly Delivery[],
  event: EventLife,
  context: LeaseContext,
): void {
  for (const [index, later] of deliveries.entries()) {
    const earlier = deliveries[index - 1];
    if (earlier === undefined || mayHaveEnded(earlier, later, context)) continue;
    const { least } = leaseEnds(earlier);
    const what = `lease ${later.record.lease} began ${least - later.begin} ms before the end of ${earlier.record.lease} of ${earlier.process.name} (${earlier.place.file}:${earlier.place.line})`;
    context.report("lease-overlap", later.place, event.name, what);
  }
}

/** Verdicts are those that are allowed: `stale` needs a reason, `unknown` is never said of a real lease. */
export function checkVerdicts(
  deliveries: readonly Delivery[],
  event: EventLife,
  context: LeaseContext,
): void {
  for (const delivery of deliveries) {
    for (const settling of delivery.settlings) {
      const { verdict, verdictPlace } = settling;
      if (verdict === undefined || verdictPlace === undefined) continue;
      if (verdict.verdict === "unknown") {
        context.report(
          "verdict-wrong",
          verdictPlace,
          event.name,
          "unknown, of a lease that was delivered",
        );
      }
      if (verdict.verdict === "stale" && !mayBeStale(delivery, settling, deliveries, context)) {
        const what = `stale, although the lease ran until ${leaseEnds(delivery).least} and nothing ended it`;
        context.report("verdict-wrong", verdictPlace, event.name, what);
      }
    }
  }
}

function mayHaveEnded(
  earlier: Delivery,
  later: Delivery,
  { facts, sub, sameKey }: LeaseContext,
): boolean {
  if (!isSameStart(earlier, later)) return true;
  if (later.begin >= leaseEnds(earlier).least - CLOCK_SLACK_MS) return true;
  if (!earlier.process.tellsLosses) return true;
  if (facts.endsOf(earlier.process, earlier.begin, later.begin + LOSS_NOTICED_MS) > 0) return true;
  if (wasNacked(earlier, earlier.begin, later.record.t)) return true;
  return sub.order === "key" && mayBeTornOff(earlier, later.begin, sameKey());
}

function mayBeStale(
  delivery: Delivery,
  { verdict }: Settling,
  all: readonly Delivery[],
  { facts, sub, sameKey }: LeaseContext,
): boolean {
  const { begin, record, process, event } = delivery;
  const t = verdict?.t ?? 0;
  if (t >= leaseEnds(delivery).least - CLOCK_SLACK_MS || !process.tellsLosses) return true;
  if (facts.wasKilled(begin, t) || facts.endsOf(process, begin, t) > 0) return true;
  if (facts.wasSought(sub.sub, begin, t)) return true;
  const { topic, key } = record;
  const isOfKey = (skip: RecordOf<"skip">) => skip.topic === topic && skip.key === key;
  if (facts.skips.some((skip) => skip.record.sub === sub.sub && isOfKey(skip.record))) return true;
  const published = event.published[0]?.record;
  if (published?.expire !== undefined && published.expire <= t) return true;
  if (all.some((each) => each !== delivery && each.token > delivery.token && each.begin <= t))
    return true;
  return sub.order === "key" && mayBeTornOff(delivery, t, sameKey());
}

/** Its event was settled before, so that no lease of it can end then. */
function wasAckedBefore({ event, record, epoch }: Delivery, t: number): boolean {
  const same = event.deliveries.get(record.sub)?.filter((each) => each.epoch === epoch) ?? [];
  const acks = same.flatMap(({ settlings }) => settlings.filter(({ kind }) => kind === "ack"));
  return acks.some((ack) => isConfirmed(ack) && (ack.verdict?.t ?? t) < t - CLOCK_SLACK_MS);
}

/** The lease that its event got next: this one was over by then. */
export function nextLease({ event, record, token, epoch }: Delivery): Delivery | undefined {
  const same = event.deliveries.get(record.sub);
  return same?.find((each) => each.epoch === epoch && each.token > token);
}

/** A nack reached the broker between its sending and its verdict. */
function wasNacked({ settlings }: Delivery, from: number, until: number): boolean {
  return settlings.some(({ kind, t, verdict }) => {
    const latest = verdict?.t ?? Number.POSITIVE_INFINITY;
    return kind === "nack" && from - CLOCK_SLACK_MS <= latest && t <= until + CLOCK_SLACK_MS;
  });
}

/**
 * With order KEY a nack or the end of an earlier event's lease, while this one ran, ends those of the later
 * ones of its run.
 */
function mayBeTornOff(delivery: Delivery, until: number, sameKey: readonly Delivery[]): boolean {
  const { process, begin, record } = delivery;
  return sameKey.some((other) => {
    if (other.process !== process || other.record.offset > record.offset) return false;
    // The broker's end had ended it before this one began.
    if (!isSameStart(other, delivery)) return false;
    const { least, most } = leaseEnds(other);
    const latest = Math.min(most, nextLease(other)?.begin ?? Number.POSITIVE_INFINITY);
    const hasEnded = latest >= begin - CLOCK_SLACK_MS && least <= until + CLOCK_SLACK_MS;
    return (hasEnded && !wasAckedBefore(other, least)) || wasNacked(other, begin, until);
  });
}
