import { existsSync } from "node:fs";
import { join } from "node:path";
import { counts } from "./counts.mjs";
import { CACHE, ROOT } from "./paths.mjs";
import { run } from "./process.mjs";
import { hasPythonPackage, installPythonPackages, pythonProgram } from "./python.mjs";

/** Turbo's build of every package, or of one and what it needs. */
export function buildCommand(filter) {
  const command = ["turbo", "run", "build", "--cache-dir=node_modules/.cache/turbo"];
  return filter === undefined ? command : [...command, `--filter=${filter}`];
}

/** A check that prints nothing unless it fails; counts as one test. */
function check(name, title, command, prepare) {
  return {
    name,
    group: "static",
    title,
    run: async () => {
      await prepare?.();
      const { code, output } = await run(command, { quiet: true });
      if (code === 0) return counts({ passed: 1 });
      process.stdout.write(output);
      return counts({ failed: 1 });
    },
  };
}

const script = (name) => ["node", join("scripts", `${name}.mjs`)];

function typescriptChecks() {
  return [
    check("types", "every package compiles under the strict configuration", buildCommand()),
    check("samples", "what the documents show compiles", ["tsc", "-p", "packages/client/samples"]),
    check("biome", "format and lint", ["biome", "check", "--error-on-warnings", "."]),
    check("eslint", "promises and exhaustive switches, with types", ["eslint", "."]),
    check("arrows", "imports follow the layers of ARCHITECTURE.md", [
      "depcruise",
      "--config",
      ".dependency-cruiser.cjs",
      "packages",
      "apps",
    ]),
    check("arrows-self-test", "planted wrong imports are caught", script("check-arrows-self-test")),
    check("knip", "no dead file, export or dependency", [
      "knip",
      "--no-progress",
      "--no-config-hints",
    ]),
    check("docstrings", "every exported symbol is documented", [
      "typedoc",
      "--emit",
      "none",
      "--pretty",
      "false",
    ]),
    check("published", "published packages resolve for their users", script("check-published")),
  ];
}

function contractChecks() {
  return [
    check("buf-lint", "the contract's style and comments", ["buf", "lint"]),
    check("buf-format", "the contract's format", ["buf", "format", "--diff", "--exit-code"]),
    check("buf-breaking", "nothing broken since the last release", script("check-breaking")),
    check(
      "troubleshooting",
      "the guide has every error reason as the contract states it",
      script("check-troubleshooting"),
    ),
    check("generated", "generated code is fresh", script("check-generated"), () =>
      hasPythonPackage() ? installPythonPackages({ dev: true }) : undefined,
    ),
  ];
}

function pythonChecks() {
  const ruff = (...args) => [pythonProgram("ruff"), ...args, "--cache-dir", join(CACHE, "ruff")];
  const python = (name, title, command) =>
    check(name, title, command, () => installPythonPackages({ dev: true }));
  return [
    python("ruff-format", "Python's format", ruff("format", "--diff", "packages")),
    python("ruff", "Python's lint and docstrings", ruff("check", "packages")),
    python("mypy", "Python's types, strict", [
      pythonProgram("mypy"),
      "--config-file",
      "packages/python/pyproject.toml",
      "--cache-dir",
      join(CACHE, "mypy"),
      "packages/python/src",
      "packages/python/samples",
    ]),
  ];
}

function housekeepingChecks() {
  return [
    check("tidy", "no open ends, machine paths or hidden time", script("check-tidy")),
    check("lock-files", "lock files name public registries only", script("check-lock-files")),
    check("versions", "one version for every package, Python's too", script("check-versions")),
    check("tracker", "every box of the tracker has its proof", script("check-tracker")),
    check("ci-minutes", "every long leg has its row of minutes", script("check-ci-minutes")),
  ];
}

/** Every static check, in the order of how soon it tells something. */
export function staticLegs() {
  return [
    ...typescriptChecks(),
    ...(existsSync(join(ROOT, "buf.yaml")) ? contractChecks() : []),
    ...(hasPythonPackage() ? pythonChecks() : []),
    ...housekeepingChecks(),
  ];
}
