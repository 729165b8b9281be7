import { type ErrorReasonName, ExecutionState, type FeedbackEvent } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import { feedbackKeyOf } from "./feedback-key.js";
import { dataOf, feedback, submission, World, webhook } from "./feedback-world.test-support.js";
import { externalFeedback, submittedFeedback } from "./incoming-feedback.js";
import {
  feedbackBytesMax,
  feedbackPositionsMax,
  memoryBytesMax,
  memoryWritesMax,
  pendingPerKeyMax,
  rawBodyBytesMax,
} from "./limits.js";
import { receiveFeedback } from "./receive-feedback.js";

const dayMs = 24 * 60 * 60 * 1_000;
const key = "pagerduty:dedup:d1";
const topic = "poet/functions/detect_drift/feedback";

function refusal(reason: ErrorReasonName, metadata: Record<string, string> = {}) {
  return expect.objectContaining({ reason, metadata: expect.objectContaining(metadata) });
}

describe("receiveFeedback from a webhook", () => {
  it("stores raw event, feedback, record and memory in one entry", () => {
    const world = new World();
    world.register({ executionId: "e1", correlationId: "c1", correlationKeys: [key] });
    const before = world.journal.length;
    const value = Uint8Array.of(1, 2);
    const input = webhook({ deliveryId: "d-1", memory: [{ key: "pagerduty:x", value }] });
    const reply = world.run(receiveFeedback, externalFeedback(input));
    expect(reply).toEqual({
      duplicate: false,
      pending: false,
      rawOffset: 0n,
      waitsEnded: [],
      matches: [
        {
          executionId: "e1",
          functionName: "detect_drift",
          correlationKey: key,
          because: "the incident's alert has this dedup key",
        },
      ],
    });
    expect(world.journal).toHaveLength(before + 3);
    const [raw] = world.events("ingress/pagerduty");
    expect(raw?.event).toMatchObject({
      id: "d-1",
      source: "/ingress/pagerduty/main",
      type: "external.pagerduty.incident.resolved",
      subject: "PINCIDENT",
      correlationId: "c1",
      timeUnixNs: 1_799_999_000_000_000_000n,
      dataContentType: "application/json",
    });
    expect(raw?.event.data).toEqual(input.body);
    const [event] = world.events(topic);
    expect(event?.event).toMatchObject({ causationId: "d-1", source: "/ingress/pagerduty/main" });
    expect(dataOf(event!)).toMatchObject({
      function_id: "detect_drift",
      execution_id: "e1",
      timestamp: new Date(1_799_999_000_000).toISOString(),
      rating: 2,
      source: "pagerduty",
      context: {
        incident: "PINCIDENT",
        original_type: "feedback.alert_resolved",
        original: { resolution_type: "false_alarm" },
      },
    });
    expect(dataOf(world.events("poet/feedback/processed")[0]!)).toMatchObject({
      feedback_event_id: event?.event.id,
      was_pending: false,
    });
    expect(world.get(stateKeys.memory("pagerduty:x"))).toEqual(value);
    expect(world.get(stateKeys.execution("e1"))).toMatchObject({
      execution: { state: ExecutionState.SATISFIED, feedbackReceived: 1 },
      feedback: [{ offset: 0n, correlationKey: key }],
      keysMatched: [key],
    });
    const forget = webhook({
      deliveryId: "d-2",
      memory: [{ key: "pagerduty:x", value: undefined }],
    });
    expect(world.run(receiveFeedback, externalFeedback(forget)).rawOffset).toBe(1n);
    expect(world.get(stateKeys.memory("pagerduty:x"))).toBeUndefined();
    expect(world.get(stateKeys.execution("e1"))?.keysMatched).toEqual([key]);
  });

  it("answers a repetition with the original's offset for 7 days", () => {
    const world = new World();
    world.register({ executionId: "e1", correlationKeys: [key] });
    const command = externalFeedback(webhook({ deliveryId: "d-1" }));
    const first = world.run(receiveFeedback, command);
    const entries = world.journal.length;
    world.advance(7 * dayMs - 1);
    expect(world.run(receiveFeedback, command)).toEqual({ ...first, duplicate: true });
    expect(world.journal).toHaveLength(entries);
    world.advance(1);
    expect(world.get(stateKeys.received(feedbackKeyOf(command.source, "d-1")))).toBeUndefined();
    expect(world.run(receiveFeedback, command).duplicate).toBe(false);
  });

  it("stores only the raw event when it says nothing about an outcome", () => {
    const world = new World();
    world.register({ executionId: "e1", correlationId: "c1", correlationKeys: [key] });
    const input = webhook({
      deliveryId: "d-1",
      feedback: undefined,
      subject: undefined,
      occurredAtMs: undefined,
    });
    const reply = world.run(receiveFeedback, externalFeedback(input));
    expect(reply).toMatchObject({ matches: [], pending: false, rawOffset: 0n });
    expect(world.events()).toHaveLength(1);
    expect(world.events()[0]?.event.correlationId).toBe("c1");
    expect(world.get(stateKeys.execution("e1"))?.execution?.feedbackReceived).toBe(0);
  });

  it("never refuses a believed event for its keys, times or texts", () => {
    const world = new World();
    const input = webhook({
      deliveryId: "d-1",
      subject: "s".repeat(300),
      contentType: "\u0000",
      occurredAtMs: Number.NaN,
      keys: [{ key: "no key", because: "" }],
    });
    expect(world.run(receiveFeedback, externalFeedback(input)).pending).toBe(true);
    const [raw] = world.events("ingress/pagerduty");
    expect(raw?.event.subject ?? "").toBe("");
    expect(raw?.event.dataContentType).toBe("application/octet-stream");
    const pending = world.get(stateKeys.pending(feedbackKeyOf("/ingress/pagerduty/main", "d-1")));
    expect(pending).toMatchObject({ correlationKeys: [], orphan: true });
    for (const occurredAtMs of [-1, 1e18]) {
      const odd = webhook({ deliveryId: `t${occurredAtMs}`, occurredAtMs });
      expect(world.run(receiveFeedback, externalFeedback(odd)).pending).toBe(true);
    }
  });

  it("trims feedback that is too large, as the raw event holds the rest", () => {
    const world = new World();
    world.register({ executionId: "e1", correlationKeys: [key] });
    const large = webhook({ deliveryId: "d-1" }).feedback!;
    const comments = "c".repeat(feedbackBytesMax);
    const input = webhook({ deliveryId: "d-1", feedback: { ...large, comments } });
    expect(world.run(receiveFeedback, externalFeedback(input)).matches).toHaveLength(1);
    const data = dataOf(world.events(topic)[0]!);
    expect(data["context"]).toEqual({ original_type: "feedback.alert_resolved", trimmed: true });
    expect(data["comments"]).toBe("c".repeat(1_000));
  });

  it("trims feedback that is too large only for all of its executions", () => {
    const world = new World();
    for (let i = 0; i < 64; i++) world.register({ executionId: `e${i}`, correlationKeys: [key] });
    const large = webhook({ deliveryId: "d-1" }).feedback!;
    const mapped = { ...large, comments: "c".repeat(40_000) };
    const input = webhook({ deliveryId: "d-1", feedback: mapped });
    expect(world.run(receiveFeedback, externalFeedback(input)).matches).toHaveLength(64);
    expect(new Set(world.events(topic).map(({ event }) => event.subject)).size).toBe(64);
    const own = submission("s-1", [key], "c".repeat(40_000));
    expect(() => world.run(receiveFeedback, own)).toThrow(
      refusal("LIMIT_EXCEEDED", { field: "feedback for all matching executions" }),
    );
    const body = new Uint8Array(rawBodyBytesMax);
    const metrics = Object.fromEntries(
      Array.from({ length: 16 }, (_, i) => [`${i}`.padEnd(1_000, "m"), 1]),
    );
    const hopeless = webhook({ deliveryId: "d-2", body, feedback: { ...mapped, metrics } });
    expect(() => world.run(receiveFeedback, externalFeedback(hopeless))).toThrow(
      refusal("LIMIT_EXCEEDED"),
    );
  });

  it("refuses what crosses a limit and stores nothing", () => {
    const world = new World();
    const memory = Array.from({ length: memoryWritesMax + 1 }, (_, i) => ({
      key: `pagerduty:${i}`,
      value: undefined,
    }));
    const value = new Uint8Array(memoryBytesMax + 1);
    const cases: [object, ErrorReasonName, Record<string, string>][] = [
      [{ body: new Uint8Array(rawBodyBytesMax + 1) }, "LIMIT_EXCEEDED", { field: "body" }],
      [{ memory }, "LIMIT_EXCEEDED", { field: "memory" }],
      [{ memory: [{ key: "m", value }] }, "LIMIT_EXCEEDED", { field: "memory.value" }],
      [{ memory: [{ key: "m".repeat(1_025), value }] }, "LIMIT_EXCEEDED", { field: "memory.key" }],
      [{ deliveryId: "" }, "BAD_REQUEST", { field: "id" }],
      [{ system: "$x" }, "TOPIC_NAME_INVALID", {}],
      [{ type: "" }, "BAD_REQUEST", { field: "type" }],
    ];
    for (const [fields, reason, metadata] of cases) {
      const command = externalFeedback({ ...webhook({ deliveryId: "d" }), ...fields });
      expect(() => world.run(receiveFeedback, command)).toThrow(refusal(reason, metadata));
    }
    expect(world.journal).toHaveLength(0);
  });
});

