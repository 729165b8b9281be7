import { VirtualClock } from "@opendxa/pubsub-simulated";
import { expect, it } from "vitest";
import { EntryTime } from "./entry-time.js";
import { AGED_RETENTION_MS, BOUNDED_RETENTION_BYTES } from "./limits.js";
import { RetentionPromise } from "./retention-promise.js";
import { AGED, BOUNDED } from "./topics.js";
import { type IssuedBatch, Witness } from "./witness.js";

function place() {
  const clock = new VirtualClock();
  const time = new EntryTime(clock);
  const witness = new Witness();
  const promise = new RetentionPromise(witness, time);
  const pass = (ms: number) => {
    clock.advance(ms);
    time.passed(ms);
    promise.timePassed();
  };
  const send = (topic: string, correlationId: string, bytes = 0): IssuedBatch => {
    const order = ++witness.issuedCount;
    const event = { topic, id: `e${order}`, data: "", correlationId, order };
    const batch: IssuedBatch = {
      topic,
      events: [event],
      baseSequence: undefined,
      incarnation: 0,
      bytes,
      appendLowMs: time.lowMs,
      mayBeGone: undefined,
    };
    witness.sending(batch);
    promise.grew();
    return batch;
  };
  return { clock, time, witness, promise, pass, send };
}

it("lets go what is old enough, and not before", () => {
  const { pass, send } = place();
  const batch = send(AGED, "c");
  pass(AGED_RETENTION_MS - 1);
  expect(batch.mayBeGone).toBeUndefined();
  pass(1);
  expect(batch.mayBeGone).toBe("age");
});

it("lets nothing go for its age while the clock is doubted", () => {
  const { clock, time, pass, send } = place();
  const batch = send(AGED, "c");
  clock.jump(2 * 3_600_000);
  time.jumped(2 * 3_600_000);
  pass(AGED_RETENTION_MS);
  expect(batch.mayBeGone).toBeUndefined();
});

it("lets go the oldest beyond the bound on bytes, and only them", () => {
  const { send } = place();
  const half = BOUNDED_RETENTION_BYTES / 2;
  const batches = [send(BOUNDED, "a", half), send(BOUNDED, "b", half), send(BOUNDED, "c", 1)];
  expect(batches.map(({ mayBeGone }) => mayBeGone)).toEqual(["bytes", undefined, undefined]);
});

it("keeps what belongs to an execution that was open by then, until it closes", () => {
  const { clock, time, witness, promise, pass, send } = place();
  const held = send(AGED, "x");
  const late = send(AGED, "y");
  const big = send(BOUNDED, "x", BOUNDED_RETENTION_BYTES + 1);
  const closesMs = clock.now() + 1e9;
  witness.executions.set("x", closesMs);
  pass(AGED_RETENTION_MS);
  // Whoever registers when events may have left already keeps nothing.
  witness.executions.set("y", closesMs);
  pass(1);
  expect([held.mayBeGone, late.mayBeGone]).toEqual([undefined, "age"]);
  expect(big.mayBeGone).toBe("bytes");
  send(BOUNDED, "x", BOUNDED_RETENTION_BYTES + 1);
  const last = send(BOUNDED, "x", 1);
  expect(last.mayBeGone).toBeUndefined();
  clock.advance(2e9);
  time.passed(2e9);
  promise.timePassed();
  promise.grew();
  expect(held.mayBeGone).toBe("age");
});
