import { expect, test } from "vitest";
import { resolveReferences } from "./references.js";

const saved = new Map<string, unknown>([
  ["scope", "s1"],
  ["receipt", { offset: "7", events: [{ id: "a" }] }],
]);

test("a whole reference keeps its value, one inside a text becomes text", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a case, to be resolved.
  const given = { topic: "${scope}/x", offset: "$receipt.offset", list: ["$receipt.events.0.id"] };
  expect(resolveReferences(given, saved)).toEqual({ topic: "s1/x", offset: "7", list: ["a"] });
  expect(resolveReferences("$receipt", saved)).toEqual(saved.get("receipt"));
});

test("other values and dollars are left alone", () => {
  expect(resolveReferences(["$system/own", 1, null, true], saved)).toEqual([
    "$system/own",
    1,
    null,
    true,
  ]);
});

test("what was not saved is an error", () => {
  expect(() => resolveReferences("$receipt.none", saved)).toThrow("nothing was saved");
});
