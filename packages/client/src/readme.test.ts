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
