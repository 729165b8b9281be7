import { type ErrorReasonName, ExecutionState, FeedbackPolicy } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import { awaitFeedback } from "./await-feedback.js";
import { dataOf, World } from "./feedback-world.test-support.js";
import { executionsPerKeyMax, pendingPerEntryMax } from "./limits.js";
import { executionOf } from "./queries.js";

const dayMs = 24 * 60 * 60 * 1_000;
const key = "pagerduty:dedup:d1";

function refusal(reason: ErrorReasonName, metadata: Record<string, string> = {}) {
  return expect.objectContaining({ reason, metadata: expect.objectContaining(metadata) });
}

describe("registerExecution", () => {
  it("fills in the defaults", () => {
    const world = new World();
    const { execution, existed } = world.register({ executionId: "e1", correlationKeys: [key] });
    expect(existed).toBe(false);
    expect(execution).toMatchObject({
      correlationId: "e1",
      policy: FeedbackPolicy.FIRST,
      state: ExecutionState.OPEN,
      deadlineUnixMs: BigInt(world.nowMs + 30 * dayMs),
      registerTimeUnixMs: BigInt(world.nowMs),
    });
    const loaded = world.loaded(stateKeys.execution("e1"));
    expect(executionOf(loaded, "e1")).toEqual(execution);
  });

  it("creates the function's feedback topic, so that timers can always publish", () => {
    const world = new World();
    world.register({ executionId: "e1" });
    world.register({ executionId: "e2" });
    const topic = stateKeys.topic("poet/functions/detect_drift/feedback");
    expect(world.get(topic)?.topicId).toBe(1);
    expect(world.journal).toHaveLength(3);
  });

  it("answers the same again without an entry, and refuses other fields by name", () => {
    const world = new World();
    const fields = { executionId: "e1", correlationKeys: [key, "mlflow:run:r1"], version: "1" };
    const first = world.register(fields);
    const entries = world.journal.length;
    const { deadlineUnixMs } = first.execution;
    world.nowMs += 31 * dayMs;
    const again = { ...fields, correlationKeys: ["mlflow:run:r1", key], deadlineUnixMs };
    expect(world.register(again)).toEqual({ ...first, existed: true });
    expect(world.register(fields).existed).toBe(true);
    const others = {
      function_name: { functionName: "other" },
      version: { version: "2" },
      correlation_id: { correlationId: "c" },
      correlation_keys: { correlationKeys: [key] },
      deadline_unix_ms: { deadlineUnixMs: deadlineUnixMs - 1n },
    };
    for (const [field, change] of Object.entries(others)) {
      expect(() => world.register({ ...fields, ...change })).toThrow(
        refusal("EXECUTION_EXISTS", { execution_id: "e1", field }),
      );
    }
    expect(world.journal).toHaveLength(entries);
  });

  it("refuses what breaks a rule and stores nothing", () => {
    const world = new World();
    const now = BigInt(world.nowMs);
    const month = BigInt(30 * dayMs);
    const cases: [object, ErrorReasonName, Record<string, string>][] = [
      [{ executionId: "" }, "BAD_REQUEST", { field: "execution_id" }],
      [{ executionId: "x".repeat(129) }, "LIMIT_EXCEEDED", { limit: "128", size: "129" }],
      [{ executionId: "a\u0000" }, "BAD_REQUEST", { field: "execution_id" }],
      [{ functionName: "a/b" }, "BAD_REQUEST", { field: "function_name" }],
      [{ version: "v".repeat(256) }, "LIMIT_EXCEEDED", { field: "version" }],
      [{ correlationId: "c".repeat(256) }, "LIMIT_EXCEEDED", { field: "correlation_id" }],
      [{ correlationKeys: ["nonsense"] }, "CORRELATION_KEY_INVALID", { key: "nonsense" }],
      [{ correlationKeys: Array(17).fill(key) }, "LIMIT_EXCEEDED", { limit: "16", size: "17" }],
      [{ policy: FeedbackPolicy.ALL }, "NOT_SERVED_YET", { field: "policy", part: "5" }],
      [{ policy: FeedbackPolicy.N_OF_M }, "NOT_SERVED_YET", {}],
      [{ policy: 99 }, "BAD_REQUEST", { field: "policy" }],
      [{ policy: -1 }, "BAD_REQUEST", { field: "policy" }],
      [{ deadlineUnixMs: now }, "DEADLINE_OUT_OF_RANGE", { field: "deadline_unix_ms" }],
      [{ deadlineUnixMs: now + month + 1n }, "DEADLINE_OUT_OF_RANGE", {}],
    ];
    for (const [fields, reason, metadata] of cases) {
      expect(() => world.register({ executionId: "e1", ...fields })).toThrow(
        refusal(reason, metadata),
      );
    }
    expect(world.journal).toHaveLength(0);
    expect(() => executionOf(world.loaded(stateKeys.execution("e1")), "e1")).toThrow(
      refusal("EXECUTION_NOT_FOUND", { execution_id: "e1" }),
    );
    const latest = { executionId: "e1", deadlineUnixMs: now + month };
    expect(world.register(latest).execution.deadlineUnixMs).toBe(now + month);
  });

  it("refuses one execution more than a key may have, until one closes", () => {
    const world = new World();
    for (let i = 0; i < executionsPerKeyMax; i++) {
      world.register({ executionId: `e${i}`, correlationKeys: [key] });
    }
    const more = { executionId: "more", correlationKeys: [key] };
    expect(() => world.register(more)).toThrow(refusal("LIMIT_REACHED", { limit: "64" }));
    world.advance(37 * dayMs);
    expect(world.register(more).existed).toBe(false);
  });

  it("owns the key of its correlation id, which other executions may have too", () => {
    const world = new World();
    const shared = "opendxa:correlation:run 1/ü";
    const owners = () => world.get(stateKeys.correlationKey(shared))?.executionIds;
    expect(world.submit("early", [shared]).pending).toBe(true);
    const first = { executionId: "e1", correlationId: "run 1/ü" };
    expect(world.register(first).matchedPending).toBe(1);
    const again = { ...first, correlationKeys: [shared] };
    expect(world.register(again).existed).toBe(true);
    world.register({ ...again, executionId: "e2" });
    expect(owners()).toEqual(["e1", "e2"]);
    const { matches } = world.submit("late", [shared]);
    expect(matches.map(({ correlationKey }) => correlationKey)).toEqual([shared, shared]);
    world.advance(37 * dayMs);
    expect(owners()).toBeUndefined();
  });

  it("is found by a correlation id that is its own id, without a second key", () => {
    const world = new World();
    world.register({ executionId: "root" });
    world.register({ executionId: "same", correlationId: "same" });
    world.register({ executionId: "child", correlationId: "root" });
    for (const [id, owners] of [
      ["root", ["child"]],
      ["same", undefined],
    ] as const) {
      const key = stateKeys.correlationKey(`opendxa:correlation:${id}`);
      expect(world.get(key)?.executionIds).toEqual(owners);
    }
    const { matches } = world.submit("f1", ["opendxa:correlation:root"]);
    expect(matches).toMatchObject([
      { executionId: "child", because: "its sender gave this key" },
      {
        executionId: "root",
        correlationKey: "opendxa:execution:root",
        because: "its sender gave this id for a correlation id, by default the execution id",
      },
    ]);
    expect(world.submit("f2", ["opendxa:execution:root"]).matches).toHaveLength(1);
  });

  it("goes without the key of its correlation id while that has its most executions", () => {
    const world = new World();
    const shared = "opendxa:correlation:c1";
    for (let i = 0; i < executionsPerKeyMax; i++) {
      world.register({ executionId: `e${i}`, correlationId: "c1" });
    }
    const named = { executionId: "named", correlationId: "c1", correlationKeys: [shared] };
    expect(() => world.register(named)).toThrow(refusal("LIMIT_REACHED", { limit: "64" }));
    world.register({ executionId: "more", correlationId: "c1", correlationKeys: [key] });
    const { matches } = world.submit("f1", [shared]);
    expect(matches).toHaveLength(executionsPerKeyMax);
    expect(matches.map(({ executionId }) => executionId)).not.toContain("more");
    expect(world.submit("f2", [key]).matches).toMatchObject([{ executionId: "more" }]);
    world.advance(37 * dayMs);
    expect(world.get(stateKeys.correlationKey(shared))).toBeUndefined();
    expect(world.register(named).existed).toBe(false);
  });

  it("matches feedback that came early, in one entry, by the strongest key", () => {
    const world = new World();
    world.submit("f1", ["mlflow:run:r1", key]);
    world.nowMs += 5;
    world.submit("f2", [key]);
    expect(world.get(stateKeys.correlationKey(key))?.pending).toHaveLength(2);
    const entries = world.journal.length;
    const reply = world.register({
      executionId: "e1",
      correlationId: "c1",
      version: "7",
      correlationKeys: [key, "mlflow:run:r1"],
    });
    expect(reply.matchedPending).toBe(2);
    expect(reply.execution).toMatchObject({ state: ExecutionState.SATISFIED, feedbackReceived: 2 });
    expect(world.journal).toHaveLength(entries + 3);

    const [first, second] = world.events("poet/functions/detect_drift/feedback");
    expect(second?.event.causationId).toBe("f2");
    expect(first?.event).toMatchObject({
      type: "feedback",
      source: "/people",
      subject: "e1",
      correlationId: "c1",
      causationId: "f1",
      orderingKey: "e1",
      dataContentType: "application/json",
    });
    expect(dataOf(first!)).toEqual({
      function_id: "detect_drift",
      execution_id: "e1",
      timestamp: new Date(world.nowMs - 5).toISOString(),
      feedback_type: "user",
      metrics: {},
      context: {},
      suggestions: [],
      comments: "false alarm",
      version: "7",
    });
    const [record] = world.events("poet/feedback/processed");
    expect(record?.event.causationId).toBe(first?.event.id);
    expect(dataOf(record!)).toMatchObject({
      feedback_id: "f1",
      execution_id: "e1",
      correlation_key: "mlflow:run:r1",
      because: "its sender gave this key",
      was_pending: true,
    });
    expect(world.get(stateKeys.correlationKey(key))).toEqual({ executionIds: ["e1"], pending: [] });
    expect([...world.state.keys()].filter((name) => name.startsWith("pf/"))).toEqual([]);
    expect(world.submit("f1", [key])).toMatchObject({ duplicate: true, pending: false });
    expect(world.submit("f1", [key]).matches[0]?.executionId).toBe("e1");
  });

  it("matches more pending feedback than fits an entry through a timer at once", () => {
    const world = new World();
    const count = 2 * pendingPerEntryMax + 10;
    for (let i = 0; i < count; i++) world.submit(`f${i}`, [key]);
    const reply = world.register({ executionId: "e1", correlationKeys: [key] });
    expect(reply.matchedPending).toBe(pendingPerEntryMax);
    world.register({ executionId: "late", correlationKeys: [key] });
    world.nowMs += 1;
    expect(world.submit("direct", [key]).matches).toHaveLength(2);
    world.settle();
    expect(world.get(stateKeys.execution("e1"))?.execution?.feedbackReceived).toBe(count + 1);
    expect(world.get(stateKeys.execution("late"))?.execution?.feedbackReceived).toBe(1);
    const causes = world
      .events("poet/functions/detect_drift/feedback")
      .filter(({ event }) => event.subject === "e1")
      .map(({ event }) => event.causationId);
    expect(new Set(causes).size).toBe(count + 1);
    expect(causes).toHaveLength(count + 1);
    expect(world.replayed().state).toEqual(world.state);
  });

  it("keeps large pending feedback for the next entry, too", () => {
    const world = new World();
    for (let i = 0; i < 12; i++) world.submit(`f${i}`, [key], "x".repeat(40_000));
    const reply = world.register({ executionId: "e1", correlationKeys: [key] });
    expect(reply.matchedPending).toBe(9);
    world.settle();
    expect(world.get(stateKeys.execution("e1"))?.execution?.feedbackReceived).toBe(12);
  });

  it("ends waits that were there before it", () => {
    const world = new World();
    const wait = { executionId: "e1", waitId: "w1", deadlineUnixMs: 0n, policy: 0 } as const;
    world.run(awaitFeedback, wait);
    world.submit("f1", [key]);
    expect(world.register({ executionId: "e1", correlationKeys: [key] }).waitsEnded).toEqual([
      "w1",
    ]);
    expect(world.get(stateKeys.awaitedExecution("e1"))).toBeUndefined();
    expect(world.get(stateKeys.execution("e1"))?.waits).toEqual([]);
  });
});
