import { existsSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
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

test("what is named beside the cases is there", () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const tests = ["packages", "apps"].flatMap((folder) =>
    readdirSync(`${root}/${folder}`).flatMap((name) => {
      const source = `${root}/${folder}/${name}/src`;
      if (!existsSync(source)) return [];
      return readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) =>
        file.endsWith(".test.ts"),
      );
    }),
  );
  const legs = readdirSync(`${root}/scripts/real`).filter((file) => file.endsWith(".mjs"));
  const known = new Set([...tests, ...legs].map((file) => basename(file).split(".")[0]));
  const named = Object.values(map).flatMap((entry) => (entry === "R2" ? [] : entry.beside));
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});
