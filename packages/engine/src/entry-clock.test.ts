import { VirtualClock } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import { EntryClock } from "./entry-clock.js";

const hourMs = 3_600_000;

describe("entry clock", () => {
  it("is the wall clock's time while that goes forward, jumps included", () => {
    const machine = new VirtualClock(1_000_000);
    const clock = new EntryClock(machine, 0);
    machine.advance(500);
    expect(clock.now()).toBe(1_000_500);
    machine.jump(hourMs);
    expect(clock.now()).toBe(1_000_500 + hourMs);
  });

  it("begins no earlier than the newest entry", () => {
    const machine = new VirtualClock(1_000_000);
    expect(new EntryClock(machine, 2_000_000).now()).toBe(2_000_000);
  });

  it("goes on at half the pace after a jump back, and with the wall clock once that has caught up", () => {
    const machine = new VirtualClock(10 * hourMs);
    const clock = new EntryClock(machine, 0);
    machine.jump(-hourMs);
    expect(clock.now()).toBe(10 * hourMs);
    machine.advance(10_000);
    expect(clock.now()).toBe(10 * hourMs + 5_000);
    machine.advance(2 * hourMs);
    expect(clock.now()).toBe(machine.now());
    machine.advance(1_000);
    expect(clock.now()).toBe(machine.now());
  });
});
