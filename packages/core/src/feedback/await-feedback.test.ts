import { type ErrorReasonName, WaitOutcome } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import { type AwaitFeedbackCommand, awaitFeedback } from "./await-feedback.js";
import { cancelWait } from "./cancel-wait.js";
import { dataOf, World } from "./feedback-world.test-support.js";
import { waitsPerExecutionMax } from "./limits.js";
import { waitOf } from "./queries.js";

const key = "pagerduty:dedup:d1";
const topic = "poet/functions/detect_drift/feedback";

function refusal(reason: ErrorReasonName, metadata: Record<string, string> = {}) {
  return expect.objectContaining({ reason, metadata: expect.objectContaining(metadata) });
}

function waitFor(world: World, waitId: string, fields: Partial<AwaitFeedbackCommand> = {}) {
  const wait = { executionId: "e1", waitId, deadlineUnixMs: 0n, policy: 0 as const };
  return world.run(awaitFeedback, { ...wait, ...fields });
}

function stored(world: World, waitId: string) {
  return waitOf(world.loaded(stateKeys.wait(waitId)), waitId);
}

describe("awaitFeedback", () => {
  it("resolves with feedback that comes later, for every wait", () => {
    const world = new World();
    waitFor(world, "before");
    world.register({ executionId: "e1", correlationKeys: [key] });
    waitFor(world, "after");
    world.nowMs += 10;
    expect(world.submit("f1", [key]).waitsEnded).toEqual(["before", "after"]);
    for (const id of ["before", "after"]) {
      expect(stored(world, id)).toMatchObject({
        wait: { outcome: WaitOutcome.FEEDBACK, endTimeUnixMs: BigInt(world.nowMs) },
        feedback: [{ offset: 0n, correlationKey: key }],
      });
    }
    expect(world.timers().filter((name) => name.includes("/w/"))).toEqual([]);
  });

  it("resolves at once with feedback that came before, even many times", () => {
    const world = new World();
    world.register({ executionId: "e1", correlationKeys: [key] });
    world.submit("f1", [key]);
    for (let i = 0; i < waitsPerExecutionMax + 1; i++) {
      const { wait } = waitFor(world, `w${i}`);
      expect(wait).toMatchObject({
        wait: { outcome: WaitOutcome.FEEDBACK },
        feedback: [{ offset: 0n }],
      });
    }
    expect(stored(world, "w0").feedback).toHaveLength(1);
  });

  it("answers the stored wait again and refuses another execution under its id", () => {
    const world = new World();
    const first = waitFor(world, "w1");
    const entries = world.journal.length;
    world.nowMs += 1_000;
    expect(waitFor(world, "w1")).toEqual({ wait: first.wait, existed: true });
    expect(() => waitFor(world, "w1", { executionId: "e2" })).toThrow(
      refusal("WAIT_EXISTS", { wait_id: "w1", field: "execution_id" }),
    );
    expect(world.journal).toHaveLength(entries);
  });

  it("refuses what breaks a rule", () => {
    const world = new World();
    expect(() => waitFor(world, "")).toThrow(refusal("BAD_REQUEST", { field: "wait_id" }));
    expect(() => waitFor(world, "w", { executionId: "" })).toThrow(refusal("BAD_REQUEST"));
    expect(() => waitFor(world, "w", { policy: 2 })).toThrow(refusal("NOT_SERVED_YET"));
    expect(() => waitFor(world, "w", { deadlineUnixMs: 1n })).toThrow(
      refusal("DEADLINE_OUT_OF_RANGE"),
    );
    expect(world.journal).toHaveLength(0);
  });

  it.each([true, false])("bounds the open waits of an execution (registered: %s)", (registered) => {
    const world = new World();
    if (registered) world.register({ executionId: "e1" });
    for (let i = 0; i < waitsPerExecutionMax; i++) waitFor(world, `w${i}`);
    expect(() => waitFor(world, "more")).toThrow(refusal("LIMIT_REACHED", { limit: "64" }));
    world.run(cancelWait, { waitId: "w0" });
    expect(waitFor(world, "more").existed).toBe(false);
  });

  it("expires without an event while the execution is not registered", () => {
    const world = new World();
    waitFor(world, "w1", { deadlineUnixMs: BigInt(world.nowMs + 100) });
    expect(world.advance(100)).toEqual(["w1"]);
    expect(stored(world, "w1").wait?.outcome).toBe(WaitOutcome.EXPIRED);
    expect(world.get(stateKeys.awaitedExecution("e1"))).toBeUndefined();
    expect(world.events()).toEqual([]);
  });

  it("expires with feedback.expired once the execution is registered", () => {
    const world = new World();
    world.register({ executionId: "e1", correlationId: "c1", correlationKeys: [key] });
    world.nowMs += 50;
    waitFor(world, "w1", { deadlineUnixMs: BigInt(world.nowMs + 100) });
    world.advance(150);
    const [event] = world.events(topic);
    expect(event?.event).toMatchObject({
      type: "feedback.expired",
      subject: "wait/w1",
      correlationId: "c1",
    });
    expect(dataOf(event!)).toEqual({
      execution_id: "e1",
      function_name: "detect_drift",
      waited_ms: "150",
      policy: "first",
    });
    expect(world.submit("late", [key]).matches).toHaveLength(1);
    expect(stored(world, "w1").wait?.outcome).toBe(WaitOutcome.EXPIRED);
  });
});

describe("cancelWait", () => {
  it("ends a wait, and leaves an ended one as it is", () => {
    const world = new World();
    world.register({ executionId: "e1", correlationKeys: [key] });
    waitFor(world, "w1");
    expect(world.run(cancelWait, { waitId: "w1" }).outcome).toBe(WaitOutcome.CANCELLED);
    const entries = world.journal.length;
    expect(world.run(cancelWait, { waitId: "w1" })).toEqual(stored(world, "w1").wait);
    expect(world.journal).toHaveLength(entries);
    expect(world.submit("f1", [key]).waitsEnded).toEqual([]);
    expect(() => world.run(cancelWait, { waitId: "no" })).toThrow(
      refusal("WAIT_NOT_FOUND", { wait_id: "no" }),
    );
  });
});
