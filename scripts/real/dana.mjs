// Programs on the real Dana runtime subscribe and publish against a broker; what they left there is read by the
// TypeScript client. Dana needs Python 3.12 and some 1.5 GB in .cache/dana, once.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startBrokerProcess } from "../task/broker-process.mjs";
import { CACHE, ROOT } from "../task/paths.mjs";
import { isDownloadFailure, run, runDownload } from "../task/process.mjs";
import { findPython, installPythonPackages, Unavailable } from "../task/python.mjs";

const PYTHON_MINOR_MIN = 12;
// pypdf is imported by Dana and not declared by it.
const PACKAGES = ["dana==0.6.0.3.post3", "pypdf"];
const ENVIRONMENT = join(CACHE, "dana", "environment");
const PYTHON = join(ENVIRONMENT, "bin", "python");
const UV = join(CACHE, "python", "tools", "bin", "uv");
const README = await readFile(join(ROOT, "README.md"), "utf8");
const SAMPLES = join(ROOT, "packages", "dana", "samples");
// Importing dana takes 15 s of a processor, and minutes of a busy disk.
const PROGRAM_TIMEOUT_MS = 240_000;
const INSTALL_TIMEOUT_MS = 300_000;

/** Runs programs in one process: `dana <file>` would import the runtime for each anew. */
const RUNNER = `
import sys
from dana.core.lang.dana_sandbox import DanaSandbox
for path in sys.argv[1:]:
    result = DanaSandbox.execute_string_once(open(path).read(), filename=path)
    print("succeeded" if result.success else f"failed: {result.error}")
`;

/** Installs Dana and our package. @throws {Unavailable} when interpreter or download cannot be had */
async function installDana() {
  await installPythonPackages({ dev: true });
  if (!existsSync(PYTHON)) {
    const interpreter = findPython(PYTHON_MINOR_MIN);
    const made = await run([interpreter, "-m", "venv", ENVIRONMENT], { quiet: true });
    if (made.code !== 0) throw new Error(made.output);
  }
  const project = join(ROOT, "packages", "python");
  const install = [UV, "pip", "install", "--quiet", "--python", PYTHON, ...PACKAGES];
  const { code, output } = await runDownload(
    [...install, "--reinstall-package", "opendxa-pubsub", project],
    { quiet: true, timeoutMs: INSTALL_TIMEOUT_MS, env: { UV_NO_PROGRESS: "1" } },
  );
  if (code === 0) return;
  if (isDownloadFailure(output)) throw new Unavailable("dana cannot be downloaded from here");
  throw new Error(`dana cannot be installed:\n${output}`);
}

async function danaPath() {
  const command = [PYTHON, "-m", "opendxa_pubsub", "danapath"];
  return (await run(command, { quiet: true })).output.trim();
}

/** What the programs left at the broker, read from outside. */
async function learned(address) {
  const client = pathToFileURL(join(ROOT, "packages", "client", "dist", "index.js")).href;
  const { PubSubClient } = await import(client);
  const pubsub = await PubSubClient.connect({ address });
  const events = [];
  for await (const event of pubsub.read("learning")) events.push(event.json());
  await pubsub.close();
  return events;
}

async function trials() {
  const broker = await startBrokerProcess();
  try {
    const samples = ["feedback_loop.na", "learner.na"].map((name) => join(SAMPLES, name));
    const { output } = await run([PYTHON, "-c", RUNNER, ...samples], {
      quiet: true,
      timeoutMs: PROGRAM_TIMEOUT_MS,
      env: { OPENDXA_PUBSUB_ADDRESS: broker.grpc, DANAPATH: await danaPath() },
    });
    const says = (text) => ({ isRight: output.includes(text), output });
    const events = await learned(broker.grpc);
    const [fromLoop, fromLearner] = events;
    const isLearned =
      events.length === 2 &&
      events.every(({ function_id }) => function_id === "detect_drift") &&
      fromLoop.metrics.accuracy === 0.95 &&
      fromLearner.version === "v2";
    const shown = README.includes(await readFile(join(SAMPLES, "learner.na"), "utf8"));
    return [
      ["a struct is published from Dana", says("published at offset 0")],
      ["a Dana function takes the event", says("feedback on x-1")],
      ["an error keeps its class", says("refused: TOPIC_NOT_FOUND")],
      ["the README's program does what the README says", says("detect_drift x-1")],
      [
        "the README shows it as it is",
        { isRight: shown, output: "README.md differs from learner.na" },
      ],
      ["both programs end well", { isRight: output.split("succeeded").length === 3, output }],
      [
        "what they published is stored",
        { isRight: isLearned, output: `${JSON.stringify(events)}\n${output}` },
      ],
    ];
  } finally {
    await broker.stop();
  }
}

try {
  await installDana();
  const results = await trials();
  for (const [name, { isRight, output }] of results) {
    console.log(`${isRight ? "ok  " : "FAIL"} ${name}`);
    if (!isRight) console.log(output);
  }
  const passed = results.filter(([, { isRight }]) => isRight).length;
  console.log(`${passed} passed, ${results.length - passed} failed`);
  if (passed < results.length) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  console.log(`skipped: dana: ${error.message}\n0 passed, 0 failed, 1 skipped`);
}
