import { VirtualClock } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import { EntryTime } from "./entry-time.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function watched() {
  const clock = new VirtualClock(1_000 * DAY_MS);
  const time = new EntryTime(clock);
  const pass = (ms: number) => {
    clock.advance(ms);
    time.passed(ms);
  };
  return { clock, time, pass, startMs: clock.now() };
}

describe("the broker's time, seen from outside", () => {
  it("is the wall clock's while that goes on", () => {
    const { time, pass, startMs } = watched();
    pass(5_000);
    expect([time.lowMs, time.highMs]).toEqual([startMs + 5_000, startMs + 5_000]);
  });

  it("goes on at half the pace at most after the clock was set back, until it is overtaken", () => {
    const { clock, time, pass, startMs } = watched();
    clock.jump(-HOUR_MS);
    time.jumped(-HOUR_MS);
    pass(10_000);
    expect([time.lowMs, time.highMs]).toEqual([startMs - HOUR_MS + 10_000, startMs + 5_000]);
    pass(2 * HOUR_MS);
    expect(time.highMs).toBe(clock.now());
  });

  it("is never before what it was seen to be", () => {
    const { clock, time, startMs } = watched();
    time.saw(startMs + 7);
    clock.jump(-HOUR_MS);
    expect(time.lowMs).toBe(startMs + 7);
  });
});

describe("retention by age has to wait", () => {
  it.each([
    [2 * HOUR_MS, true],
    [-2 * HOUR_MS, true],
    [HOUR_MS, false],
  ])("after a jump of %d ms under a running broker: %s, for an hour", (ms, isPaused) => {
    const { clock, time, pass } = watched();
    clock.jump(ms);
    time.jumped(ms);
    expect(time.isPaused).toBe(isPaused);
    pass(58 * 60_000);
    expect(time.isPaused).toBe(isPaused);
    pass(2 * 60_000);
    expect(time.isPaused).toBe(false);
  });

  it.each([
    [5 * DAY_MS, true],
    [3 * DAY_MS, false],
    [-2 * HOUR_MS, true],
    [-HOUR_MS / 2, false],
  ])("after a start whose clock is %d ms off: %s", (ms, isPaused) => {
    const { clock, time, startMs } = watched();
    time.saw(startMs);
    clock.jump(ms);
    time.started();
    expect(time.isPaused).toBe(isPaused);
  });

  it("not for certain once a start in between may have journalled the new time", () => {
    const { clock, time } = watched();
    clock.jump(5 * DAY_MS);
    time.mayHaveStarted();
    time.started();
    expect(time.isPaused).toBe(false);
  });

  it("not after a restart that finds nothing unusual", () => {
    const { clock, time } = watched();
    clock.jump(2 * HOUR_MS);
    time.jumped(2 * HOUR_MS);
    time.started();
    expect(time.isPaused).toBe(false);
  });
});
