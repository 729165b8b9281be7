import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { requireBuiltBroker } from "./broker-process.test-support.js";
import { BundleMap } from "./bundle-map.js";

beforeAll(requireBuiltBroker);

it("says of every line of a part of the program what Node's own reader of maps says", () => {
  const file = fileURLToPath(new URL("../dist/program/run-verify.cjs", import.meta.url));
  const text = JSON.parse(readFileSync(`${file}.map`, "utf8")) as SourceMapPayload;
  const [model, map] = [new SourceMap(text), new BundleMap(text)];
  let compared = 0;
  for (const [at, code] of readFileSync(file, "utf8").split("\n").entries()) {
    for (let column = 0; column <= code.length; column += 1) {
      const expected = model.findEntry(at, column);
      // Node answers from the line before where a line has nothing.
      if (!("originalSource" in expected) || expected.generatedLine !== at) continue;
      compared += 1;
      expect(map.placeOf(at + 1, column + 1)).toEqual({
        source: expected.originalSource,
        line: expected.originalLine + 1,
        column: expected.originalColumn + 1,
      });
    }
  }
  expect(compared).toBeGreaterThan(1_000);
});

it("knows nothing of places that the map has not", () => {
  const map = new BundleMap({ sources: ["a.ts"], mappings: ";AACA,CAAC;" });
  expect(map.placeOf(2, 1)).toEqual({ source: "a.ts", line: 2, column: 1 });
  expect(map.placeOf(2, 9)).toEqual({ source: "a.ts", line: 2, column: 2 });
  for (const line of [0, 1, 3, 4, 9]) expect(map.placeOf(line, 1)).toBeUndefined();
});
