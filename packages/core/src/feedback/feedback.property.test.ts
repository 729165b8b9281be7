import { ExecutionState, WaitOutcome } from "@opendxa/pubsub-protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stateKeys } from "../state/state-keys.js";
import { awaitFeedback } from "./await-feedback.js";
import { cancelWait } from "./cancel-wait.js";
import { feedbackKeyOf } from "./feedback-key.js";
import { World } from "./feedback-world.test-support.js";

const dayMs = 24 * 60 * 60 * 1_000;
const receivedMs = 7 * dayMs;
const pendingMs = 30 * dayMs;
const graceMs = 7 * dayMs;

interface ModelExecution {
  readonly id: string;
  readonly keys: readonly string[];
  readonly deadline: number;
  readonly feedback: string[];
  state: ExecutionState;
}

interface ModelWait {
  readonly executionId: string;
  readonly deadline: number;
  outcome: WaitOutcome;
  feedback: string | undefined;
}

interface ModelPending {
  readonly id: string;
  readonly keys: readonly string[];
  readonly since: number;
  orphan: boolean;
}

/** What should happen, with lists and loops and nothing else. */
class Model {
  readonly executions: ModelExecution[] = [];
  readonly waits = new Map<string, ModelWait>();
  readonly known = new Map<string, number>();
  readonly expired: string[] = [];
  pending: ModelPending[] = [];
  nowMs: number;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  find(executionId: string): ModelExecution | undefined {
    return this.executions.find(({ id }) => id === executionId);
  }

  register(id: string, keys: readonly string[], deadline: number): void {
    if (this.find(id) !== undefined) return;
    const all = [`opendxa:execution:${id}`, ...keys];
    const state = ExecutionState.OPEN;
    const execution = { id, keys: all, deadline, feedback: [], state };
    this.executions.push(execution);
    const mine = this.pending.filter(
      (piece) => !piece.orphan && piece.keys.some((key) => all.includes(key)),
    );
    this.pending = this.pending.filter((piece) => !mine.includes(piece));
    for (const piece of mine) {
      this.known.set(piece.id, this.nowMs + receivedMs);
      this.give(execution, piece.id);
    }
  }

  give(execution: ModelExecution, feedback: string): void {
    execution.feedback.push(feedback);
    if (execution.state === ExecutionState.OPEN) execution.state = ExecutionState.SATISFIED;
    for (const wait of this.waits.values()) {
      if (wait.executionId === execution.id && wait.outcome === WaitOutcome.UNSPECIFIED) {
        wait.outcome = WaitOutcome.FEEDBACK;
        wait.feedback = feedback;
      }
    }
  }

  submit(id: string, given: readonly string[]): void {
    if (this.known.has(id)) return;
    const keys = given.flatMap((key) => [key, key.replace(":correlation:", ":execution:")]);
    const owners = this.executions.filter(
      (execution) =>
        this.nowMs < execution.deadline + graceMs &&
        execution.keys.some((key) => keys.includes(key)),
    );
    this.known.set(id, this.nowMs + (owners.length > 0 ? receivedMs : pendingMs));
    this.pending = this.pending.filter((piece) => piece.id !== id);
    if (owners.length === 0) this.pending.push({ id, keys, since: this.nowMs, orphan: false });
    for (const execution of owners) this.give(execution, id);
  }

  await(id: string, executionId: string, deadline: number): void {
    if (this.waits.has(id)) return;
    const feedback = this.find(executionId)?.feedback[0];
    const outcome = feedback === undefined ? WaitOutcome.UNSPECIFIED : WaitOutcome.FEEDBACK;
    this.waits.set(id, { executionId, deadline, outcome, feedback });
  }

  cancel(id: string): void {
    const wait = this.waits.get(id);
    if (wait?.outcome === WaitOutcome.UNSPECIFIED) wait.outcome = WaitOutcome.CANCELLED;
  }

  advance(ms: number): void {
    this.nowMs += ms;
    this.expireWaits();
    for (const execution of this.executions) {
      if (execution.state !== ExecutionState.OPEN || execution.deadline > this.nowMs) continue;
      execution.state = ExecutionState.EXPIRED;
      this.expired.push(`execution/${execution.id}`);
    }
    for (const piece of this.pending) {
      if (piece.since + pendingMs <= this.nowMs) piece.orphan = true;
    }
    for (const [id, until] of this.known) if (until <= this.nowMs) this.known.delete(id);
  }

  expireWaits(): void {
    for (const [id, wait] of this.waits) {
      if (wait.outcome !== WaitOutcome.UNSPECIFIED || wait.deadline > this.nowMs) continue;
      wait.outcome = WaitOutcome.EXPIRED;
      const execution = this.find(wait.executionId);
      if (execution !== undefined && execution.deadline !== wait.deadline) {
        this.expired.push(`wait/${id}`);
      }
    }
  }
}

const executionId = fc.constantFrom("e1", "e2", "e3");
const correlationId = fc.constantFrom("", "c1", "e1", "e2");
const anyKey = fc.constantFrom("mlflow:run:r1", "mlflow:model:m/1", "pagerduty:dedup:d1");
const feedbackId = fc.integer({ min: 1, max: 12 }).map((n) => `f${n}`);
const waitId = fc.constantFrom("w1", "w2", "w3", "w4");
const aheadMs = fc.constantFrom(1_000, 60_000, dayMs, 30 * dayMs);

