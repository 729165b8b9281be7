import { spawn } from "node:child_process";
import { own } from "./owned-processes.js";

/** From the exec of a Node that runs nothing to its end, in milliseconds: no program starts faster. */
export async function bareNodeStartMs(): Promise<number> {
  const begin = performance.now();
  const child = spawn(process.execPath, ["-e", "0"], { stdio: "ignore" });
  own(child);
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => resolve());
  });
  return performance.now() - begin;
}
