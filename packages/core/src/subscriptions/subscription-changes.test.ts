import {
  DeliveryOrder,
  type PubSubError,
  RetryPolicy,
  SubscriptionSettings,
  TopicSettings,
} from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import { MemoryState } from "../test/memory-state.js";
import { createTopic } from "../topics/create-topic.js";
import { topicsProjection } from "../topics/topics-projection.js";
import { createSubscription } from "./create-subscription.js";
import { deleteSubscription } from "./delete-subscription.js";
import { pauseSubscription, resumeSubscription } from "./pause-subscription.js";
import { expireSubscription, noteIdle } from "./subscription-idle.js";
import { subscriptionProjection } from "./subscription-projection.js";
import { updateSubscription } from "./update-subscription.js";

const name = "learner";
const nothingLeft = { exceptionSequences: new Map(), snapshots: [] };

function world(more: Partial<SubscriptionSettings> = {}) {
  const state = new MemoryState([topicsProjection, subscriptionProjection], 5_000);
  const topic = (topicName: string, partitions: number) =>
    state.run(createTopic, { name: topicName, settings: TopicSettings.create({ partitions }) });
  topic("dead", 1);
  topic("wide", 2);
  topic("a", 1);
  const settings = SubscriptionSettings.create({ patterns: ["a"], ...more });
  state.run(createSubscription, { name, settings });
  const update = (fields: string[], values: Partial<SubscriptionSettings>, hasConsumers = false) =>
    state.run(updateSubscription, {
      name,
      fields,
      hasConsumers,
      settings: SubscriptionSettings.create(values),
    });
  const timers = () => state.dump().filter((line) => line.startsWith("t/"));
  const stored = () => state.get(stateKeys.subscription(name));
  return { state, update, timers, stored };
}

function refusal(run: () => unknown): [string, string] {
  try {
    run();
  } catch (error) {
    const { reason, message } = error as PubSubError;
    return [reason, message];
  }
  return ["", ""];
}

describe("createSubscription", () => {
  it("takes another dead-letter topic only where its letters never come back", () => {
    const { stored } = world({ deadLetterTopic: "dead", attemptsMax: 3 });
    expect(stored()?.subscription?.settings).toMatchObject({
      deadLetterTopic: "dead",
      attemptsMax: 3,
    });
    const many = refusal(() => world({ deadLetterTopic: "wide" }));
    expect(many).toEqual([
      "BAD_REQUEST",
      "BAD_REQUEST: settings.dead_letter_topic: must have one partition, wide has 2",
    ]);
    const back = refusal(() => world({ deadLetterTopic: "a" }));
    expect(back).toEqual([
      "BAD_REQUEST",
      'BAD_REQUEST: settings.dead_letter_topic: must match none of the patterns; it matches "a"',
    ]);
  });

  it("needs a dead-letter topic where its name makes none that could be named", () => {
    const { state } = world();
    const create = (each: string, more: Partial<SubscriptionSettings>) => {
      const settings = SubscriptionSettings.create({ patterns: ["a"], ...more });
      return state.run(createSubscription, { name: each, settings });
    };
    for (const each of ["x//y", "x/", "n".repeat(255)]) {
      const [reason, message] = refusal(() => create(each, { attemptsMax: 3 }));
      expect([reason, message]).toEqual([
        "BAD_REQUEST",
        expect.stringContaining("settings.dead_letter_topic: must be set"),
      ]);
      expect(refusal(() => create(each, { attemptsMax: 3, deadLetterTopic: "dead" }))[0]).toBe("");
    }
    create("y//z", {});
    const settings = SubscriptionSettings.create({ attemptsMax: 3 });
    const command = { name: "y//z", settings, fields: ["attempts_max"], hasConsumers: false };
    expect(refusal(() => state.run(updateSubscription, command))[0]).toBe("BAD_REQUEST");
  });

  it.each(["latest", "earliest"] as const)("does not begin at a %s that is false", ($case) => {
    const start = { position: { $case, value: false } };
    expect(refusal(() => world({ start }))).toEqual([
      "BAD_REQUEST",
      `BAD_REQUEST: settings.start.${$case}: must be true`,
    ]);
  });

  it("begins at the sequence that its time stands for, and never behind the end", () => {
    const { state } = world();
    const start = { position: { $case: "timeUnixMs" as const, value: 7n } };
    const settings = SubscriptionSettings.create({ patterns: ["a"], start });
    const begin = (each: string, timeSequence?: bigint) =>
      state.run(createSubscription, { name: each, settings, timeSequence }).state;
    expect(begin("timed", 3n).subscription?.cursorSequence).toBe(3n);
    const next = BigInt(state.entries.length + 1);
    expect(begin("ahead", 99n).subscription?.cursorSequence).toBe(next);
    expect(() => begin("unknown")).toThrow(RangeError);
  });

  it("has a cursor in every lane of its order", () => {
    const cursors = (order: DeliveryOrder) =>
      world({ order })
        .state.dump()
        .filter((line) => line.startsWith("cur/"))
        .map((line) => line.slice(0, 14));
    const id = "cur/00000001/";
    expect(cursors(DeliveryOrder.NONE)).toEqual([`${id}0`, `${id}1`, `${id}2`]);
    expect(cursors(DeliveryOrder.KEY)).toEqual([`${id}1`]);
  });
});

