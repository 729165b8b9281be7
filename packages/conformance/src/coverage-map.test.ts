import { expect, test } from "vitest";
import { loadCases } from "./case-file.js";
import { loadCoverageMap } from "./coverage-map.js";
import { sentences } from "./sentences.js";

const map = loadCoverageMap();
const cases = loadCases();

test("each sentence is mapped, and nothing else", () => {
  expect(Object.keys(map)).toEqual(sentences);
});

test("a sentence has a case, a part or R2", () => {
  const uncovered = Object.entries(map).filter(
    ([, entry]) => entry !== "R2" && entry.cases.length === 0 && entry.part === undefined,
  );
  expect(uncovered).toEqual([]);
});

test("the map and the cases name each other", () => {
  const named = Object.entries(map).flatMap(([sentence, entry]) =>
    entry === "R2" ? [] : entry.cases.map((name) => `${name} ${sentence}`),
  );
  const covering = cases.flatMap(({ name, covers }) => covers.map((one) => `${name} ${one}`));
  expect(named.sort()).toEqual(covering.sort());
});
