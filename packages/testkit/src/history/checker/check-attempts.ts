import { isSameStart, type LeaseContext, leaseEnds } from "./check-leases.js";
import { isConfirmed } from "./check-settling.js";
import type { Delivery, EventLife } from "./event-life.js";
import { CLOCK_SLACK_MS, LOSS_NOTICED_MS } from "./limits.js";

/**
 * Attempts rise by one for every nack, expiry and disconnect, and by nothing else. A consumer may have
 * been given an event that it never saw, so what lies between two deliveries is bounded from both sides.
 */
export function checkAttempts(
  deliveries: readonly Delivery[],
  event: EventLife,
  context: LeaseContext,
): void {
  for (const [index, later] of deliveries.entries()) {
    const earlier = deliveries[index - 1];
    const before = earlier?.record.attempt ?? 0;
    const least = leastAttempt(earlier, later, context.sub);
    const { attempt, lease } = later.record;
    // The upper bound costs a look at every consumer, and is crossed only by what it must explain.
    if (attempt === least) continue;
    const most = before + mostRise(earlier, later, event, context);
    if (attempt >= least && attempt <= most) continue;
    const range = most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
    const what = `attempt ${attempt} under lease ${lease} after ${before}: ${range} would be right`;
    context.report("attempts-wrong", later.place, event.name, what);
  }
  const { attemptsMax } = context.sub;
  const beyond = deliveries.find(({ record }) => attemptsMax > 0 && record.attempt > attemptsMax);
  if (beyond !== undefined) {
    const what = `attempt ${beyond.record.attempt} of at most ${attemptsMax}`;
    context.report("attempts-wrong", beyond.place, event.name, what);
  }
}

function wasCounted({ settlings }: Delivery): boolean {
  return settlings.some((each) => each.kind === "nack" && isConfirmed(each));
}

/**
 * Within one life of the broker a lease ends by a nack, its deadline or a disconnect, and each counts;
 * with order KEY it may also end with its run. A crash ends leases without counting them, and takes
 * nothing back: what an attempt tells of was durable before.
 */
function leastAttempt(
  earlier: Delivery | undefined,
  later: Delivery,
  sub: LeaseContext["sub"],
): number {
  if (earlier === undefined) return 1;
  const isCounted = wasCounted(earlier) || (isSameStart(earlier, later) && sub.order !== "key");
  return earlier.record.attempt + (isCounted ? 1 : 0);
}

function mostRise(
  earlier: Delivery | undefined,
  later: Delivery,
  event: EventLife,
  { facts, sub }: LeaseContext,
): number {
  if (!facts.tellsLosses(sub.sub)) return Number.POSITIVE_INFINITY;
  const from = earlier?.begin ?? event.published[0]?.record.t ?? 0;
  const consumers = facts.consumersOf(sub.sub);
  const ends = consumers.reduce(
    // The broker may notice the end of a stream long before its client does, and long after.
    (sum, process) =>
      sum + facts.endsOf(process, from - LOSS_NOTICED_MS, later.begin + LOSS_NOTICED_MS),
    0,
  );
  const deadlines = Math.floor((later.begin - from + CLOCK_SLACK_MS) / sub.ackDeadline);
  const early = mayHaveEndedEarly(earlier) ? 1 : 0;
  const nacks = earlier?.settlings.some(({ kind }) => kind === "nack") ? 1 : 0;
  return (earlier === undefined ? 1 : 0) + nacks + deadlines + early + ends;
}

/** An extension may have set the end of its lease before the end that the delivery told. */
function mayHaveEndedEarly(delivery: Delivery | undefined): boolean {
  return delivery !== undefined && leaseEnds(delivery).least < delivery.record.leaseEnd;
}
