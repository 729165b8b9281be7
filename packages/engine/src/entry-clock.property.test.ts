import { VirtualClock } from "@opendxa/pubsub-simulated";
import fc from "fast-check";
import { expect, it } from "vitest";
import { EntryClock } from "./entry-clock.js";

const hourMs = 60 * 60 * 1_000;
const span = fc.oneof(
  fc.nat({ max: 2_000 }),
  fc.integer({ min: 1, max: 40 * 24 }).map((hours) => hours * hourMs),
);
const step = fc.oneof(
  fc.record({ do: fc.constant("pass" as const), ms: span }),
  fc.record({
    do: fc.constant("jump" as const),
    ms: fc.tuple(span, fc.constantFrom(1, -1)).map(([ms, sign]) => ms * sign),
  }),
  fc.record({ do: fc.constant("restart" as const), ms: fc.constant(0) }),
);

it("never goes back nor stands still, and is the wall clock's unless that was set back", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
      const machine = new VirtualClock(400 * 24 * hourMs);
      let clock = new EntryClock(machine, 0);
      let beforeMs = clock.now();
      for (const { do: what, ms } of steps) {
        if (what === "pass") machine.advance(ms);
        else if (what === "jump") machine.jump(ms);
        else clock = new EntryClock(machine, beforeMs);
        const nowMs = clock.now();
        const passedMs = what === "pass" ? ms : 0;
        expect(nowMs).toBeGreaterThanOrEqual(machine.now());
        expect(nowMs).toBeGreaterThanOrEqual(beforeMs + Math.floor(passedMs / 2));
        // Behind the wall clock it follows that; ahead of it, it goes on at half the pace.
        const aheadMs = beforeMs + Math.ceil(passedMs / 2);
        expect(nowMs).toBeLessThanOrEqual(Math.max(machine.now(), aheadMs));
        expect(clock.now()).toBe(nowMs);
        beforeMs = nowMs;
      }
    }),
    { numRuns: 200 },
  );
});
