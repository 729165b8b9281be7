import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { junitCounts, lineCounts, vitestCounts, withExitCode } from "./counts.mjs";
import { REPORTS, ROOT } from "./paths.mjs";
import { run } from "./process.mjs";
import {
  hasPythonPackage,
  installPythonPackages,
  PYTHON_ENVIRONMENT,
  pythonProgram,
} from "./python.mjs";

/** Runs a runner that writes a report, and reads the counts from it. */
async function runReported(command, report, read, options = {}) {
  mkdirSync(REPORTS, { recursive: true });
  rmSync(report, { force: true });
  const { code } = await run(command, options);
  return withExitCode(existsSync(report) ? read(readFileSync(report, "utf8")) : undefined, code);
}

/** Runs vitest with the report that counts are read from. */
export function runVitest(name, args, options) {
  const report = join(REPORTS, `${name}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  return runReported(["vitest", "run", ...reporters, ...args], report, vitestCounts, options);
}

/** Runs pytest of the Python package with the report that counts are read from. */
export async function runPytest(name, args) {
  await installPythonPackages({ dev: true });
  const report = join(REPORTS, `${name}.xml`);
  const command = [pythonProgram("pytest"), "-q", `--junitxml=${report}`, ...args];
  return runReported(command, report, junitCounts, { cwd: join(ROOT, "packages", "python") });
}

/** Runs a program of our own whose output ends in the sum line, and shows it. */
export async function runCounted(command, options = {}) {
  const { code, output } = await run(command, { ...options, quiet: true, echo: true });
  return withExitCode(lineCounts(output), code);
}

const walkThrough = {
  name: "walkthrough",
  group: "walkthrough",
  title: "npm start -- --once, across a SIGKILL",
  run: async () => {
    await installPythonPackages({ dev: true });
    return runCounted(["node", "scripts/start.mjs", "--once"], { env: pythonEnvironment() });
  },
};

const conformance = {
  name: "conformance",
  group: "conformance",
  title: "the same cases against every client",
  run: async () => {
    await installPythonPackages({ dev: true });
    return runCounted(["node", "packages/conformance/dist/main.js"], { env: pythonEnvironment() });
  },
};

/** What a program needs to start Python processes of ours. */
export function pythonEnvironment() {
  return { OPENDXA_PYTHON: join(PYTHON_ENVIRONMENT, "bin", "python") };
}

/** The test runners of `npm test`, after the static checks. */
export function testLegs() {
  return [
    {
      name: "ts",
      group: "ts",
      title: "TypeScript: unit, property, contract and integration tests, with coverage floors",
      run: () => runVitest("vitest", ["--coverage"]),
    },
    ...(hasPythonPackage()
      ? [
          {
            name: "python",
            group: "python",
            title: "Python: unit tests, and integration with a real broker",
            run: () => runPytest("pytest", []),
          },
        ]
      : []),
    ...(existsSync(join(ROOT, "packages/conformance/src/main.ts")) ? [conformance] : []),
    ...(existsSync(join(ROOT, "scripts/start.mjs")) ? [walkThrough] : []),
  ];
}
