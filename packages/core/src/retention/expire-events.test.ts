import {
  CursorState,
  correlationIdKey,
  DeliveryOrder,
  Entry,
  EventsSettled,
  Execution,
  executionKey,
  PartitionStart,
  Priority,
  Subscription,
  SubscriptionSettings,
  TopicSettings,
} from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import type { BatchRef } from "../delivery/batch-ref.js";
import { deliveryProjection } from "../delivery/delivery-projection.js";
import { batchRef, makeDelivery } from "../delivery/delivery-world.test-support.js";
import { feedbackProjection } from "../feedback/feedback-projection.js";
import { batchesProjection } from "../publishing/batches-projection.js";
import { stateKeys } from "../state/state-keys.js";
import { subscriptionProjection } from "../subscriptions/subscription-projection.js";
import { MemoryState } from "../test/memory-state.js";
import { createTopic } from "../topics/create-topic.js";
import { deleteTopic } from "../topics/delete-topic.js";
import { topicsProjection } from "../topics/topics-projection.js";
import { updateTopic } from "../topics/update-topic.js";
import { type ExpireEventsCommand, expireEvents } from "./expire-events.js";

const projections = [
  topicsProjection,
  batchesProjection,
  deliveryProjection,
  subscriptionProjection,
  feedbackProjection,
];
const publisher = { producerId: new Uint8Array(0), heads: new Uint8Array(60) };

/** A topic with three batches of ten events, in the entries 2, 3 and 4. */
function world(): MemoryState {
  const state = new MemoryState(projections);
  state.run(createTopic, { name: "t", settings: undefined });
  for (const baseOffset of [0n, 10n, 20n]) {
    const batch = { topic: "t", partition: 0, count: 10, baseOffset, ...publisher };
    state.apply(
      Entry.fromPartial({
        kind: { $case: "eventsPublished", value: {} },
        batches: [{ topicId: 1, batch: { ...batch, bodies: new Uint8Array(40) } }],
      }),
    );
  }
  return state;
}

function refAt(place: number): BatchRef {
  return batchRef(BigInt(place + 2), 10, { bytes: 100, baseOffset: BigInt(place * 10) });
}

function command(
  state: MemoryState,
  places: readonly number[],
  more: Partial<ExpireEventsCommand> & { readonly ids?: readonly string[] } = {},
): ExpireEventsCommand {
  const { ids = [], ...rest } = more;
  return {
    topic: state.get(stateKeys.topic("t"))!,
    isDeleted: false,
    partition: 0,
    candidates: places.map((place, i) => ({
      ref: refAt(place),
      correlationIds: new Set(ids.slice(i, i + 1)),
    })),
    keptOffset: undefined,
    aboveOffset: BigInt((places.at(-1)! + 1) * 10),
    subscriptions: () => ({ resident: [], idle: [] }),
    ...rest,
  };
}

function subscribe(
  state: MemoryState,
  subscriptionId: number,
  cursor: [bigint, number],
  order: DeliveryOrder = DeliveryOrder.NONE,
): void {
  const subscription = Subscription.create({
    name: `s${subscriptionId}`,
    settings: SubscriptionSettings.create({ order }),
    cursorSequence: cursor[0],
    cursorIndex: cursor[1],
  });
  const value = { subscription: { subscriptionId, subscription } };
  state.apply(Entry.create({ kind: { $case: "subscriptionCreated", value } }));
}

function register(state: MemoryState, executionId: string, correlationId: string): void {
  const execution = Execution.create({ executionId, correlationId, deadlineUnixMs: 2_000n });
  const value = { execution, closeTimeUnixMs: 9_000n };
  state.apply(Entry.fromPartial({ kind: { $case: "executionRegistered", value } }));
}

function close(state: MemoryState, executionId: string): void {
  const value = { executionsClosed: [executionId] };
  state.apply(Entry.fromPartial({ kind: { $case: "deadlinesPassed", value } }));
}

