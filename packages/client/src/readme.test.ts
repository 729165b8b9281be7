import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const SAMPLES = new URL("../samples/", import.meta.url);

it.each(readdirSync(SAMPLES).filter((name) => name.endsWith(".ts")))(
  "shows the sample %s as it is executed",
  (name) => {
    const sample = readFileSync(new URL(name, SAMPLES), "utf8");
    expect(README).toContain(`<!-- sample: ${name} -->\n\`\`\`ts\n${sample}\`\`\`\n<!-- end -->`);
  },
);

it("shows the sample delivery.ts in the usage guide as it is executed", () => {
  const guide = readFileSync(new URL("../../../docs/guides/usage.md", import.meta.url), "utf8");
  const sample = readFileSync(new URL("delivery.ts", SAMPLES), "utf8");
  expect(guide).toContain(`\`\`\`ts\n${sample}\`\`\``);
});
