import { expect, test } from "vitest";
import { selectLegs } from "./legs.mjs";
import { foreignHosts } from "./lock-hosts.mjs";
import { withRows } from "./marked-rows.mjs";
import { minutesRows } from "./minutes-table.mjs";
import { isDownloadFailure } from "./process.mjs";
import { interpreterCandidates } from "./python.mjs";
import { checklistBoxes, trackerProblems, trackerRows } from "./tracker-table.mjs";

const BOXES = checklistBoxes("- **Storage**: files; an index\n");
const tracker = (rows) => `## Storage\n\n| box | state | proof |\n|---|---|---|\n${rows}`;
const problems = (rows, exists = () => true) =>
  trackerProblems({ boxes: BOXES, rows: trackerRows(tracker(rows)), exists });

test("a tracker with every box and its proof is right", () => {
  expect(problems("| files | done | `a.test.ts` |\n| an index | part 2 | |\n")).toEqual([]);
});

test("a tracker without a box, with a proof that is gone or a strange state is wrong", () => {
  expect(problems("| files | part 1 | |\n")).toEqual(["no row for Storage: an index"]);
  const rows = "| files | done | `gone.ts` |\n| an index | done | |\n| more | soon | |\n";
  expect(problems(rows, () => false)).toEqual([
    "Storage: more is no box of the checklist",
    "Storage: files: its proof gone.ts does not exist",
    "Storage: an index is done without a proof",
    "Storage: more: the state is done, part N or R2, not soon",
  ]);
});

test("a leg is found by name or group, and an unknown one names the known", () => {
  const legs = [
    { name: "biome", group: "static" },
    { name: "ts", group: "ts" },
  ];
  expect(selectLegs(legs, "static,ts")).toHaveLength(2);
  expect(selectLegs(legs, "biome")).toEqual([legs[0]]);
  expect(() => selectLegs(legs, "rust")).toThrow("static, biome, ts");
});

test("rows of minutes stand between their marks and end in the sum", () => {
  const rows = minutesRows([{ name: "crash", title: "t", needs: "n", minutes: 9 }]);
  expect(rows).toContain("| all | | | 9 |");
  const marks = "a\n<!-- rows: node renew.mjs -->\nold\n<!-- end of rows -->\nb";
  const renewed = withRows(marks, "node renew.mjs", rows);
  expect(renewed).not.toContain("old");
  expect(withRows(renewed, "node renew.mjs", rows)).toBe(renewed);
  expect(() => withRows("a\nb", "node renew.mjs", rows)).toThrow(/lost its marks/);
});

test("only public registries may stand in a lock file", () => {
  expect(
    foreignHosts("tarball: https://registry.npmjs.org/a.tgz\nhttps://files.pythonhosted.org/x"),
  ).toEqual([]);
  expect(foreignHosts("https://user:word@mirror.example/simple")).toEqual(["mirror.example"]);
});

test("a lost network is told from a wrong request", () => {
  expect(isDownloadFailure("error: Failed to fetch: `https://pypi.org/simple/uv/`")).toBe(true);
  expect(isDownloadFailure("npm error code ENOTFOUND")).toBe(true);
  expect(isDownloadFailure("The lockfile is not up to date with package.json")).toBe(false);
});

test("interpreters are looked for on the whole PATH, not only where the first one stands", () => {
  const found = [
    ...interpreterCandidates({ path: "/a:/b", home: undefined, pyenvRoot: undefined }),
  ];
  expect(found.indexOf("/a/python3")).toBeLessThan(found.indexOf("/b/python3"));
  expect(found).toContain("/b/python3.12");
});
