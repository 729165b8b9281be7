import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { INSTALL_TIMEOUT_MS } from "./limits.mjs";
import { CACHE, ROOT } from "./paths.mjs";
import { isDownloadFailure, run, runDownload } from "./process.mjs";

const UV_VERSION = "0.13.9";
const PYTHON_MINOR_MIN = 11;
const NAMES = ["python3", "python3.13", "python3.12", "python3.11", "python3.14", "python"];
const TOOLS = join(CACHE, "python", "tools");
const PROJECT = join(ROOT, "packages", "python");

/** Where the Python packages of this clone live. */
export const PYTHON_ENVIRONMENT = join(CACHE, "python", "environment");

/** A download or an interpreter that cannot be had: its leg counts as skipped, with this message as the reason. */
export class Unavailable extends Error {}

/** Whether this clone has the Python package. */
export function hasPythonPackage() {
  return existsSync(join(PROJECT, "pyproject.toml"));
}

/** A program of the Python environment, such as `pytest`. */
export function pythonProgram(name) {
  return join(PYTHON_ENVIRONMENT, "bin", name);
}

/** Arguments for `scripts/generate.mjs`: the interpreter that has grpcio-tools, where there is Python to generate. */
export function generateArguments() {
  return hasPythonPackage() ? ["--python", pythonProgram("python")] : [];
}

/** Every place where an interpreter may be: the whole PATH, as a shim may refuse, then pyenv's own folder. */
export function* interpreterCandidates({ path, home, pyenvRoot }) {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    for (const name of NAMES) yield join(folder, name);
  }
  for (const root of [pyenvRoot, home && join(home, ".pyenv")].filter(Boolean)) {
    const versions = join(root, "versions");
    if (!existsSync(versions)) continue;
    for (const version of readdirSync(versions).sort().reverse()) {
      yield join(versions, version, "bin", "python3");
    }
  }
}

/** What an interpreter says of itself, or undefined where it does not run. */
function inspect(interpreter) {
  const script =
    "import sys, importlib.util as u; print(*sys.version_info[:2], bool(u.find_spec('venv') and u.find_spec('ensurepip')), sys.executable)";
  const { status, stdout } = spawnSync(interpreter, ["-c", script], { encoding: "utf8" });
  const match = /^(\d+) (\d+) (True|False) (.+)$/m.exec(stdout ?? "");
  if (status !== 0 || match === null) return undefined;
  return {
    major: Number(match[1]),
    minor: Number(match[2]),
    hasVenv: match[3] === "True",
    path: match[4],
  };
}

/**
 * Finds an interpreter.
 *
 * @param {number} minorMin the lowest 3.x wanted
 * @returns {string} its path
 * @throws {Unavailable} when there is none of that version
 * @throws {Error} naming the venv module, when only that is missing
 */
export function findPython(minorMin = PYTHON_MINOR_MIN) {
  const { PATH = "", HOME, PYENV_ROOT } = process.env;
  let withoutVenv;
  const tried = new Set();
  for (const candidate of interpreterCandidates({
    path: PATH,
    home: HOME,
    pyenvRoot: PYENV_ROOT,
  })) {
    if (tried.has(candidate) || !existsSync(candidate)) continue;
    tried.add(candidate);
    const found = inspect(candidate);
    if (found === undefined || found.major !== 3 || found.minor < minorMin) continue;
    if (found.hasVenv) return found.path;
    withoutVenv ??= found;
  }
  if (withoutVenv !== undefined) {
    throw new Error(
      `Python 3.${withoutVenv.minor} at ${withoutVenv.path} has no venv module: install it (on Debian and Ubuntu: python3-venv).`,
    );
  }
  throw new Unavailable(`no Python 3.${minorMin} or newer found on PATH or under pyenv`);
}

/** Installs uv into a private environment, once, and gives its path. */
async function installUv(python) {
  const uv = join(TOOLS, "bin", "uv");
  const installed = await run([uv, "--version"], { quiet: true });
  if (installed.code === 0 && installed.output.includes(UV_VERSION)) return uv;
  console.log("Installing uv into .cache/python");
  const venv = await run([python, "-m", "venv", "--clear", TOOLS], { quiet: true });
  if (venv.code !== 0) throw new Error(`${python} cannot make an environment:\n${venv.output}`);
  const pip = [
    join(TOOLS, "bin", "python"),
    "-m",
    "pip",
    "install",
    "--quiet",
    `uv==${UV_VERSION}`,
  ];
  await download([...pip, "--disable-pip-version-check"], "uv");
  return uv;
}

async function download(command, what, env = {}) {
  const { code, output } = await runDownload(command, {
    quiet: true,
    timeoutMs: INSTALL_TIMEOUT_MS,
    env,
  });
  if (code === 0) return;
  if (isDownloadFailure(output)) throw new Unavailable(`${what} cannot be downloaded from here`);
  throw new Error(`${what} cannot be installed:\n${output}`);
}

let installed;

/**
 * Installs the Python package and what it needs from its lock file.
 *
 * @param {{dev: boolean}} options `dev` adds the tools of tests and checks
 * @throws {Unavailable} when the interpreter or a download cannot be had
 */
export function installPythonPackages({ dev }) {
  installed ??= syncPythonPackages(dev);
  return installed;
}

async function syncPythonPackages(dev) {
  const python = findPython();
  const uv = await installUv(python);
  const groups = dev ? ["--group", "dev"] : ["--no-dev", "--inexact"];
  await download(
    [uv, "sync", "--frozen", "--no-managed-python", "--python", python, ...groups].concat(
      "--project",
      PROJECT,
    ),
    "the Python packages",
    { UV_PROJECT_ENVIRONMENT: PYTHON_ENVIRONMENT, UV_NO_PROGRESS: "1" },
  );
}
