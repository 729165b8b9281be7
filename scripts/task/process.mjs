import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { DOWNLOAD_ATTEMPTS_MAX, DOWNLOAD_PAUSE_MS, OUTPUT_KEPT_CHARACTERS_MAX } from "./limits.mjs";
import { ROOT, toolEnvironment } from "./paths.mjs";

/**
 * Lets a child end in its own time: an interrupt reaches it through the terminal, and a termination is passed on.
 *
 * @returns {() => void} undoes it
 */
function forwardSignals(child) {
  const wait = () => undefined;
  const pass = () => child.kill("SIGTERM");
  process.on("SIGINT", wait).on("SIGTERM", pass);
  return () => process.off("SIGINT", wait).off("SIGTERM", pass);
}

/**
 * Runs a command to its end.
 *
 * @param {string[]} command program and arguments; no shell reads them
 * @param {{cwd?: string, env?: Record<string, string>, quiet?: boolean, echo?: boolean, timeoutMs?: number}} options
 *   `quiet` keeps the output instead of showing it; with `echo` it is kept and shown as it comes
 * @returns {Promise<{code: number, output: string}>} code 127 when the program does not exist
 */
export function run(
  command,
  { cwd = ROOT, env = {}, quiet = false, echo = false, timeoutMs } = {},
) {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: toolEnvironment(quiet ? { NO_COLOR: "1", FORCE_COLOR: "0", ...env } : env),
      stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    });
    let output = "";
    const keep = (chunk) => {
      if (echo) process.stdout.write(chunk);
      output = (output + chunk).slice(-OUTPUT_KEPT_CHARACTERS_MAX);
    };
    child.stdout?.setEncoding("utf8").on("data", keep);
    child.stderr?.setEncoding("utf8").on("data", keep);
    const stop = forwardSignals(child);
    child.on("error", (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.on("close", (code, signal) => {
      stop();
      if (signal !== null) output += `${program} was ended by ${signal}\n`;
      resolve({ code: code ?? 1, output });
    });
  });
}

/**
 * Runs a download again until it succeeds, pausing longer each time.
 *
 * @param {string[]} command
 * @param {Parameters<typeof run>[1] & {attempts?: number, pauseMs?: number}} options
 */
export async function runDownload(command, options = {}) {
  const { attempts = DOWNLOAD_ATTEMPTS_MAX, pauseMs = DOWNLOAD_PAUSE_MS, ...rest } = options;
  let result = await run(command, rest);
  for (let attempt = 1; result.code !== 0 && attempt < attempts; attempt += 1) {
    console.log(`  attempt ${attempt} of ${attempts} failed, trying again`);
    await pause(pauseMs * 2 ** (attempt - 1));
    result = await run(command, rest);
  }
  return result;
}

/** Whether an installer's output says that the network, not the request, was the trouble. */
export function isDownloadFailure(output) {
  return /failed to (fetch|download)|error sending request|dns error|could not resolve|connection (refused|reset|aborted|error|broken)|timed? ?out|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|temporary failure in name resolution|network is unreachable|could not find a version that satisfies the requirement uv/i.test(
    output,
  );
}
