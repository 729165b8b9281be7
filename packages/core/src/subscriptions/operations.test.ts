import {
  DeliveryOrder,
  deadLetterTopicOf,
  NamespaceState,
  Priority,
  SUBSCRIPTION_EXPIRY_MS_MAX,
  SUBSCRIPTIONS_MAX,
  SubscriptionSettings,
} from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import {
  batchRef,
  ProjectedState,
  restoreDelivery,
  subscriptionId,
} from "../delivery/delivery-world.test-support.js";
import { clearedSequencesMax } from "../delivery/limits.js";
import type { Loaded, StateKey } from "../state/state-key.js";
import { stateKeys } from "../state/state-keys.js";
import { createSubscription } from "./create-subscription.js";
import { deleteSubscription } from "./delete-subscription.js";

const context = { nowMs: 5_000, nextSequence: 42n };

function loadedOf(state: ProjectedState): Loaded {
  return { has: () => true, get: <T>(key: StateKey<T>) => state.value(key) };
}

function create(state: ProjectedState, name: string, more: Partial<SubscriptionSettings> = {}) {
  const settings = SubscriptionSettings.create({ patterns: ["a/**"], ...more });
  const command = { name, settings };
  const decision = createSubscription.decide(loadedOf(state), command, context);
  for (const { kind } of decision.entries) state.apply(kind);
  return decision.reply;
}

function refusal(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    const { reason, metadata } = error as { reason: string; metadata: Record<string, string> };
    return [
      reason,
      metadata["field"] ?? metadata["pattern"] ?? metadata["topic"] ?? metadata["subscription"],
    ];
  }
  return undefined;
}

describe("createSubscription", () => {
  it("asks for the namespace and the name", () => {
    const none: Loaded = { has: () => false, get: () => undefined };
    const command = { name: "x", settings: SubscriptionSettings.create() };
    expect(createSubscription.reads(command, none).map((key) => key.name)).toEqual(["ns", "sub/x"]);
    const all: Loaded = { has: () => true, get: () => undefined };
    expect(createSubscription.reads(command, all)).toEqual([]);
  });

  it("fills every default in and begins at the latest position", () => {
    const state = new ProjectedState();
    const { state: made, existed } = create(state, "learner");
    expect(existed).toBe(false);
    expect(made).toMatchObject({
      subscriptionId: 1,
      subscription: {
        name: "learner",
        epoch: 1,
        createTimeUnixMs: 5_000n,
        cursorSequence: 42n,
        ephemeral: false,
        settings: {
          patterns: ["a/**"],
          start: { position: { $case: "latest", value: true } },
          ackDeadlineMs: 30_000,
          retry: { minMs: 1_000, maxMs: 600_000 },
          attemptsMax: 0,
          deadLetterTopic: "$dead-letter/learner",
          order: DeliveryOrder.NONE,
          expiryMs: 0n,
        },
      },
    });
    expect(state.value(stateKeys.cursor(1))).toMatchObject({ sequence: 42n, entered: 0n });
    expect(state.value(stateKeys.namespace())).toMatchObject({
      subscriptions: 1,
      nextSubscriptionId: 2,
    });
  });

  it("answers an equal one, also by its completed settings, and names the field that differs", () => {
    const state = new ProjectedState();
    const first = create(state, "learner");
    expect(create(state, "learner")).toMatchObject({ existed: true });
    const completed = first.state.subscription?.settings;
    expect(create(state, "learner", completed)).toMatchObject({ existed: true });
    const differing: [Partial<SubscriptionSettings>, string][] = [
      [{ patterns: ["b"] }, "patterns"],
      [{ start: { position: { $case: "earliest", value: true } } }, "start"],
      [{ ackDeadlineMs: 1_000 }, "ack_deadline_ms"],
      [{ retry: { minMs: 5, maxMs: 0 } }, "retry.min_ms"],
      [{ retry: { minMs: 0, maxMs: 5_000 } }, "retry.max_ms"],
      [{ attemptsMax: 5 }, "attempts_max"],
      [{ order: DeliveryOrder.KEY }, "order"],
      [{ expiryMs: 5_000n }, "expiry_ms"],
    ];
    for (const [more, field] of differing) {
      expect(refusal(() => create(state, "learner", more))).toEqual(["SUBSCRIPTION_EXISTS", field]);
    }
  });

  it("begins where it is told", () => {
    const cursorOf = (start: SubscriptionSettings["start"]) =>
      create(new ProjectedState(), "x", { start }).state.subscription?.cursorSequence;
    expect(cursorOf({ position: { $case: "earliest", value: true } })).toBe(1n);
    expect(cursorOf({ position: { $case: "sequence", value: 0n } })).toBe(1n);
    expect(cursorOf({ position: { $case: "sequence", value: 17n } })).toBe(17n);
    expect(cursorOf({ position: undefined })).toBe(42n);
    expect(refusal(() => cursorOf({ position: { $case: "sequence", value: 43n } }))).toEqual([
      "BAD_REQUEST",
      "settings.start.sequence",
    ]);
  });

  it.each<[Partial<SubscriptionSettings>, string, string]>([
    [{ patterns: [] }, "BAD_REQUEST", "settings.patterns"],
    [{ patterns: Array(65).fill("a") }, "LIMIT_EXCEEDED", "settings.patterns"],
    [{ patterns: ["a/**/b"] }, "TOPIC_PATTERN_INVALID", "a/**/b"],
    [{ ackDeadlineMs: 999 }, "BAD_REQUEST", "settings.ack_deadline_ms"],
    [{ ackDeadlineMs: 600_001 }, "BAD_REQUEST", "settings.ack_deadline_ms"],
    [{ retry: { minMs: 1, maxMs: 604_800_001 } }, "BAD_REQUEST", "settings.retry.max_ms"],
    [{ retry: { minMs: 10, maxMs: 5 } }, "BAD_REQUEST", "settings.retry.min_ms"],
    [{ filter: "true" }, "NOT_SERVED_YET", "settings.filter"],
    [{ order: 9 as DeliveryOrder }, "BAD_REQUEST", "settings.order"],
    [{ attemptsMax: 1_001 }, "BAD_REQUEST", "settings.attempts_max"],
    [{ attemptsMax: 1, patterns: ["a", "$dead-letter/a"] }, "BAD_REQUEST", "settings.attempts_max"],
    [{ deadLetterTopic: "dead" }, "TOPIC_NOT_FOUND", "dead"],
    [{ expiryMs: 999n }, "BAD_REQUEST", "settings.expiry_ms"],
    [{ expiryMs: BigInt(SUBSCRIPTION_EXPIRY_MS_MAX) + 1n }, "BAD_REQUEST", "settings.expiry_ms"],
  ])("refuses %o", (more, reason, named) => {
    expect(refusal(() => create(new ProjectedState(), "x", more))).toEqual([reason, named]);
  });

  it("refuses bad names and more subscriptions than there may be", () => {
    expect(refusal(() => create(new ProjectedState(), "a b"))).toEqual(["BAD_REQUEST", "name"]);
    const namespace = NamespaceState.create({ subscriptions: SUBSCRIPTIONS_MAX });
    const full = {
      has: () => true,
      get: (key: { name: string }) => (key.name === "ns" ? namespace : undefined),
    } as Loaded;
    const settings = SubscriptionSettings.create({ patterns: ["a"] });
    const command = { name: "x", settings, isEphemeral: true };
    expect(refusal(() => createSubscription.decide(full, command, context))).toEqual([
      "LIMIT_REACHED",
      "subscriptions",
    ]);
    expect(deadLetterTopicOf("x")).toBe("$dead-letter/x");
  });
});

