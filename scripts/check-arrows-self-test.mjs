// Proves that the rules of .dependency-cruiser.cjs can fail: plants one wrong import per rule in a small copy of
// the workspace's shape and expects exactly that rule to object. A rule without a plant fails, too.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "./task/paths.mjs";

const CONFIG = join(ROOT, ".dependency-cruiser.cjs");
const PACKAGES = [
  "protocol",
  "simulated",
  "core",
  "journal",
  "index-store",
  "engine",
  "client",
].concat(["embedded", "connectors", "testkit", "conformance"]);
const APPS = ["broker", "cli", "bench", "walkthrough"];

const ours = (name) => `import "@opendxa/pubsub-${name}";\n`;

/** Rule, file and the wrong import in it. */
const PLANTS = [
  ["no-cycles", "packages/core/src/cycle.ts", 'import "./cycled.js";\n'],
  ["nothing-imports-an-app", "packages/conformance/src/wrong.ts", ours("broker")],
  [
    "no-deep-imports",
    "packages/client/src/wrong.ts",
    'import "../../protocol/src/inner/deep.js";\n',
  ],
  [
    "only-protocol-touches-gen",
    "packages/client/src/wrong.ts",
    'import "../../protocol/src/gen/a.js";\n',
  ],
  ["core-is-pure", "packages/core/src/wrong.ts", 'import "node:fs";\n'],
  [
    "only-index-store-knows-its-engines",
    "packages/journal/src/wrong.ts",
    'import "classic-level";\n',
  ],
  ["only-index-store-knows-its-engines", "apps/broker/src/wrong.ts", 'import "rocksdb-native";\n'],
  ["no-grpc-below-the-broker", "packages/engine/src/wrong.ts", 'import "@grpc/grpc-js";\n'],
  [
    "no-grpc-below-the-broker",
    "packages/core/src/wrong.ts",
    'import "@opendxa/pubsub-protocol/grpc";\n',
  ],
  ["protocol-root-has-no-grpc", "packages/protocol/src/index.ts", 'import "./inner/deep.js";\n'],
  ["no-undeclared-packages", "packages/client/src/wrong.ts", 'import "undeclared-package";\n'],
  [
    "sources-need-no-development-packages",
    "packages/client/src/wrong.ts",
    'import "development-package";\n',
  ],
  [
    "history-checker-is-independent",
    "packages/testkit/src/history/checker/wrong.ts",
    ours("protocol"),
  ],
  [
    "history-checker-is-independent",
    "packages/testkit/src/history/checker/wrong.ts",
    'import "../../index.js";\n',
  ],
  ["layer-protocol", "packages/protocol/src/wrong.ts", ours("core")],
  ["layer-simulated", "packages/simulated/src/wrong.ts", ours("journal")],
  ["layer-core", "packages/core/src/wrong.ts", ours("journal")],
  ["layer-journal", "packages/journal/src/wrong.ts", ours("core")],
  ["layer-journal", "packages/journal/src/wrong.ts", ours("simulated")],
  ["layer-index-store", "packages/index-store/src/wrong.ts", ours("protocol")],
  ["layer-engine", "packages/engine/src/wrong.ts", ours("client")],
  ["layer-client", "packages/client/src/wrong.ts", ours("core")],
  ["layer-client", "packages/client/src/wrong.ts", ours("engine")],
  ["layer-client", "packages/client/src/wrong.ts", ours("journal")],
  ["layer-embedded", "packages/embedded/src/wrong.ts", ours("connectors")],
  ["layer-connectors", "packages/connectors/src/wrong.ts", ours("engine")],
  ["layer-testkit", "packages/testkit/src/wrong.ts", ours("connectors")],
  ["layer-conformance", "packages/conformance/src/wrong.ts", ours("engine")],
  ["layer-broker", "apps/broker/src/wrong.ts", ours("testkit")],
  ["layer-cli", "apps/cli/src/wrong.ts", ours("engine")],
  ["layer-bench", "apps/bench/src/wrong.ts", ours("engine")],
  ["layer-walkthrough", "apps/walkthrough/src/wrong.ts", ours("engine")],
  ...PACKAGES.map((name) => [
    `layer-${name}-tests`,
    `packages/${name}/src/wrong.test.ts`,
    ours(name === "connectors" ? "testkit" : "connectors"),
  ]),
  ...APPS.map((name) => [
    `layer-${name}-tests`,
    `apps/${name}/src/wrong.test.ts`,
    ours(name === "broker" ? "conformance" : "engine"),
  ]),
];

