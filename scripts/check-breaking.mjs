// The contract against the last release tag; before the first release there is nothing to break.
import { execFileSync } from "node:child_process";
import { ROOT } from "./task/paths.mjs";
import { run } from "./task/process.mjs";

const tags = execFileSync("git", ["tag", "--list", "v*", "--sort=-version:refname"], {
  cwd: ROOT,
  encoding: "utf8",
});
const [last] = tags.split("\n").filter(Boolean);
if (last === undefined) {
  console.log("no release yet");
} else {
  const { code } = await run(["buf", "breaking", "--against", `.git#tag=${last}`]);
  process.exitCode = code;
}
