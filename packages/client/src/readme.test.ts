import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const SAMPLES = new URL("../samples/", import.meta.url);
/** Where samples are shown, relative to the root. */
const DOCUMENTS = ["README.md", "docs/guides/usage.md", "packages/client/README.md"] as const;

const samples = readdirSync(SAMPLES).filter((name) => name.endsWith(".ts"));
const textOf = (document: string) =>
  readFileSync(new URL(`../../../${document}`, import.meta.url), "utf8");

it.each(DOCUMENTS)("%s shows only samples that are executed, as they are", (document) => {
  const text = textOf(document);
  const shown = [...text.matchAll(/<!-- sample: (\S+) -->\n```ts\n(.*?)```\n<!-- end -->/gs)];
  expect(shown.length).toBe(text.split("```ts").length - 1);
  for (const [, name = "", sample] of shown) {
    expect(sample, name).toBe(readFileSync(new URL(name, SAMPLES), "utf8"));
  }
});

it.each(samples)("the sample %s is shown somewhere", (name) => {
  expect(DOCUMENTS.map(textOf).join("")).toContain(`<!-- sample: ${name} -->`);
});
