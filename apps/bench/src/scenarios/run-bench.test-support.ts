import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "vitest";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** A new folder that is not the system's for temporary files: that may lie in memory, which the bench refuses. */
export async function makeFolder(): Promise<string> {
  const cache = join(ROOT, ".cache");
  await mkdir(cache, { recursive: true });
  return await mkdtemp(join(cache, "bench-test-"));
}

/** Runs the built bench; whatever its figures are, it must come to its end. */
export async function bench(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  expect(existsSync(MAIN), "the bench must be built").toBe(true);
  return await promisify(execFile)(process.execPath, [MAIN, ...args]).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
}