describe("updateSubscription", () => {
  it("changes what is named and nothing else", () => {
    const { state, update, stored } = world({ attemptsMax: 2 });
    const retry = RetryPolicy.create({ minMs: 5, maxMs: 50 });
    update(["ack_deadline_ms", "retry"], { ackDeadlineMs: 2_000, retry, attemptsMax: 9 });
    expect(stored()?.subscription?.settings).toMatchObject({
      ackDeadlineMs: 2_000,
      retry: { minMs: 5, maxMs: 50 },
      attemptsMax: 2,
      patterns: ["a"],
    });
    update(["attempts_max", "dead_letter_topic"], { attemptsMax: 0, deadLetterTopic: "dead" });
    update(["dead_letter_topic"], {});
    const settings = stored()?.subscription?.settings;
    expect(settings).toMatchObject({ attemptsMax: 0, deadLetterTopic: "$dead-letter/learner" });
    const before = state.entries.length;
    update(["dead_letter_topic"], {});
    expect(state.entries).toHaveLength(before);
  });

  it.each<[string[], Partial<SubscriptionSettings>, string, RegExp]>([
    [[], {}, "BAD_REQUEST", /must name at least one setting/],
    [["patterns"], {}, "BAD_REQUEST", /must not name patterns, which never changes/],
    [["filter"], {}, "BAD_REQUEST", /filter, which never changes/],
    [["start"], {}, "BAD_REQUEST", /start, which never changes/],
    [["order"], {}, "BAD_REQUEST", /order, which never changes/],
    [["ackDeadlineMs"], {}, "BAD_REQUEST", /"ackDeadlineMs" is not/],
    [["toString"], {}, "BAD_REQUEST", /"toString" is not/],
    [["ack_deadline_ms"], { ackDeadlineMs: 1 }, "BAD_REQUEST", /ack_deadline_ms/],
    [["dead_letter_topic"], { deadLetterTopic: "none" }, "TOPIC_NOT_FOUND", /none/],
    [["dead_letter_topic"], { deadLetterTopic: "a" }, "BAD_REQUEST", /match none/],
    [["expiry_ms"], { expiryMs: 1n }, "BAD_REQUEST", /expiry_ms/],
  ])("refuses %j", (fields, values, reason, text) => {
    const { update } = world();
    const refused = refusal(() => update(fields, values));
    expect(refused[0]).toBe(reason);
    expect(refused[1]).toMatch(text);
  });

  it("refuses attempts for a subscription of dead letters, and an unknown subscription", () => {
    const { state, update } = world({ patterns: ["$dead-letter/a"] });
    expect(refusal(() => update(["attempts_max"], { attemptsMax: 1 }))[1]).toMatch(
      /attempts_max: must be 0 with a pattern of \$dead-letter\//,
    );
    const command = { name: "x", settings: undefined, fields: ["retry"], hasConsumers: false };
    expect(refusal(() => state.run(updateSubscription, command))[0]).toBe("SUBSCRIPTION_NOT_FOUND");
  });
});