describe("expire events", () => {
  it("moves the bounds of the partition and says what left", () => {
    const state = world();
    const reply = state.run(expireEvents, command(state, [0, 1]));
    expect(reply).toEqual({ expired: 2, held: [], isOutdated: false });
    expect(state.get(stateKeys.partition(1, 0))).toEqual({
      nextOffset: 30n,
      firstOffset: 20n,
      bytes: 100n,
    });
    expect(state.entries.at(-1)?.kind?.value).toMatchObject({
      batches: [
        { baseOffset: 0n, sequence: 2n, firstIndex: 0 },
        { baseOffset: 10n, sequence: 3n, firstIndex: 0 },
      ],
      bytes: 200n,
    });
  });

  it("keeps the lowest offset of what stays as the first", () => {
    const state = world();
    state.run(expireEvents, command(state, [1], { keptOffset: 0n }));
    expect(state.get(stateKeys.partition(1, 0))?.firstOffset).toBe(0n);
  });

  it.each([
    ["by their correlation id", "id", correlationIdKey("id")],
    ["by its own id", "x", executionKey("x")],
  ])("keeps batches of an open execution, %s, until it closes", (_how, id, key) => {
    const state = world();
    register(state, "x", "id");
    expect(state.get(stateKeys.correlationKey(key))?.executionIds).toEqual(["x"]);
    const reply = state.run(expireEvents, command(state, [0, 1], { ids: ["other", id] }));
    expect(reply).toMatchObject({ expired: 1, held: [{ baseOffset: 10n, untilMs: 9_000 }] });
    expect(state.get(stateKeys.partition(1, 0))?.firstOffset).toBe(10n);
    const before = state.entries.length;
    expect(state.run(expireEvents, command(state, [1], { ids: [id] })).expired).toBe(0);
    expect(state.entries).toHaveLength(before);
    close(state, "x");
    expect(state.run(expireEvents, command(state, [1], { ids: [id] })).expired).toBe(1);
  });

  it("does nothing for a topic whose retention changed, or that is another one by now", () => {
    const state = world();
    const stale = command(state, [0]);
    const settings = TopicSettings.create({ retentionBytes: 5n });
    state.run(updateTopic, { name: "t", settings, fields: ["retention_bytes"] });
    expect(state.run(expireEvents, stale)).toEqual({ expired: 0, held: [], isOutdated: true });
    const fresh = command(state, [0]);
    state.run(deleteTopic, { name: "t" });
    expect(state.run(expireEvents, fresh).isOutdated).toBe(true);
  });

  it("drops everything of a deleted topic, also what executions hold", () => {
    const state = world();
    register(state, "x", "id");
    const all = command(state, [0, 1, 2], { ids: ["id"], isDeleted: true });
    expect(state.run(expireEvents, all).isOutdated).toBe(true);
    state.run(deleteTopic, { name: "t" });
    expect(state.run(expireEvents, all).expired).toBe(3);
    expect(state.get(stateKeys.partition(1, 0))).toMatchObject({ firstOffset: 30n, bytes: 0n });
  });

  it("counts what subscriptions without consumers had not settled", () => {
    const state = world();
    subscribe(state, 1, [1n, 0]);
    subscribe(state, 2, [3n, 4]);
    subscribe(state, 3, [9n, 0]);
    const retried = [
      { ranges: [{ sequence: 3n, first: 6, last: 7 }], attempts: 1, dueTimeUnixMs: 5n },
    ];
    const acked = [{ sequence: 3n, first: 9, last: 9 }];
    const settled = { subscriptionId: 2, cursorSequence: 3n, cursorIndex: 4, retried, acked };
    const value = EventsSettled.fromPartial(settled);
    state.apply(Entry.create({ kind: { $case: "eventsSettled", value } }));
    const idle = [1, 2, 3, 4].map((id) => ({ subscriptionId: id, partitionStarts: [] }));
    const subscriptions = () => ({ resident: [], idle });
    state.run(expireEvents, command(state, [0, 1], { subscriptions }));
    expect(state.get(stateKeys.cursor(1))).toMatchObject({ expired: 20n, entered: 20n });
    expect(state.get(stateKeys.cursor(2))).toMatchObject({ expired: 5n, entered: 3n });
    expect(state.get(stateKeys.cursor(3))).toMatchObject({ expired: 0n });
  });

  it("counts in the lane of the batch, or in the only one, from where a partition begins", () => {
    const state = world();
    subscribe(state, 1, [1n, 0]);
    subscribe(state, 2, [1n, 0], DeliveryOrder.KEY);
    state.put(stateKeys.cursor(1, Priority.HIGH), CursorState.create({ sequence: 3n }));
    const start = PartitionStart.create({ topicId: 1, offset: 14n });
    const subscriptions = () => ({
      resident: [],
      idle: [
        { subscriptionId: 1, partitionStarts: [] },
        { subscriptionId: 2, partitionStarts: [start] },
      ],
    });
    const given = command(state, [0, 1], { subscriptions });
    const candidates = given.candidates.map(({ ref, ...rest }) => ({
      ...rest,
      ref: { ...ref, lane: Priority.HIGH, payload: { sequence: 1n, firstIndex: 5 } },
    }));
    state.run(expireEvents, { ...given, candidates });
    expect(state.entries.at(-1)?.kind?.value).toMatchObject({
      batches: [
        { sequence: 1n, firstIndex: 5, releasedSequence: 2n },
        { sequence: 1n, firstIndex: 5, releasedSequence: 3n },
      ],
      counts: [
        { subscriptionId: 1, lane: Priority.HIGH, count: 10n },
        { subscriptionId: 2, lane: Priority.NORMAL, count: 6n },
      ],
    });
    expect(state.get(stateKeys.cursor(1, Priority.HIGH))).toMatchObject({ expired: 10n });
    expect(state.get(stateKeys.cursor(2))).toMatchObject({ expired: 6n, entered: 6n });
  });

  it("journals what a delivery had settled before it expires the rest", () => {
    const state = world();
    subscribe(state, 1, [2n, 0]);
    const cursor = state.get(stateKeys.cursor(1)) ?? CursorState.create();
    const lane = { lane: Priority.NORMAL, cursor, exceptions: new Map() };
    const delivery = makeDelivery({ subscriptionId: 1, lanes: [lane] });
    delivery.offer(refAt(0));
    delivery.examinedThrough(2n);
    delivery.addConsumer(1n, { bytes: 1_000n, events: 4 });
    const [grant] = delivery.grant(0);
    const acks = [{ lease: grant!.lease, sequence: 2n, ranges: [{ first: 0, last: 2 }] }];
    const settlement = { number: 1n, acks, nacks: [], extensions: [] };
    delivery.settle(1n, settlement, { nowMs: 0, jitter: () => 0 });
    const resident = [{ subscriptionId: 1, delivery }];
    const subscriptions = () => ({ resident, idle: [] });
    state.run(expireEvents, command(state, [0, 1], { subscriptions }));
    expect(state.get(stateKeys.cursor(1))).toMatchObject({ acked: 3n, expired: 17n, entered: 20n });
    expect(delivery.durableState().cursor).toEqual(state.get(stateKeys.cursor(1)));
    expect(delivery.figures()).toMatchObject({ leased: 0, unsettled: 0, expired: 17n });
    const late = delivery.settle(1n, settlement, { nowMs: 0, jitter: () => 0 });
    expect(late.verdicts).toHaveLength(1);
  });
});
