import { BLOCKED_KEYS_MAX, DeliveryOrder, Settlement, Verdict } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import type { BatchTraits } from "./batch-traits.js";
import {
  ack,
  credit,
  half,
  journal,
  nack,
  only,
  rangesOf,
  verdictsOf,
} from "./delivery-steps.test-support.js";
import { batchRef, freshLanes, makeDelivery, settings } from "./delivery-world.test-support.js";
import type { DoomedEvents } from "./doomed-events.js";
import type { Grant } from "./granter.js";
import type { LanePosition } from "./lane-state.js";
import { blockedKeysPageMax, heldRunsMax } from "./limits.js";
import type { SubscriptionDelivery } from "./subscription-delivery.js";

function byKeys(...keys: (string | undefined)[]): BatchTraits {
  return { keyOf: (index) => keys[index % keys.length], expireMsOf: () => undefined };
}

function keyed(attemptsMax = 0): SubscriptionDelivery {
  return makeDelivery({ order: DeliveryOrder.KEY, settings: { ...settings, attemptsMax } });
}

/** The same after a restart of the broker, with a consumer and what one entry holds. */
function restored(before: SubscriptionDelivery): SubscriptionDelivery {
  const [fresh] = freshLanes(DeliveryOrder.KEY);
  const lane = { ...(fresh as LanePosition), ...before.durableState() };
  const delivery = makeDelivery({ order: DeliveryOrder.KEY, lanes: [lane] });
  delivery.addConsumer(1n, credit);
  offer(delivery, 1n, "a", "a", "a");
  return delivery;
}

function offer(delivery: SubscriptionDelivery, sequence: bigint, ...keys: (string | undefined)[]) {
  delivery.offer(batchRef(sequence, keys.length), byKeys(...keys));
  delivery.examinedThrough(sequence);
}

const large = { bytes: 60_000_000n, events: 100_000 };
const now = (nowMs: number) => ({ nowMs, jitter: half });