describe("pausing", () => {
  it("keeps the reason until it is resumed, and says nothing twice", () => {
    const { state, stored } = world();
    state.run(pauseSubscription, { name, reason: "deploying" });
    const before = state.entries.length;
    state.run(pauseSubscription, { name, reason: "deploying" });
    expect(state.entries).toHaveLength(before);
    expect(stored()?.subscription).toMatchObject({ paused: true, pauseReason: "deploying" });
    state.run(pauseSubscription, { name, reason: "still" });
    expect(stored()?.subscription?.pauseReason).toBe("still");
    state.run(resumeSubscription, { name });
    state.run(resumeSubscription, { name });
    expect(stored()?.subscription).toMatchObject({ paused: false, pauseReason: "" });
    expect(state.entries).toHaveLength(before + 2);
  });

  it("takes a reason up to its limit in bytes", () => {
    const { state } = world();
    state.run(pauseSubscription, { name, reason: "é".repeat(512) });
    const long = refusal(() => state.run(pauseSubscription, { name, reason: "é".repeat(513) }));
    expect(long[0]).toBe("LIMIT_EXCEEDED");
  });
});

describe("expiry", () => {
  const idle = (state: MemoryState, hasConsumers: boolean) =>
    state.run(noteIdle, { name, hasConsumers: () => hasConsumers });
  const expire = (state: MemoryState) =>
    state.run(expireSubscription, { name, ...nothingLeft }).isDeleted;

  it("has one timer while there are no consumers", () => {
    const { state, timers, stored } = world({ expiryMs: 2_000n });
    expect(timers()).toHaveLength(1);
    idle(state, true);
    expect(timers()).toEqual([]);
    expect(stored()?.idleSinceUnixMs).toBeUndefined();
    const before = state.entries.length;
    idle(state, true);
    expect(state.entries).toHaveLength(before);
    state.nowMs = 9_000;
    idle(state, false);
    idle(state, false);
    expect(state.entries).toHaveLength(before + 1);
    expect(stored()?.idleSinceUnixMs).toBe(9_000n);
    expect(timers()).toHaveLength(1);
    state.nowMs = 10_999;
    expect(expire(state)).toBe(false);
    state.nowMs = 11_000;
    expect(expire(state)).toBe(true);
    expect(timers()).toEqual([]);
    expect(stored()).toBeUndefined();
    expect(expire(state)).toBe(false);
  });

  it("follows an update, and no other subscription is noted", () => {
    const { state, update, timers } = world();
    idle(state, false);
    expect(timers()).toEqual([]);
    update(["expiry_ms"], { expiryMs: 1_000n }, true);
    expect(timers()).toEqual([]);
    idle(state, false);
    const [short] = timers();
    update(["expiry_ms"], { expiryMs: 2_000n });
    expect(timers()).toHaveLength(1);
    expect(timers()[0]).not.toBe(short);
    update(["expiry_ms"], {});
    expect(timers()).toEqual([]);
    update(["expiry_ms"], { expiryMs: 3_000n });
    expect(timers()).toHaveLength(1);
    state.run(deleteSubscription, { name, ...nothingLeft });
    expect(timers()).toEqual([]);
    idle(state, false);
    expect(state.dump().some((line) => line.startsWith("sub/"))).toBe(false);
  });
});
