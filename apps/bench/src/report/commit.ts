import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { brokerProgram } from "../processes/broker-program.js";

/** The broker's commit, marked where files differ from it; `unknown` outside of git. */
export async function measuredCommit(): Promise<string> {
  const run = promisify(execFile);
  const options = { cwd: dirname(brokerProgram()) };
  try {
    const head = await run("git", ["rev-parse", "HEAD"], options);
    const changes = await run("git", ["status", "--porcelain", "--untracked-files=no"], options);
    return head.stdout.trim() + (changes.stdout.trim() === "" ? "" : " with changes");
  } catch {
    // A copy without its history can be measured as well; the report says that it is one.
    return "unknown";
  }
}