const step = fc.oneof(
  fc.record({
    kind: fc.constant("register" as const),
    executionId,
    keys: fc.uniqueArray(anyKey, { maxLength: 2 }),
    correlationId,
    aheadMs,
  }),
  fc.record({
    kind: fc.constant("submit" as const),
    feedbackId,
    keys: fc.uniqueArray(
      fc.oneof(
        anyKey,
        executionId.map((id) => `opendxa:execution:${id}`),
        fc.constantFrom("c1", "e1").map((id) => `opendxa:correlation:${id}`),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  fc.record({ kind: fc.constant("await" as const), waitId, executionId, aheadMs }),
  fc.record({ kind: fc.constant("cancel" as const), waitId }),
  fc.record({
    kind: fc.constant("advance" as const),
    ms: fc.constantFrom(0, 999, 1_000, 60_000, dayMs, 6 * dayMs, 8 * dayMs, 29 * dayMs),
  }),
  fc.record({ kind: fc.constant("restart" as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A caller whose ids are taken gets an error; the model simply ignores such a call. */
function tolerate(action: () => unknown, reasons: readonly string[]): void {
  try {
    action();
  } catch (error) {
    const { reason } = error as { reason?: string };
    if (reason === undefined || !reasons.includes(reason)) throw error;
  }
}

function take(world: World, model: Model, at: Step): World {
  switch (at.kind) {
    case "register": {
      const deadline = world.nowMs + at.aheadMs;
      const { executionId: id, correlationId: shared } = at;
      const sharedKey = shared === "" ? [] : [`opendxa:correlation:${shared}`];
      model.register(id, [...at.keys, ...sharedKey], deadline);
      const fields = { executionId: id, correlationId: shared, correlationKeys: [...at.keys] };
      tolerate(
        () => world.register({ ...fields, deadlineUnixMs: BigInt(deadline) }),
        ["EXECUTION_EXISTS"],
      );
      return world;
    }
    case "submit": {
      const isKnown = model.known.has(at.feedbackId);
      model.submit(at.feedbackId, at.keys);
      expect(world.submit(at.feedbackId, at.keys).duplicate).toBe(isKnown);
      return world;
    }
    case "await": {
      const deadline = world.nowMs + at.aheadMs;
      const command = { waitId: at.waitId, executionId: at.executionId, policy: 0 as const };
      model.await(at.waitId, at.executionId, deadline);
      const stored = { ...command, deadlineUnixMs: BigInt(deadline) };
      tolerate(() => world.run(awaitFeedback, stored), ["WAIT_EXISTS"]);
      return world;
    }
    case "cancel":
      model.cancel(at.waitId);
      tolerate(() => world.run(cancelWait, { waitId: at.waitId }), ["WAIT_NOT_FOUND"]);
      return world;
    case "advance":
      model.advance(at.ms);
      world.advance(at.ms);
      return world;
    case "restart": {
      const after = world.replayed();
      after.nowMs = world.nowMs;
      expect(after.state).toEqual(world.state);
      return after;
    }
  }
}

function feedbackOf(world: World, id: string): (string | undefined)[] {
  return world
    .events("poet/functions/detect_drift/feedback")
    .filter(({ event }) => event.type === "feedback" && event.subject === id)
    .map(({ event }) => event.causationId);
}

function checkExecutions(world: World, model: Model): void {
  for (const { id, feedback, state } of model.executions) {
    expect(feedbackOf(world, id)).toEqual(feedback);
    const record = world.get(stateKeys.execution(id));
    expect(record?.execution).toMatchObject({ state, feedbackReceived: feedback.length });
  }
  const processed = world.events("poet/feedback/processed").length;
  expect(processed).toBe(model.executions.reduce((sum, { feedback }) => sum + feedback.length, 0));
}

function checkWaits(world: World, model: Model): void {
  for (const [id, wait] of model.waits) {
    const state = world.get(stateKeys.wait(id));
    expect(state?.wait?.outcome).toBe(wait.outcome);
    const offsets = state?.feedback.map(({ offset }) => offset) ?? [];
    const causes = world
      .events("poet/functions/detect_drift/feedback")
      .filter(({ event }) => offsets.includes(event.offset))
      .map(({ event }) => event.causationId);
    expect(causes).toEqual(wait.feedback === undefined ? [] : [wait.feedback]);
  }
  const expired = world
    .events()
    .filter(({ event }) => event.type === "feedback.expired")
    .map(({ event }) => event.subject);
  expect(expired.sort()).toEqual([...model.expired].sort());
}

function checkPending(world: World, model: Model): void {
  const stored = [...world.state.keys()].filter((name) => name.startsWith("pf/"));
  expect(stored).toHaveLength(model.pending.length);
  for (const { id, orphan } of model.pending) {
    expect(world.get(stateKeys.pending(feedbackKeyOf("/people", id)))?.orphan).toBe(orphan);
  }
}

describe("feedback against the model", () => {
  it("is never missed and never doubled, whatever the order, and survives restarts", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        let world = new World();
        const model = new Model(world.nowMs);
        for (const at of steps) {
          world = take(world, model, at);
          world.settle();
        }
        checkExecutions(world, model);
        checkWaits(world, model);
        checkPending(world, model);
        expect(world.replayed().state).toEqual(world.state);
        world.advance(90 * dayMs);
        expect(world.timers()).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
