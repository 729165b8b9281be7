import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The commit that was measured, marked where files differ from it; `unknown` outside of git. */
export async function measuredCommit(): Promise<string> {
  const run = promisify(execFile);
  const options = { cwd: fileURLToPath(new URL(".", import.meta.url)) };
  try {
    const head = await run("git", ["rev-parse", "HEAD"], options);
    const changes = await run("git", ["status", "--porcelain", "--untracked-files=no"], options);
    return head.stdout.trim() + (changes.stdout.trim() === "" ? "" : " with changes");
  } catch {
    // A copy without its history can be measured as well; the report says that it is one.
    return "unknown";
  }
}