describe("order by key", () => {
  it("needs to know the keys", () => {
    expect(() => keyed().offer(batchRef(1n, 1))).toThrowError("without traits");
    expect(() => makeDelivery().offer(batchRef(1n, 1, { expires: true }))).toThrowError();
  });

  it("gives a key to one consumer, and more of it at once to the same", () => {
    const delivery = keyed();
    delivery.addConsumer(1n, credit);
    offer(delivery, 1n, "a", "b");
    expect(only(delivery.grant(0)).consumerId).toBe(1n);
    delivery.addConsumer(2n, credit);
    offer(delivery, 2n, "a", "a", "c");
    const grants = delivery.grant(0);
    const selected = grants.map(({ consumerId, selected: bits }) => [consumerId, [...bits]]);
    expect(selected).toEqual([[1n, []]]);
    offer(delivery, 3n, "a");
    delivery.setWritable(1n, false);
    expect(delivery.grant(0)).toEqual([]);
    delivery.setWritable(1n, true);
    expect(only(delivery.grant(0)).consumerId).toBe(1n);
  });

  it("hands a key over when nothing of it is leased, in order, and counts one attempt", () => {
    const delivery = keyed();
    delivery.addConsumer(1n, credit);
    offer(delivery, 1n, "a", "a", "a");
    const first = only(delivery.grant(0));
    delivery.addConsumer(2n, credit);
    delivery.settle(1n, ack(first.lease, 1n, [0, 0]), now(0));
    delivery.removeConsumer(1n, 0, () => 0);
    journal(delivery);
    const again = delivery
      .grant(1_000)
      .map(({ consumerId, attempt, selected }) => [consumerId, attempt, ...selected]);
    expect(again).toEqual([[2n, 2, 0b010]]);
  });

  it("tries an event that failed alone, and what is behind it once that one is settled", () => {
    const delivery = keyed();
    delivery.addConsumer(1n, credit);
    offer(delivery, 1n, "a", "a", "b");
    offer(delivery, 2n, "a");
    const [first] = delivery.grant(0) as [Grant, Grant];
    delivery.settle(1n, nack(first.lease, 1n, 50, [0, 0]), now(0));
    journal(delivery);
    delivery.settle(1n, ack(first.lease, 1n, [2, 2]), now(0));
    const again = only(delivery.grant(50));
    expect([again.attempt, ...again.selected]).toEqual([2, 0b001]);
    offer(delivery, 3n, "a", "c");
    const besides = only(delivery.grant(50));
    expect([besides.ref.sequence, ...besides.selected], "other keys go on").toEqual([3n, 0b10]);
    delivery.settle(1n, ack(again.lease, 1n, [0, 0]), now(50));
    const rest = delivery.grant(50).map(({ ref, attempt }) => [ref.sequence, attempt]);
    expect(rest).toEqual([
      [1n, 1],
      [2n, 1],
      [3n, 1],
    ]);
  });

  it.each(["as they are", "after a restart"])(
    "tries one after another of two events of a key that both failed, %s",
    (when) => {
      const before = keyed();
      before.addConsumer(1n, credit);
      offer(before, 1n, "a", "a", "a");
      const { lease } = only(before.grant(0));
      before.settle(1n, nack(lease, 1n, 50, [1, 1]), now(0));
      before.settle(1n, nack(lease, 1n, 50, [0, 0]), now(0));
      journal(before);
      const delivery = when === "as they are" ? before : restored(before);
      const tried: number[][] = [];
      for (const index of [0, 1, 2]) {
        const { selected, attempt, lease: token } = only(delivery.grant(50));
        tried.push([attempt, ...selected]);
        delivery.settle(1n, ack(token, 1n, [index, index]), now(50));
      }
      expect(tried).toEqual([
        [2, 0b001],
        [2, 0b010],
        [1, 0b100],
      ]);
    },
  );

  it("counts one attempt of a key whose consumer leaves, also after some of it was extended", () => {
    const delivery = keyed();
    delivery.addConsumer(1n, credit);
    offer(delivery, 1n, "a", "a", "a", "a");
    const { lease } = only(delivery.grant(0));
    const events = rangesOf(lease, 1n, [[0, 1]]);
    const extension = { events, deadlineMs: 40_000 };
    delivery.settle(1n, Settlement.create({ extensions: [extension] }), now(0));
    delivery.removeConsumer(1n, 0, half);
    expect(delivery.takeChange()?.retried).toMatchObject([
      { attempts: 1, ranges: [{ first: 0, last: 0 }] },
    ]);
    expect(delivery.figures()).toMatchObject({ leased: 0, retrying: 1, held: 3 });
  });

  it("takes a nack of a whole run as one of its first event, without complaint", () => {
    const delivery = keyed();
    delivery.addConsumer(1n, credit);
    offer(delivery, 1n, "a", "a", "b");
    const { lease } = only(delivery.grant(0));
    expect(verdictsOf(delivery.settle(1n, nack(lease, 1n, 50), now(0)))).toEqual([]);
    expect(delivery.takeChange()?.retried).toMatchObject([
      { attempts: 1, ranges: [{ first: 0 }, { first: 2 }] },
    ]);
    expect(delivery.figures()).toMatchObject({ retrying: 2, held: 1, blockedKeys: 2 });
  });

  it("takes a late ack of a key only where nothing earlier of it is open", () => {
    const delivery = keyed();
    delivery.addConsumer(1n, credit);
    offer(delivery, 1n, "a", "a", "b");
    const { lease } = only(delivery.grant(0));
    delivery.settle(1n, nack(lease, 1n, 50), now(0));
    const late = delivery.settle(1n, ack(lease, 1n, [1, 1]), now(0));
    expect(verdictsOf(late), "an earlier event of the key is unsettled").toEqual([
      [Verdict.STALE, [[1, 1]]],
    ]);
    expect(verdictsOf(delivery.settle(1n, ack(lease, 1n, [0, 1]), now(0)))).toEqual([]);
  });

  it("hands nothing of a key out between a failure and its journalling, whatever becomes of it", () => {
    const delivery = keyed(1);
    delivery.addConsumer(1n, credit);
    offer(delivery, 1n, "a", "a", "b", "b", "c");
    const { lease } = only(delivery.grant(0));
    delivery.settle(1n, nack(lease, 1n, 0), now(0));
    journal(delivery);
    expect(delivery.grant(0), "before the letters").toEqual([]);
    offer(delivery, 2n, "a", "c");
    delivery.takeDeadLetters(delivery.doomed(1_000_000) as DoomedEvents);
    expect(delivery.grant(0), "before the letters are durable").toEqual([]);
    expect(delivery.figures()).toMatchObject({ held: 4, blockedKeys: 0 });
    journal(delivery);
    expect(delivery.grant(0).map(({ ref, selected }) => [ref.sequence, [...selected]])).toEqual([
      [1n, [0b01010]],
      [2n, []],
    ]);
  });

  it("says a nack is stale of what was given back before, not by the same settlement", () => {
    const delivery = keyed();
    delivery.addConsumer(1n, credit);
    offer(delivery, 1n, "a", "a", "a");
    const { lease } = only(delivery.grant(0));
    const some = (first: number, last: number) => {
      const nacks = [{ events: rangesOf(lease, 1n, [[first, last]]), delayMs: 9, reason: "" }];
      return verdictsOf(delivery.settle(1n, Settlement.create({ nacks }), now(0)));
    };
    expect(some(1, 1)).toEqual([]);
    expect(some(2, 2)).toEqual([[Verdict.STALE, [[2, 2]]]]);
    expect(some(0, 0)).toEqual([]);
  });

  it("says where a held event is, and behind which key", () => {
    const delivery = keyed();
    offer(delivery, 1n, "a", "a", undefined);
    const at = (index: number) => delivery.whereabouts({ lane: 2, sequence: 1n, index });
    delivery.addConsumer(1n, { bytes: 1_000n, events: 1 });
    delivery.grant(0);
    expect(at(1)).toMatchObject({ state: "held", key: "a" });
    expect(at(2)).toMatchObject({ state: "ready", key: undefined });
  });
});

