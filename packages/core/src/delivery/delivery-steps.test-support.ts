import { type EventsSettled, Settlement } from "@opendxa/pubsub-protocol";
import { expect } from "vitest";
import type { BatchRef } from "./batch-ref.js";
import type { SubscriptionDelivery } from "./subscription-delivery.js";

/** Ample credit. */
export const credit = { bytes: 1_000_000n, events: 1_000 };
/** A random value in the middle. */
export const half = () => 0.5;

/** Offers batches and says that they were examined. */
export function offerAll(delivery: SubscriptionDelivery, ...refs: BatchRef[]): void {
  for (const each of refs) {
    delivery.offer(each);
    delivery.examinedThrough(each.sequence);
  }
}

/** Takes all changes, which are durable at once. */
export function journal(delivery: SubscriptionDelivery): EventsSettled[] {
  const taken: EventsSettled[] = [];
  for (let next = delivery.takeChange(); next; next = delivery.takeChange()) taken.push(next);
  delivery.journalled(delivery.seal());
  return taken;
}

/** Positions under a lease. */
export function rangesOf(lease: bigint, sequence: bigint, spans: [number, number][]) {
  return { lease, sequence, ranges: spans.map(([first, last]) => ({ first, last })) };
}

/** Acks spans, or the whole lease. */
export function ack(lease: bigint, sequence: bigint, ...spans: [number, number][]): Settlement {
  return Settlement.create({ number: 1n, acks: [rangesOf(lease, sequence, spans)] });
}

/** Nacks spans, or the whole lease. */
export function nack(
  lease: bigint,
  sequence: bigint,
  delayMs?: number,
  ...spans: [number, number][]
): Settlement {
  const events = rangesOf(lease, sequence, spans);
  return Settlement.create({ nacks: [{ events, delayMs, reason: "busy" }] });
}

/** Extends a whole lease. */
export function extend(lease: bigint, sequence: bigint, deadlineMs: number): Settlement {
  return Settlement.create({ extensions: [{ events: rangesOf(lease, sequence, []), deadlineMs }] });
}

/** The only item. */
export function only<T>(items: readonly T[]): T {
  expect(items).toHaveLength(1);
  return items[0] as T;
}

/** Verdicts as short tuples. */
export function verdictsOf({ verdicts }: ReturnType<SubscriptionDelivery["settle"]>) {
  return verdicts.map(({ verdict, events }) => [
    verdict,
    (events?.ranges ?? []).map(({ first, last }) => [first, last]),
  ]);
}
