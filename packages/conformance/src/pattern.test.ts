import { expect, test } from "vitest";
import { mismatches } from "./pattern.js";

test("of a map only the named fields are compared", () => {
  expect(mismatches({ a: 1 }, { a: 1, b: 2 })).toEqual([]);
  expect(mismatches({ a: 1, b: 2 }, { a: 1 })).toEqual(["answer.b: expected 2, got undefined"]);
});

test("of a list all items are compared, in order", () => {
  expect(mismatches([{ a: 1 }, 2], [{ a: 1 }, 2])).toEqual([]);
  expect(mismatches([1], [1, 2])).toHaveLength(1);
  expect(mismatches([1, 2], [2, 1])).toHaveLength(2);
  expect(mismatches([], undefined)).toHaveLength(1);
});

test("numbers and their texts differ", () => {
  expect(mismatches("1", 1)).toHaveLength(1);
});

test.each([
  ["<any>", 0, undefined],
  ["<text>", "a", ""],
  ["<integer>", "-12", 12],
  ["<empty>", null, 0],
  ["<5 to 10>", 5, 4],
  ["<5 to 10>", 10, 11],
  ["<5 to 10>", 7, "7"],
])("%s fits %j and not %j", (pattern, fitting, other) => {
  expect(mismatches(pattern, fitting)).toEqual([]);
  expect(mismatches(pattern, other)).toHaveLength(1);
});