describe("blocked keys", () => {
  it("are listed by the bytes of the keys, page by page, skipped and released", () => {
    const delivery = keyed(9);
    delivery.addConsumer(1n, credit);
    const keys = ["b", "a", "\u{1f600}", "\uffee", "ab"];
    offer(delivery, 1n, ...keys, "a");
    const { lease } = only(delivery.grant(0));
    delivery.settle(1n, nack(lease, 1n, 60_000), now(0));
    const all = delivery.operator.blockedKeys(undefined, 10);
    expect(all.map(({ key }) => key)).toEqual(["a", "ab", "b", "\uffee", "\u{1f600}"]);
    expect(all[0]).toMatchObject({ index: 1, attempts: 1, dueMs: 60_000, reason: "busy", held: 1 });
    const page = delivery.operator.blockedKeys(all[1], 2).map(({ key }) => key);
    expect(page).toEqual(["b", "\uffee"]);
    journal(delivery);
    expect(delivery.operator.release("b", undefined, 5)).toBe(1);
    expect(delivery.operator.release("b", 99, 5)).toBe(0);
    expect(delivery.operator.release("nothing", undefined, 5)).toBe(0);
    expect(delivery.takeChange()?.retried).toMatchObject([{ attempts: 1, dueTimeUnixMs: 5n }]);
    expect(only(delivery.grant(5))).toMatchObject({ attempt: 2 });
    expect(delivery.operator.skip([batchRef(1n, 6)], { first: 1, last: 1 })).toBe(1);
    const [grant] = delivery.grant(6);
    expect([...(grant?.selected ?? [])]).toEqual([0b100000]);
    const change = delivery.takeChange();
    expect(change?.removed).toMatchObject([{ count: 1n, ranges: [{ first: 1, last: 1 }] }]);
  });

  it("stop new events beyond their limit, while retries and operators go on", () => {
    const delivery = keyed();
    delivery.addConsumer(1n, large);
    const count = BLOCKED_KEYS_MAX + 1;
    const traits: BatchTraits = { keyOf: (index) => `k${index}`, expireMsOf: () => undefined };
    delivery.offer(batchRef(1n, count), traits);
    delivery.examinedThrough(1n);
    for (const { lease } of delivery.grant(0)) {
      delivery.addCredit(1n, large);
      delivery.settle(1n, nack(lease, 1n, 1_000), now(0));
    }
    offer(delivery, 2n, "new");
    for (let i = 0; i < 20; i += 1) {
      delivery.addCredit(1n, large);
      for (const { lease, ref } of delivery.grant(0)) {
        if (ref.sequence === 1n) delivery.settle(1n, nack(lease, 1n, 1_000), now(0));
      }
    }
    expect(delivery.figures().blockedKeys).toBe(count);
    expect(delivery.pausedReason()).toBe("TOO_MANY_BLOCKED_KEYS");
    expect(delivery.wantsMore()).toBe(false);
    expect(delivery.operator.blockedKeys(undefined, 1_000_000)).toHaveLength(blockedKeysPageMax);
    offer(delivery, 3n, "newer");
    expect(delivery.grant(0)).toEqual([]);
    expect(delivery.grant(1_000).every(({ attempt }) => attempt === 2)).toBe(true);
    delivery.operator.skip([batchRef(1n, count)], { first: 0, last: 1 });
    expect(delivery.pausedReason()).toBeUndefined();
    expect(delivery.wantsMore()).toBe(true);
  });

  it("do not hold without bound what lies behind them", () => {
    const delivery = keyed();
    for (let sequence = 1n; sequence <= 3n; sequence += 1n) {
      delivery.offer(batchRef(sequence, 65_535), byKeys("a", "b"));
      delivery.examinedThrough(sequence);
    }
    expect(delivery.figures().held).toBeGreaterThan(heldRunsMax);
    expect(delivery.wantsMore()).toBe(false);
    expect(delivery.pausedReason(), "nothing is blocked: it goes on").toBeUndefined();
    delivery.addConsumer(1n, { bytes: 60_000_000n, events: 1 });
    const { lease } = only(delivery.grant(0));
    delivery.settle(1n, nack(lease, 1n, 9_000), now(0));
    expect(delivery.pausedReason()).toBe("TOO_MANY_BLOCKED_KEYS");
    expect(delivery.grant(0), "the other key goes on").toHaveLength(1);
  });
});