describe("receiveFeedback from a caller", () => {
  it("gives each matching execution one event, by its strongest key", () => {
    const world = new World();
    const [strong, weak] = ["mlflow:run:r1", "mlflow:model:m/1"];
    world.register({ executionId: "a", correlationKeys: [weak] });
    world.register({ executionId: "b", correlationKeys: [weak, strong] });
    const { matches } = world.submit("f1", [strong, weak]);
    expect(matches.map(({ executionId, correlationKey }) => [executionId, correlationKey])).toEqual(
      [
        ["b", strong],
        ["a", weak],
      ],
    );
    const events = world.events(topic);
    expect(events.map(({ event }) => event.subject)).toEqual(["b", "a"]);
    expect(new Set(events.map(({ event }) => event.id)).size).toBe(2);
    expect(world.events("ingress/people")).toEqual([]);
  });

  it("finds an execution by its own id, until it closes", () => {
    const world = new World();
    world.register({ executionId: "e 1/ü" });
    expect(world.submit("f1", ["opendxa:execution:e 1/ü"]).matches).toHaveLength(1);
    world.advance(37 * dayMs);
    expect(world.get(stateKeys.execution("e 1/ü"))?.closed).toBe(true);
    expect(world.submit("f2", ["opendxa:execution:e 1/ü"]).pending).toBe(true);
  });

  it("keeps the function's version when the feedback names one", () => {
    const world = new World();
    world.register({ executionId: "e1", correlationKeys: [key], version: "7" });
    const given: FeedbackEvent = { ...feedback(), version: "6", timestamp: "2026-01-01T00:00:00Z" };
    const request = { namespace: "", correlationKeys: [key], id: "f1", source: "" };
    const command = submittedFeedback({
      ...request,
      feedback: given,
      originalType: "feedback.human_validation",
    });
    world.run(receiveFeedback, command);
    const [event] = world.events(topic);
    expect(event?.event.source).toBe("/feedback");
    expect(dataOf(event!)).toMatchObject({
      version: "6",
      timestamp: "2026-01-01T00:00:00Z",
      context: { original_type: "feedback.human_validation" },
    });
  });

  it("keeps unmatched feedback pending, then lists it as an orphan", () => {
    const world = new World();
    const feedbackKey = feedbackKeyOf("/people", "f1");
    expect(world.submit("f1", [key])).toMatchObject({ pending: true, matches: [] });
    const [event] = world.events("poet/feedback/pending");
    expect(dataOf(event!)).toMatchObject({
      feedback_id: "f1",
      correlation_keys: [{ key, because: "its sender gave this key" }],
    });
    world.advance(30 * dayMs - 1);
    expect(world.submit("f1", [key])).toMatchObject({ duplicate: true, pending: true });
    expect(world.get(stateKeys.pending(feedbackKey))?.orphan).toBe(false);
    world.advance(1);
    expect(world.get(stateKeys.pending(feedbackKey))?.orphan).toBe(true);
    expect(world.get(stateKeys.correlationKey(key))).toBeUndefined();
    expect(world.timers()).toEqual([]);
    expect(world.register({ executionId: "e1", correlationKeys: [key] }).matchedPending).toBe(0);
  });

  it("forgets an orphan that its sender repeats with a key that matches (it could be doubled)", () => {
    const world = new World();
    world.submit("f1", ["mlflow:run:none"]);
    world.advance(30 * dayMs);
    world.register({ executionId: "e1", correlationKeys: [key] });
    expect(world.submit("f1", [key]).matches).toHaveLength(1);
    expect(world.get(stateKeys.pending(feedbackKeyOf("/people", "f1")))).toBeUndefined();
  });

  it("takes the pending time as a parameter", () => {
    const world = new World();
    const command = { ...submission("f1", [key]), pendingMs: 1_000 };
    world.run(receiveFeedback, command);
    world.advance(1_000);
    expect(world.get(stateKeys.pending(feedbackKeyOf("/people", "f1")))?.orphan).toBe(true);
    expect(world.run(receiveFeedback, command).duplicate).toBe(true);
  });

  it("makes feedback an orphan at once when its only key holds its most", () => {
    const world = new World();
    for (let i = 0; i < pendingPerKeyMax; i++) world.submit(`f${i}`, [key]);
    world.submit("other", [key, "mlflow:run:r1"]);
    world.submit("more", [key]);
    expect(world.get(stateKeys.correlationKey(key))?.pending).toHaveLength(pendingPerKeyMax);
    expect(world.get(stateKeys.pending(feedbackKeyOf("/people", "other")))?.orphan).toBe(false);
    expect(world.get(stateKeys.pending(feedbackKeyOf("/people", "more")))?.orphan).toBe(true);
    const reply = world.register({ executionId: "e1", correlationKeys: ["mlflow:run:r1"] });
    expect(reply.matchedPending).toBe(1);
  });

  it("counts beyond the positions that it remembers", () => {
    const world = new World();
    world.register({ executionId: "e1", correlationKeys: [key] });
    for (let i = 0; i <= feedbackPositionsMax; i++) world.submit(`f${i}`, [key]);
    const record = world.get(stateKeys.execution("e1"));
    expect(record?.feedback).toHaveLength(feedbackPositionsMax);
    expect(record?.execution?.feedbackReceived).toBe(feedbackPositionsMax + 1);
  });

  it("refuses what breaks a rule and stores nothing", () => {
    const world = new World();
    const request = {
      namespace: "",
      correlationKeys: [key],
      feedback: feedback(),
      id: "f1",
      source: "",
      originalType: "",
    };
    const cases: [object, ErrorReasonName, Record<string, string>][] = [
      [{ feedback: undefined }, "BAD_REQUEST", { field: "feedback" }],
      [{ correlationKeys: [] }, "BAD_REQUEST", { field: "correlation_keys" }],
      [{ correlationKeys: ["x"] }, "CORRELATION_KEY_INVALID", { key: "x" }],
      [{ correlationKeys: Array(17).fill(key) }, "LIMIT_EXCEEDED", { limit: "16", size: "17" }],
      [{ id: "" }, "BAD_REQUEST", { field: "id" }],
      [{ id: "\ud800" }, "BAD_REQUEST", { field: "id" }],
      [{ source: "s".repeat(256) }, "LIMIT_EXCEEDED", { field: "source" }],
      [{ originalType: "s".repeat(256) }, "LIMIT_EXCEEDED", { field: "original_type" }],
      [{ feedback: feedback({ feedbackType: "odd" }) }, "BAD_REQUEST", {}],
      [{ feedback: feedback({ comments: "c".repeat(50_000) }) }, "LIMIT_EXCEEDED", {}],
      ...[
        { field: "feedback.timestamp", value: { timestamp: "yesterday" } },
        { field: "feedback.timestamp", value: { timestamp: "2026-13-01T00:00:00Z" } },
        { field: "feedback.rating", value: { rating: Number.NaN } },
        { field: "feedback.metrics.f1", value: { metrics: { f1: Number.POSITIVE_INFINITY } } },
        { field: "feedback.context.a.0.b", value: { context: { a: [{ b: Number.NaN }] } } },
      ].map(({ field, value }): [object, ErrorReasonName, Record<string, string>] => {
        return [{ feedback: feedback(value) }, "BAD_REQUEST", { field }];
      }),
    ];
    for (const [fields, reason, metadata] of cases) {
      const attempt = () => {
        world.run(receiveFeedback, submittedFeedback({ ...request, ...fields }));
      };
      expect(attempt).toThrow(refusal(reason, metadata));
    }
    expect(world.journal).toHaveLength(0);
  });
});
