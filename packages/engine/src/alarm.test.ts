import { VirtualClock } from "@opendxa/pubsub-simulated";
import { expect, it } from "vitest";
import { Alarm } from "./alarm.js";
import { timerSleepMsMax } from "./limits.js";

function set(afterMs: number) {
  const clock = new VirtualClock();
  const rung: number[] = [];
  const alarm = new Alarm({ clock, timers: clock }, () => rung.push(clock.steady()));
  alarm.set(clock.now() + afterMs);
  return { alarm, clock, rung };
}

it("rings once at its time", () => {
  const { clock, rung } = set(500);
  clock.advance(10_000);
  expect(rung).toEqual([500]);
});

it("rings at once when its time is over, and never where it was cleared or has none", () => {
  const late = set(-500);
  late.clock.advance(0);
  expect(late.rung).toEqual([0]);
  const cleared = set(500);
  cleared.alarm.clear();
  const endless = set(Number.POSITIVE_INFINITY);
  for (const { clock } of [cleared, endless]) clock.advance(10_000);
  expect([...cleared.rung, ...endless.rung]).toEqual([]);
});

it("sleeps no longer than a timer of the system can", () => {
  const { clock, rung } = set(40 * 86_400_000);
  clock.advance(timerSleepMsMax);
  expect(rung).toEqual([timerSleepMsMax]);
});
