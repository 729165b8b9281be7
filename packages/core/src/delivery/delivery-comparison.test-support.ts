import { expect } from "vitest";
import type { TestBatch } from "./batches.test-support.js";
import { type DeliveryModel, expectJournalled } from "./delivery-model.test-support.js";
import type { ProjectedState } from "./delivery-world.test-support.js";
import type { Lane } from "./lane.js";
import type { SubscriptionDelivery } from "./subscription-delivery.js";

/** A delivery beside its model. */
export interface Compared {
  readonly delivery: SubscriptionDelivery;
  readonly model: DeliveryModel;
  readonly projected: ProjectedState;
  readonly batches: readonly TestBatch[];
  readonly lanes: readonly Lane[];
  readonly nowMs: number;
}

/** Compares everything. All changes must have been taken. */
export function compare({ delivery, model, projected, batches, lanes, nowMs }: Compared): void {
  for (const lane of lanes) compareLane(delivery, model, { lane, projected });
  compareBlocked(delivery, model, nowMs);
  compareUnexamined(delivery, model, batches);
}

/** Compares what is journalled and what is resident of a lane, event by event and in figures. */
function compareLane(
  delivery: SubscriptionDelivery,
  model: DeliveryModel,
  { lane, projected }: { readonly lane: Lane; readonly projected: ProjectedState },
): void {
  const state = delivery.durableState(lane);
  expect(projected.durable(lane)).toEqual(state);
  const events = model.events.filter((event) => event.lane === lane);
  for (const event of events) expectJournalled(state, event);
  const settled = events.filter(({ end }) => end !== undefined);
  const tried = events.filter(({ end, attempts }) => end === undefined && attempts > 0);
  const { acked, expired, deadLettered, skipped, filtered, entered } = state.cursor;
  expect({ acked, expired, deadLettered, skipped, filtered, entered }).toEqual({
    acked: model.count(lane, "acked"),
    expired: model.count(lane, "expired"),
    deadLettered: model.count(lane, "dead"),
    skipped: model.count(lane, "skipped"),
    filtered: 0n,
    entered: BigInt(settled.length + tried.length),
  });
  for (const sequence of state.exceptions.keys()) {
    expect(sequence >= state.cursor.sequence, "no exception outlives the cursor").toBe(true);
  }
  const open = events.filter((event) => !event.end && model.offered.has(event));
  const { leased, unsettled, doomed } = delivery.figures(lane);
  expect({ leased, unsettled, doomed }).toEqual({
    leased: open.filter((event) => event.lease !== undefined).length,
    unsettled: open.length,
    doomed: open.filter(({ doom }) => doom !== undefined).length,
  });
}

/** Compares the blocked keys. */
function compareBlocked(delivery: SubscriptionDelivery, model: DeliveryModel, nowMs: number): void {
  const blocked = model.blocked(nowMs);
  expect(delivery.figures().blockedKeys).toBe(blocked.length);
  const views = delivery.operator.blockedKeys(undefined, 100);
  const places = blocked.map(({ sequence, index, key, attempts, doom }) => {
    const held = model.events.filter((event) => {
      const isOpen = event.end === undefined && model.offered.has(event);
      return isOpen && event.key === key;
    }).length;
    return [key, sequence, index, attempts + (doom === undefined ? 0 : 1), held - 1];
  });
  const told = views.map(({ topicId, partition, key, sequence, index, attempts, held }) => [
    `${topicId}/${partition}/${key}`,
    sequence,
    index,
    attempts,
    held,
  ]);
  expect(told.sort()).toEqual(places.sort());
}

/** Counts what was not looked at batch by batch: with what is resident it is all that is unsettled. */
function compareUnexamined(
  delivery: SubscriptionDelivery,
  model: DeliveryModel,
  batches: readonly TestBatch[],
): void {
  const unexamined = delivery.unexamined();
  const counted = batches.reduce((sum, { ref }) => sum + unexamined.eventsOf(ref), 0);
  const open = model.events.filter(({ end }) => end === undefined);
  expect(counted).toBe(open.filter((event) => !model.offered.has(event)).length);
  expect(counted + delivery.figures().unsettled).toBe(open.length);
}

/** A lane that is through has passed everything and remembers nothing. */
export function expectThrough(projected: ProjectedState, lane: Lane, last: bigint): void {
  expect(projected.durable(lane)).toMatchObject({
    cursor: { sequence: last + 1n, index: 0 },
    exceptions: new Map(),
  });
}
