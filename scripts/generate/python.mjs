import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { CACHE, ROOT } from "../task/paths.mjs";
import { run } from "../task/process.mjs";
import { filesBelow, synchronize } from "./files.mjs";
import { grpcStubTypes } from "./python-stubs.mjs";
import { errorReasonsPython } from "./tables.mjs";

const GEN = "packages/python/src/opendxa_pubsub/_gen";
/** The format on disk is the broker's own: no client reads it. */
const PROTOS = /^opendxa\/pubsub\/(v1|testing\/v1)\/.*\.proto$/;

/** Generated modules import each other from the top: inside the package they live lower. */
function insidePackage(text) {
  return text
    .replace(/^from opendxa\.pubsub/gm, "from opendxa_pubsub._gen.opendxa.pubsub")
    .replace(/^import opendxa\.pubsub/gm, "import opendxa_pubsub._gen.opendxa.pubsub");
}

async function protoc(python, output) {
  const proto = join(ROOT, "proto");
  const sources = filesBelow(proto).filter((path) => PROTOS.test(path));
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  const outputs = ["python_out", "grpc_python_out", "pyi_out"].map((name) => `--${name}=${output}`);
  const command = [python, "-m", "grpc_tools.protoc", "-I", proto, ...outputs, ...sources];
  const { code, output: said } = await run(command, { quiet: true });
  if (code !== 0) throw new Error(`grpc_tools.protoc of ${python} failed:\n${said}`);
}

/** Every folder on the way to a module is a package. */
function packageFiles(paths) {
  const folders = new Set([""]);
  for (const path of paths) {
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) folders.add(folder);
  }
  return [...folders].map((folder) => [
    join(folder, "__init__.py"),
    '"""Generated from proto/ by scripts/generate.mjs. DO NOT EDIT."""\n',
  ]);
}

/**
 * Python messages, stubs and their types, and the table of error reasons.
 *
 * @param image what buf knows of proto/
 * @param {string} python an interpreter that has grpcio-tools
 */
export async function generatePython(image, python) {
  const output = join(CACHE, "generate", "python");
  await protoc(python, output);
  const modules = filesBelow(output);
  const contents = new Map(
    modules.map((path) => [path, insidePackage(readFileSync(join(output, path), "utf8"))]),
  );
  for (const [path, text] of grpcStubTypes(image)) {
    if (contents.has(path.replace(/i$/, ""))) contents.set(path, text);
  }
  for (const path of [...contents.keys()]) {
    const hasServices = contents.has(path.replace(/\.py$/, ".pyi"));
    if (path.endsWith("_pb2_grpc.py") && !hasServices) contents.delete(path);
  }
  for (const [path, text] of packageFiles(modules)) contents.set(path, text);
  contents.set("error_reasons.py", errorReasonsPython(image));
  synchronize(join(ROOT, GEN), contents);
}
