import { expect, test } from "vitest";
import { tidyProblems } from "./tidy-rules.mjs";

const problems = (path, text) => tidyProblems([{ path, text }]);

test("open ends and machine paths are found with their line", () => {
  expect(problems("README.md", `one\n${"TO"}DO: two\n`)).toEqual([
    expect.stringContaining("README.md:2"),
  ]);
  expect(problems("docs/a.md", `see "/ho${"me"}/ann/notes"`)).toHaveLength(1);
  expect(problems("docs/a.md", "GET /v1/work/items is a route")).toEqual([]);
});

test("time and chance are refused in the deterministic packages only", () => {
  const text = "const now = Date.now();\n";
  expect(problems("packages/core/src/a.ts", text)).toHaveLength(1);
  expect(problems("packages/engine/src/deep/a.ts", "const x = Math.random();\n")).toHaveLength(1);
  expect(
    problems("packages/engine/src/a.ts", 'import { setTimeout } from "node:timers/promises";\n'),
  ).toHaveLength(1);
  expect(problems("packages/core/src/a.ts", `// never ${text}`)).toEqual([]);
  expect(problems("packages/core/src/a.test.ts", text)).toEqual([]);
  expect(problems("apps/broker/src/a.ts", text)).toEqual([]);
});

test("a source of more than 400 lines is refused, a document is not", () => {
  const text = "\n".repeat(401);
  expect(problems("packages/core/src/a.ts", text)).toHaveLength(1);
  expect(problems("docs/a.md", text)).toEqual([]);
});

test("a sample must be shown or run", () => {
  const sample = { path: "docs/samples/publish.ts", text: "" };
  expect(tidyProblems([sample])).toHaveLength(1);
  expect(tidyProblems([sample, { path: "docs/guide.md", text: "see publish.ts" }])).toEqual([]);
});
