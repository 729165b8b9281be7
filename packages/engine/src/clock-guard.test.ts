import { VirtualClock } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import { ClockGuard } from "./clock-guard.js";
import { clockAheadMs, clockConfirmedMs, clockJumpMs, clockSteadyMs } from "./limits.js";

const startMs = 1_800_000_000_000;

function guardWith(newestEntryMs: number, confirmedMs?: number) {
  const clock = new VirtualClock(startMs);
  const lines: string[] = [];
  const note = (message: string) => lines.push(message);
  const log = { warn: note, info: note };
  const guard = new ClockGuard({ clock, timers: clock, log, newestEntryMs, confirmedMs });
  guard.start();
  return { clock, guard, lines };
}

describe("the clock guard", () => {
  it.each([
    ["is new", 0, false],
    ["stopped a moment ago", startMs - 1_000, false],
    ["stopped over a long weekend", startMs - clockAheadMs, false],
    ["stopped long ago, as it seems", startMs - clockAheadMs - 1, true],
    ["is from a little later", startMs + clockJumpMs, false],
    ["is from the future", startMs + clockJumpMs + 1, true],
  ])("at start, when the journal %s", (_what, newestEntryMs, isPaused) => {
    expect(guardWith(newestEntryMs).guard.isPaused).toBe(isPaused);
  });

  it.each([
    [startMs - clockConfirmedMs, false],
    [startMs + clockConfirmedMs, false],
    [startMs - clockConfirmedMs - 1, true],
  ])("believes a clock that an operator confirmed at %d", (confirmedMs, isPaused) => {
    expect(guardWith(1, confirmedMs).guard.isPaused).toBe(isPaused);
  });

  it.each([clockJumpMs + 60_001, -clockJumpMs - 1])(
    "pauses after a jump of %d ms until the clock was steady",
    (ms) => {
      const { clock, guard, lines } = guardWith(startMs);
      clock.advance(10 * clockSteadyMs);
      expect(guard.isPaused).toBe(false);
      clock.jump(ms);
      expect([guard.isPaused, guard.jumps]).toEqual([true, 1]);
      clock.advance(clockSteadyMs - 60_000);
      expect(guard.isPaused).toBe(true);
      clock.advance(60_000);
      expect(guard.isPaused).toBe(false);
      expect(lines).toEqual([
        "the clock jumped: retention by time is paused until it was steady",
        "the clock was steady: retention by time goes on",
      ]);
    },
  );

  it("sees a jump between two looks, begins anew with each, and ends", () => {
    const { clock, guard } = guardWith(startMs);
    clock.jump(2 * clockJumpMs);
    clock.advance(clockSteadyMs / 2);
    clock.jump(-2 * clockJumpMs);
    clock.advance(clockSteadyMs / 2 + 60_000);
    expect([guard.isPaused, guard.jumps]).toEqual([true, 2]);
    guard.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("lets a clock be set right by less than an hour", () => {
    const { clock, guard } = guardWith(startMs);
    clock.jump(clockJumpMs - 1);
    clock.advance(60_000);
    clock.jump(-clockJumpMs);
    expect(guard.isPaused).toBe(false);
  });
});
