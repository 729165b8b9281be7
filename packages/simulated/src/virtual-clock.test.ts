import { expect, it } from "vitest";
import { VirtualClock } from "./virtual-clock.js";

it("runs due timers in order of time, then of setting, also those that callbacks set", () => {
  const clock = new VirtualClock(1000);
  const ran: string[] = [];
  clock.setTimer(() => ran.push("b"), 20);
  clock.setTimer(() => {
    ran.push(`a at ${clock.now()}`);
    clock.setTimer(() => ran.push(`nested at ${clock.now()}`), 5);
  }, 10);
  clock.setTimer(() => ran.push("c"), 20);
  clock.setTimer(() => ran.push("late"), 31);
  clock.advance(30);
  expect(ran).toEqual(["a at 1010", "nested at 1015", "b", "c"]);
  expect(clock.now()).toBe(1030);
  expect(clock.pendingTimers).toBe(1);
});

it("does not run what was cleared, nor anything twice", () => {
  const clock = new VirtualClock();
  let ran = 0;
  const cleared = clock.setTimer(() => (ran += 10), 1);
  clock.setTimer(() => (ran += 1), -5);
  clock.clearTimer(cleared);
  clock.clearTimer(cleared);
  clock.advance(5);
  clock.advance(5);
  expect(ran).toBe(1);
});

it("jumps the wall clock both ways without touching timers", () => {
  const clock = new VirtualClock(10_000);
  let ran = false;
  clock.setTimer(() => {
    ran = true;
  }, 100);
  clock.jump(1_000_000);
  expect([clock.now(), clock.steady(), ran]).toEqual([1_010_000, 0, false]);
  clock.jump(-2_000_000);
  clock.advance(100);
  expect([clock.now(), clock.steady(), ran]).toEqual([-989_900, 100, true]);
  expect(() => clock.advance(-1)).toThrow(RangeError);
});

it("lets promises settle between timers when asked to", async () => {
  const clock = new VirtualClock();
  const ran: string[] = [];
  clock.setTimer(() => {
    void Promise.resolve().then(() => clock.setTimer(() => ran.push("set by a promise"), 1));
  }, 1);
  clock.setTimer(() => ran.push("later"), 10);
  await clock.advanceAsync(10);
  expect(ran).toEqual(["set by a promise", "later"]);
});
