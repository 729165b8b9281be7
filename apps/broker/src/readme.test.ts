import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { settings } from "./config/settings-list.js";
import { EXIT_CODES } from "./exit-codes.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("states every setting as the schema has it", () => {
  const rows = settings.map(({ path, variable, flag, standard, description }) => {
    const shown = flag === undefined ? "-" : `\`--${flag}\``;
    return `| \`${path}\` | \`${variable}\` | ${shown} | \`${standard}\` | ${description} |`;
  });
  for (const row of rows) expect(readme).toContain(row);
  expect(readme.match(/^\| `\w+(\.\w+)?` \| `OPENDXA/gm)).toHaveLength(rows.length);
});

it("states every exit code", () => {
  for (const [name, code] of Object.entries(EXIT_CODES)) {
    expect(readme).toContain(`| ${code} | ${name.toLowerCase().replaceAll("_", " ")} |`);
  }
});
