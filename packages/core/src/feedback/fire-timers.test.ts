import { ExecutionState, WaitOutcome } from "@opendxa/pubsub-protocol";
import { describe, expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import { awaitFeedback } from "./await-feedback.js";
import { feedbackKeyOf } from "./feedback-key.js";
import { World } from "./feedback-world.test-support.js";
import { fireTimers } from "./fire-timers.js";
import { pendingPerEntryMax, timersPerEntryMax } from "./limits.js";
import { parseTimerKey } from "./timer-key.js";

const key = "pagerduty:dedup:d1";
const topic = "poet/functions/detect_drift/feedback";
const dayMs = 24 * 60 * 60 * 1_000;

describe("fireTimers", () => {
  it("expires an execution without feedback, once; later feedback still finds it", () => {
    const world = new World();
    const deadlineUnixMs = BigInt(world.nowMs + 100);
    world.register({ executionId: "e1", correlationKeys: [key], deadlineUnixMs });
    world.advance(100);
    expect(world.get(stateKeys.execution("e1"))?.execution?.state).toBe(ExecutionState.EXPIRED);
    expect(world.submit("f1", [key]).matches).toHaveLength(1);
    expect(world.get(stateKeys.execution("e1"))?.execution).toMatchObject({
      state: ExecutionState.EXPIRED,
      feedbackReceived: 1,
    });
    world.advance(8 * dayMs);
    const types = world.events(topic).map(({ event }) => event.type);
    expect(types).toEqual(["feedback.expired", "feedback"]);
    expect(world.timers()).toEqual([]);
  });

  it("states one fact once: a wait until the execution's own deadline has no event of its own", () => {
    const world = new World();
    const deadlineUnixMs = BigInt(world.nowMs + 100);
    world.register({ executionId: "e1", deadlineUnixMs });
    const wait = { executionId: "e1", policy: 0 as const };
    world.run(awaitFeedback, { ...wait, waitId: "same", deadlineUnixMs });
    world.run(awaitFeedback, { ...wait, waitId: "earlier", deadlineUnixMs: deadlineUnixMs - 1n });
    world.advance(100);
    expect(world.events(topic).map(({ event }) => event.subject)).toEqual([
      "wait/earlier",
      "execution/e1",
    ]);
    for (const id of ["same", "earlier"]) {
      expect(world.get(stateKeys.wait(id))?.wait?.outcome).toBe(WaitOutcome.EXPIRED);
    }
  });

  it("fires at most a bounded number in one entry and says that there is more", () => {
    const world = new World();
    const deadlineUnixMs = BigInt(world.nowMs + 100);
    for (let i = 0; i <= timersPerEntryMax; i++) {
      world.register({ executionId: `e${i}`, functionName: `f${i % 3}`, deadlineUnixMs });
    }
    world.nowMs += 100;
    const due = world.timers().map(parseTimerKey);
    const timers = due.filter(({ dueMs }) => dueMs <= world.nowMs);
    expect(timers).toHaveLength(timersPerEntryMax + 1);
    expect(world.run(fireTimers, { timers })).toEqual({ waitsEnded: [], hasMore: true });
    world.settle();
    const expired = world.events().filter(({ event }) => event.type === "feedback.expired");
    expect(expired).toHaveLength(timersPerEntryMax + 1);
  });

  it("does nothing for timers that are early, stale or about nothing", () => {
    const world = new World();
    const deadlineUnixMs = BigInt(world.nowMs + 100);
    world.register({ executionId: "e1", correlationKeys: [key], deadlineUnixMs });
    world.run(awaitFeedback, { executionId: "e1", waitId: "w", deadlineUnixMs, policy: 0 });
    world.submit("lost", ["mlflow:run:none"]);
    const scanned = world.timers().map(parseTimerKey);
    expect(world.run(fireTimers, { timers: scanned }).waitsEnded).toEqual([]);
    world.submit("f1", [key]);
    world.advance(40 * dayMs);
    const entries = world.journal.length;
    const kinds = ["w", "x", "p", "r"] as const;
    const dueMs = Number(deadlineUnixMs);
    const timers = [
      ...scanned,
      ...kinds.map((kind) => ({ dueMs, kind, id: "unknown" })),
      { dueMs: dueMs - 1, kind: "w" as const, id: "w" },
      { dueMs, kind: "p" as const, id: feedbackKeyOf("/people", "lost") },
    ];
    const reply = world.run(fireTimers, { timers });
    expect(reply).toEqual({ waitsEnded: [], hasMore: false });
    expect(world.journal).toHaveLength(entries);
  });

  it("ignores a wait's and a feedback's timer of another time", () => {
    const world = new World();
    world.run(awaitFeedback, { executionId: "e1", waitId: "w", deadlineUnixMs: 0n, policy: 0 });
    world.submit("f1", [key]);
    const entries = world.journal.length;
    const dueMs = world.nowMs;
    const id = feedbackKeyOf("/people", "f1");
    const timers = [
      { dueMs, kind: "w" as const, id: "w" },
      { dueMs, kind: "p" as const, id },
      { dueMs, kind: "r" as const, id },
    ];
    expect(world.run(fireTimers, { timers }).hasMore).toBe(false);
    expect(world.journal).toHaveLength(entries);
  });

  it("ends waits in a later round of matching, and waits for that round's time", () => {
    const world = new World();
    for (let i = 0; i < pendingPerEntryMax + 1; i++) world.submit(`f${i}`, [key]);
    world.register({ executionId: "e1", correlationKeys: [key] });
    const rematch = { dueMs: world.nowMs, kind: "x" as const, id: "e1" };
    const early = { ...rematch, dueMs: world.nowMs + 1 };
    const entries = world.journal.length;
    world.run(fireTimers, { timers: [early] });
    expect(world.journal).toHaveLength(entries);
    expect(world.run(fireTimers, { timers: [rematch] }).hasMore).toBe(false);
    expect(world.get(stateKeys.execution("e1"))?.execution?.feedbackReceived).toBe(65);
  });
});

describe("parseTimerKey", () => {
  it("reads back what the state key wrote", () => {
    const id = "a/b %ü";
    expect(parseTimerKey(stateKeys.timer(123, "r", id).name)).toEqual({
      dueMs: 123,
      kind: "r",
      id,
    });
    expect(() => parseTimerKey("t/x")).toThrow("not the key of a timer");
  });
});
