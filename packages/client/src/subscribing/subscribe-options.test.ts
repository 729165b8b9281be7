import { expect, it } from "vitest";
import { CREDIT_BYTES_LIMIT } from "../limits.js";
import { resolveSubscribe } from "./subscribe-options.js";

it("names a subscription after client and topic only where both are clear", () => {
  expect(resolveSubscribe({ topic: "poet/functions/*/feedback" }, "learner").subscription).toBe(
    "learner:poet/functions/_any/feedback",
  );
  expect(() => resolveSubscribe({ topic: "feedback" }, undefined)).toThrow("BAD_REQUEST");
  expect(() => resolveSubscribe({ topics: ["a", "b"] }, "learner")).toThrow("BAD_REQUEST");
  expect(() => resolveSubscribe({ topic: "日本" }, "learner")).toThrow("BAD_REQUEST");
});

it("creates with settings where topics are named, and joins where none are", () => {
  const { settings } = resolveSubscribe(
    { subscription: "s", topic: "a", topics: ["b"] },
    undefined,
  );
  expect(settings?.patterns).toEqual(["a", "b"]);
  expect(resolveSubscribe({ subscription: "s" }, undefined).settings).toBeUndefined();
});

it.each([
  ["creditBytes", 1],
  ["creditBytes", CREDIT_BYTES_LIMIT + 1],
  ["creditEvents", 0],
  ["creditEvents", 100_001],
  ["concurrency", 1_001],
  ["leaseHeldMsMax", -1],
  ["ackDeadlineMs", 600_001],
])("refuses %s = %d with its bounds", (field, value) => {
  const options = { subscription: "s", topic: "t", [field]: value };
  expect(() => resolveSubscribe(options, undefined)).toThrow(field);
});