function write(tree, path, text) {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}

function manifest(name, folder) {
  return JSON.stringify({
    name: `@opendxa/pubsub-${name}`,
    version: "0.0.0",
    exports: {
      ".": { "@opendxa/source": "./src/index.ts" },
      "./grpc": { "@opendxa/source": "./src/grpc.ts" },
    },
    dependencies: Object.fromEntries(
      ["@grpc/grpc-js", "classic-level", "rocksdb-native"]
        .concat(PACKAGES.concat(APPS).map((other) => `@opendxa/pubsub-${other}`))
        .map((dependency) => [dependency, folder]),
    ),
    devDependencies: { "development-package": "*" },
  });
}

/** The workspace's shape with nothing wrong in it. */
function cleanTree() {
  const tree = mkdtempSync(join(tmpdir(), "arrows-"));
  write(tree, "package.json", "{}");
  for (const external of [
    "@grpc/grpc-js",
    "classic-level",
    "rocksdb-native",
    "development-package",
  ]) {
    write(
      tree,
      `node_modules/${external}/package.json`,
      JSON.stringify({ name: external, main: "index.js" }),
    );
    write(tree, `node_modules/${external}/index.js`, "");
  }
  for (const [folder, names] of [
    ["packages", PACKAGES],
    ["apps", APPS],
  ]) {
    for (const name of names) {
      write(tree, `${folder}/${name}/package.json`, manifest(name, folder));
      write(tree, `${folder}/${name}/src/index.ts`, "export {};\n");
      mkdirSync(join(tree, "node_modules/@opendxa"), { recursive: true });
      symlinkSync(join(tree, folder, name), join(tree, `node_modules/@opendxa/pubsub-${name}`));
    }
  }
  write(tree, "packages/protocol/src/grpc.ts", 'import "@grpc/grpc-js";\n');
  write(tree, "packages/protocol/src/gen/a.ts", "export {};\n");
  write(tree, "packages/protocol/src/inner/deep.ts", 'import "@grpc/grpc-js";\n');
  write(tree, "packages/core/src/cycled.ts", 'import "./cycle.js";\n');
  write(tree, "packages/core/src/cycle.ts", "export {};\n");
  return tree;
}

/** The rules that object to a tree, each as `rule file`. */
function objections(tree) {
  const depcruise = join(
    ROOT,
    "node_modules",
    "dependency-cruiser",
    "bin",
    "dependency-cruise.mjs",
  );
  const args = [depcruise, "--config", CONFIG, "--output-type", "json", "packages", "apps"];
  let json;
  try {
    json = execFileSync(process.execPath, args, {
      cwd: tree,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    json = error.stdout;
  }
  return JSON.parse(json).summary.violations.map(({ rule, from }) => `${rule.name} ${from}`);
}

const problems = [];
for (const { name } of createRequire(import.meta.url)(CONFIG).forbidden) {
  if (!PLANTS.some(([rule]) => rule === name))
    problems.push(`no wrong import is planted for ${name}`);
}
const clean = cleanTree();
for (const objection of objections(clean)) problems.push(`a clean tree is refused: ${objection}`);
rmSync(clean, { recursive: true });
const tree = cleanTree();
const planted = PLANTS.map(([rule, path, text], index) => {
  // Plants of one file stand beside each other under names of their own.
  const file = path.replace("wrong", `wrong-${index}`);
  write(tree, file, text);
  return { rule, file, text };
});
const found = objections(tree);
for (const { rule, file, text } of planted) {
  if (!found.includes(`${rule} ${file}`)) problems.push(`${rule} misses ${file}: ${text.trim()}`);
}
rmSync(tree, { recursive: true });
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
