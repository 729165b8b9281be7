#!/usr/bin/env node
// The one door to every command of this repository. Needs nothing but Node: it installs the rest.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runLegs, selectLegs } from "./task/legs.mjs";
import { installNodePackages } from "./task/node-packages.mjs";
import { ROOT } from "./task/paths.mjs";
import { run } from "./task/process.mjs";
import { generateArguments, hasPythonPackage, installPythonPackages } from "./task/python.mjs";
import { realLegs } from "./task/real-legs.mjs";
import { buildCommand, staticLegs } from "./task/static-legs.mjs";
import { pythonEnvironment, testLegs } from "./task/test-legs.mjs";

/** Seeds of the fault matrix at night: about 30 minutes. */
const NIGHTLY_FAULT_SEEDS = "5000";

/** Seeds of simulated worlds at night: about 50 minutes on two processors, which share them. */
const NIGHTLY_SIMULATION_SEEDS = "10000";

/** Lives of the delivery property, in each order, and of the accounting property at night: about 15 minutes. */
const NIGHTLY_PROPERTY_RUNS = { DELIVERY_RUNS: "5000", ACCOUNTING_RUNS: "100" };

/** Seconds of the history run at night: 10 minutes, and its judgement. */
const NIGHTLY_HISTORY_SECONDS = "600";

/** Runs a command with its output shown; true when it succeeded. */
async function show(command, options) {
  return (await run(command, options)).code === 0;
}

function only(args) {
  const at = args.indexOf("--only");
  if (at >= 0 && args[at + 1] !== undefined) return args[at + 1];
  if (args.length > 0) throw new Error(`the only option is --only NAME, not: ${args.join(" ")}`);
  return undefined;
}

async function start(args) {
  await installNodePackages();
  if (hasPythonPackage()) await installPythonPackages({ dev: false });
  if (!(await show(buildCommand()))) return false;
  return show(["node", "scripts/start.mjs", ...args], { env: pythonEnvironment() });
}

async function test(args) {
  const name = only(args);
  await installNodePackages();
  const legs = selectLegs([...staticLegs(), ...testLegs()], name);
  if (name !== undefined && !(await show(buildCommand()))) return false;
  return runLegs(legs, "npm test --");
}

async function testReal(args) {
  await installNodePackages();
  if (!(await show(buildCommand()))) return false;
  return runLegs(selectLegs(realLegs(), only(args)), "npm run test:real --");
}

async function bench(args) {
  await installNodePackages();
  if (!(await show(buildCommand("@opendxa/pubsub-bench...")))) return false;
  return show(["node", "apps/bench/dist/main.js", ...args]);
}

async function faults(args) {
  await installNodePackages();
  if (!(await show(buildCommand("@opendxa/pubsub-testkit...")))) return false;
  return show(["node", "packages/testkit/dist/faults/faults-run.js", ...args]);
}

async function simulate(args) {
  await installNodePackages();
  if (!(await show(buildCommand("@opendxa/pubsub-testkit...")))) return false;
  return show(["node", "packages/testkit/dist/simulation/simulate-run.js", ...args]);
}

async function properties() {
  await installNodePackages();
  const tests = ["packages/core/src/delivery", "packages/engine/src/accounting.property.test.ts"];
  const command = ["vitest", "run", "--testTimeout", "3600000", ...tests];
  return show(command, { env: NIGHTLY_PROPERTY_RUNS });
}

async function mutants(args) {
  await installNodePackages();
  return show(["node", "scripts/mutants.mjs", ...args]);
}

async function history(args) {
  await installNodePackages();
  await installPythonPackages({ dev: true });
  if (!(await show(buildCommand()))) return false;
  const { OPENDXA_PYTHON: python } = pythonEnvironment();
  const program = "packages/testkit/dist/history/history-main.js";
  return show(["node", program, "--python", python, ...args]);
}

async function checkHistory(args) {
  await installNodePackages();
  if (!(await show(buildCommand("@opendxa/pubsub-testkit...")))) return false;
  return show(["node", "packages/testkit/dist/history/checker/check-history-run.js", ...args]);
}

async function generate() {
  await installNodePackages();
  if (hasPythonPackage()) await installPythonPackages({ dev: true });
  return show(["node", "scripts/generate.mjs", ...generateArguments()]);
}

async function fix() {
  await installNodePackages();
  const commands = [["biome", "check", "--write", "."]];
  if (existsSync(join(ROOT, "buf.yaml"))) commands.push(["buf", "format", "--write"]);
  const results = [];
  for (const command of commands) results.push(await show(command));
  return results.every(Boolean);
}

const COMMANDS = {
  start,
  test,
  "test-real": testReal,
  "test-nightly": async (args) => {
    const passed = [await test([]), await testReal(args)];
    passed.push(await faults(["--seeds", NIGHTLY_FAULT_SEEDS, "--seed", "100000"]));
    passed.push(await history(["--seconds", NIGHTLY_HISTORY_SECONDS, "--seed", "100000"]));
    passed.push(await simulate(["--seeds", NIGHTLY_SIMULATION_SEEDS, "--seed", "100000"]));
    passed.push(await properties());
    passed.push(await mutants([]));
    return passed.every(Boolean);
  },
  bench,
  faults,
  history,
  simulate,
  mutants,
  "check-history": checkHistory,
  check: async (args) => {
    await installNodePackages();
    return runLegs(selectLegs(staticLegs(), only(args)), "npm run check --");
  },
  fix,
  build: async () => {
    await installNodePackages();
    return show(buildCommand());
  },
  generate,
  "check-generated": () => COMMANDS.check(["--only", "generated"]),
  docs: async () => {
    await installNodePackages();
    return show(["typedoc"]);
  },
};

const [name, ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  console.error(`usage: node scripts/task.mjs ${Object.keys(COMMANDS).join("|")} [arguments]`);
  process.exit(2);
}
try {
  process.exitCode = (await command(args)) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
