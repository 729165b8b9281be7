import { expect, it } from "vitest";
import { arrayMember, identifier, member, objectMember, shortened, timeMember } from "./fields.js";
import { contextCharsMax, customFieldsMax, identifierCharsMax, verdictCharsMax } from "./limits.js";
import { customFieldsOf } from "./pagerduty/incident.js";
import { isPositive, verdictOf } from "./verdict.js";

it.each([
  ["x".repeat(identifierCharsMax), true],
  ["x".repeat(identifierCharsMax + 1), false],
  ["", false],
  ["a\u0000b", false],
  ["a\nb", false],
  [7, true],
  [2 ** 53, false],
  [1.5, false],
  [null, false],
])("identifier %#: %s", (value, isOne) => {
  expect(identifier(value)).toBe(isOne ? String(value) : undefined);
});

it("members are own members of the right kind", () => {
  expect(member({}, "constructor")).toBeUndefined();
  expect(objectMember({ a: [] }, "a")).toEqual({});
  expect(arrayMember({ a: {} }, "a")).toEqual([]);
});

it.each([
  ["2026-11-23T15:08:11.690564+00:00", Date.UTC(2026, 10, 23, 15, 8, 11, 690)],
  ["2026-11-23T17:08:11+02:00", Date.UTC(2026, 10, 23, 15, 8, 11)],
  ["2026-11-23T15:08:11", undefined],
  ["yesterday", undefined],
  ["2026-13-23T15:08:11Z", undefined],
])("time %s", (text, timeMs) => {
  expect(timeMember({ at: text }, "at")).toBe(timeMs);
});

it("shortening keeps whole characters", () => {
  expect(shortened(`${"x".repeat(contextCharsMax - 1)}😀`, contextCharsMax)).toHaveLength(
    contextCharsMax - 1,
  );
});

it("custom fields beyond the bound are not read", () => {
  const filler = Array.from({ length: customFieldsMax - 1 }, () => ({ name: "x" }));
  const verdict = { name: "verdict", value: "noise" };
  expect(customFieldsOf({ custom_fields: [...filler, verdict] })?.verdict).toBe("false_positive");
  expect(customFieldsOf({ custom_fields: [...filler, {}, verdict] })?.verdict).toBeUndefined();
});

it("verdicts are whole values of bounded length, in any case and with any separator", () => {
  const padded = (length: number) => "noise".padEnd(length);
  expect(verdictOf(padded(verdictCharsMax))).toBe("false_positive");
  expect(verdictOf(padded(verdictCharsMax + 1))).toBeUndefined();
  expect(["False-Positive", " TRUE positive ", "Passed", "failed", "maybe"].map(verdictOf)).toEqual(
    ["false_positive", "confirmed_drift", "approved", "rejected", undefined],
  );
  expect((["approved", "confirmed_drift"] as const).every(isPositive)).toBe(true);
  expect((["rejected", "false_positive"] as const).some(isPositive)).toBe(false);
});