describe("deleteSubscription", () => {
  it("leaves nothing of it", () => {
    const state = new ProjectedState();
    state.create();
    const delivery = restoreDelivery();
    delivery.addConsumer(1n, { bytes: 1_000n, events: 1 });
    delivery.offer(batchRef(1n, 3));
    delivery.examinedThrough(1n);
    delivery.grant(0);
    delivery.removeConsumer(1n, 0, () => 0);
    state.follow(delivery);
    const sequences = [...state.durable().exceptions.keys()];
    expect(sequences).toEqual([1n]);
    const exceptionSequences = new Map([[Priority.NORMAL, sequences] as const]);
    const command = { name: "learner", exceptionSequences, snapshots: [] };
    const none: Loaded = { has: () => false, get: () => undefined };
    expect(deleteSubscription.reads(command, none)).toHaveLength(2);
    const { entries, reply } = deleteSubscription.decide(loadedOf(state), command, context);
    expect(reply).toEqual({ subscriptionId });
    for (const { kind } of entries) state.apply(kind);
    expect(state.names()).toEqual(["ns"]);
    expect(state.value(stateKeys.namespace())?.subscriptions).toBe(0);
  });

  it("clears in entries of a bounded size", () => {
    const state = new ProjectedState();
    state.create();
    const sequences = Array.from({ length: clearedSequencesMax + 1 }, (_, i) => BigInt(i));
    const exceptionSequences = new Map([[Priority.NORMAL, sequences] as const]);
    const command = { name: "learner", exceptionSequences, snapshots: ["before"] };
    const { entries } = deleteSubscription.decide(loadedOf(state), command, context);
    expect(entries.map(({ kind }) => kind?.$case)).toEqual([
      "snapshotDeleted",
      "subscriptionDeleted",
      "eventsSettled",
      "eventsSettled",
    ]);
  });

  it("refuses what is not there", () => {
    const command = { name: "x", exceptionSequences: new Map(), snapshots: [] };
    const run = () => deleteSubscription.decide(loadedOf(new ProjectedState()), command, context);
    expect(refusal(run)).toEqual(["SUBSCRIPTION_NOT_FOUND", "x"]);
  });
});

describe("deliveryProjection", () => {
  it("changes nothing for other entries and for empty ones", () => {
    const state = new ProjectedState();
    state.apply({ $case: "eventsPublished", value: {} });
    state.apply({ $case: "subscriptionCreated", value: { subscription: undefined } });
    state.apply(undefined);
    expect(state.names()).toEqual([]);
    state.apply({ $case: "subscriptionDeleted", value: { name: "x", subscriptionId: 1 } });
    expect(state.value(stateKeys.namespace())?.subscriptions).toBe(0);
  });
});
