import { describe, expect, it } from "vitest";
import { RateMeter } from "./rate-meter.js";

const sizes = { payloadBytes: 1_000, rawBytes: 3_000 };
const endless = { warmUpMs: 0, measureMs: 3_600_000, frameEvents: 10 };

describe("RateMeter", () => {
  it("ends after the frames that were asked for, and counts what was acknowledged", () => {
    const meter = new RateMeter({ ...endless, framesMax: 3, keepSamples: true });
    for (const number of [1, 2, 3]) {
      expect(meter.isOpen).toBe(true);
      meter.sent(number, sizes);
    }
    expect(meter.isOpen).toBe(false);
    expect(meter.inFlight).toBe(3);
    meter.ackedThrough(2);
    meter.ackedThrough(3);
    const result = meter.result();
    expect(result).toMatchObject({
      eventsAcked: 30,
      payloadBytesAcked: 3_000,
      rawBytesAcked: 9_000,
    });
    expect(result.samples).toHaveLength(3);
  });

  it("refuses an ack of what was never sent", () => {
    const meter = new RateMeter(endless);
    meter.sent(1, sizes);
    expect(() => meter.ackedThrough(2)).toThrow("frame 2 was acked before it was sent");
  });

  it("goes on beyond its time until something was measured, on a machine that stood still", () => {
    const meter = new RateMeter({ ...endless, measureMs: 0, keepSamples: true });
    expect(meter.isOpen).toBe(true);
    meter.sent(1, sizes);
    meter.sent(2, sizes);
    meter.ackedThrough(2);
    expect(meter.isOpen).toBe(false);
    const result = meter.result();
    expect(result.samples).toHaveLength(1);
    expect(Number.isFinite(result.eventsPerSecond)).toBe(true);
  });

  it("is not due again before its pace says so", () => {
    const meter = new RateMeter({ ...endless, framesPerSecond: 0.001 });
    expect(meter.isDue).toBe(true);
    meter.sent(1, sizes);
    expect(meter.isDue).toBe(false);
  });

  it("has no rate to tell when everything was acknowledged during the warm-up", () => {
    const meter = new RateMeter({ ...endless, warmUpMs: 3_600_000, keepSamples: true });
    meter.sent(1, sizes);
    meter.ackedThrough(1);
    expect(() => meter.result()).toThrow("no values");
  });
});
