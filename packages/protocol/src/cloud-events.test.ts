import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeBatch,
  encodeBatch,
  formatTime,
  fromCloudEvent,
  PubSubError,
  parseTime,
  toCloudEvent,
} from "./index.js";

const text = fc.string({ minLength: 1, maxLength: 20 });
const optional = fc.option(text, { nil: undefined });
const time = fc.bigInt(-(2n ** 62n), 2n ** 62n);

describe("CloudEvents", () => {
  it("carry an event without loss", () => {
    const events = fc.record({
      id: text,
      source: text,
      type: text,
      subject: optional,
      timeUnixNs: time,
      correlationId: optional,
      causationId: optional,
      orderingKey: optional,
      expireTimeUnixMs: fc.option(fc.bigInt(-(2n ** 42n), 2n ** 42n), { nil: undefined }),
      data: fc.uint8Array(),
      dataContentType: fc.constantFrom("application/json", "text/plain"),
      dataSchema: optional,
      metadata: fc.option(
        fc.record({ version: text, service: text, environment: fc.string({ maxLength: 3 }) }),
        {
          nil: undefined,
        },
      ),
      attributes: fc.dictionary(
        fc.stringMatching(/^x[a-z0-9]{0,5}$/),
        fc.string({ maxLength: 9 }),
        {
          noNullPrototype: true,
        },
      ),
      traceparent: optional,
      tracestate: optional,
    });
    fc.assert(
      fc.property(events, (event) => {
        const [packed] = decodeBatch(encodeBatch({ topic: "t", events: [event] }));
        if (packed === undefined) throw new Error("no event");
        const cloud = toCloudEvent(packed);
        const [again] = decodeBatch(encodeBatch({ topic: "t", events: [fromCloudEvent(cloud)] }));
        expect(again?.toEvent()).toEqual(packed.toEvent());
      }),
    );
  });

  it("keep every digit of a time", () => {
    fc.assert(fc.property(time, (ns) => parseTime(formatTime(ns)) === ns));
    expect(formatTime(0n)).toBe("1970-01-01T00:00:00Z");
    expect(formatTime(1_500_000_000n)).toBe("1970-01-01T00:00:01.5Z");
    expect(formatTime(-1n)).toBe("1969-12-31T23:59:59.999999999Z");
    expect(parseTime("2026-01-31t12:00:00.25+01:00")).toBe(parseTime("2026-01-31T11:00:00.250Z"));
  });

  it("refuse a time that is none", () => {
    for (const wrong of [
      "",
      "yesterday",
      "2026-01-31",
      "2026-13-31T12:00:00Z",
      "2026-01-31T12:00:00",
    ]) {
      expect(() => parseTime(wrong)).toThrow(PubSubError);
    }
  });
});
