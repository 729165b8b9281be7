// The layers of ARCHITECTURE.md as rules. `npm run check -- --only arrows-self-test` plants one wrong import per rule.

/** Which packages the sources of each package may import. What is not named here may import none. */
const MAY_IMPORT = {
  protocol: [],
  simulated: [],
  core: ["protocol"],
  journal: ["protocol"],
  "index-store": [],
  engine: ["protocol", "core", "journal", "index-store"],
  client: ["protocol"],
  embedded: ["protocol", "core", "journal", "index-store", "engine", "client"],
  connectors: ["protocol"],
  testkit: ["protocol", "simulated", "core", "journal", "index-store", "engine", "client"],
  conformance: ["protocol", "client", "testkit"],
};

/** Which packages the sources of each app may import; `anything below apps` for the broker. */
const APP_MAY_IMPORT = {
  broker: ["protocol", "core", "journal", "index-store", "engine", "connectors"],
  cli: ["protocol", "client"],
  bench: ["protocol", "core", "client", "testkit", "journal"],
  walkthrough: ["protocol", "client", "connectors", "testkit"],
};

/** The parts that know protocol's messages but never gRPC. */
const WITHOUT_GRPC = "core|journal|index-store|engine|simulated|connectors";

const TESTS = "\\.test\\.ts$|/test/|\\.bench\\.ts$|vitest\\.(config|shared)\\.ts$";

function layer(folder, name, allowed) {
  const own = `^${folder}/${name}/`;
  const others = ["^(packages|apps)/"];
  const permitted = [own, ...allowed.map((part) => `^packages/${part}/`)];
  return [
    {
      name: `layer-${name}`,
      comment: `${name} may import: ${allowed.join(", ") || "nothing of ours"}`,
      severity: "error",
      from: { path: own, pathNot: TESTS },
      to: { path: others, pathNot: permitted },
    },
    {
      name: `layer-${name}-tests`,
      comment:
        "tests may import the simulated world as well; an app's also the client and the testkit",
      severity: "error",
      from: { path: `${own}.*(${TESTS})` },
      to: {
        path: others,
        pathNot: [
          ...permitted,
          "^packages/simulated/",
          ...(folder === "apps" ? ["^packages/(client|testkit)/"] : []),
        ],
      },
    },
  ];
}

const arrows = [
  {
    name: "no-cycles",
    severity: "error",
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
  },
  {
    name: "nothing-imports-an-app",
    severity: "error",
    from: { path: "^(packages|apps)/([^/]+)/" },
    to: { path: "^apps/", pathNot: "^$1/$2/" },
  },
  {
    name: "no-deep-imports",
    comment: "a package is imported through its exports: index.ts, or a named entry beside it",
    severity: "error",
    from: { path: "^(packages|apps)/([^/]+)/" },
    to: {
      path: "^packages/[^/]+/(src|dist|test)/.*/",
      pathNot: ["^$1/$2/", "/src/[^/]+/index\\.ts$"],
    },
  },
  {
    name: "only-protocol-touches-gen",
    severity: "error",
    from: { pathNot: "^packages/protocol/" },
    to: { path: "^packages/protocol/(src|dist)/gen/" },
  },
  {
    name: "core-is-pure",
    comment: "no I/O: core decides, the engine acts",
    severity: "error",
    from: { path: "^packages/core/src/", pathNot: TESTS },
    to: { dependencyTypes: ["core"] },
  },
  {
    name: "only-index-store-knows-its-engines",
    severity: "error",
    from: { pathNot: "^packages/(index-store/|journal/src/level-database\\.ts$)" },
    to: { path: "(^|/)(rocksdb-native|classic-level)(/|$)" },
  },
  {
    name: "no-grpc-below-the-broker",
    severity: "error",
    from: { path: `^packages/(${WITHOUT_GRPC})/` },
    to: { path: ["(^|/)@grpc/", "^packages/protocol/src/grpc"] },
  },
  {
    name: "protocol-root-has-no-grpc",
    comment: "whoever imports messages must not load gRPC with them",
    severity: "error",
    from: { path: "^packages/protocol/src/index\\.ts$" },
    to: { path: "(^|/)@grpc/", reachable: true },
  },
  {
    name: "no-undeclared-packages",
    severity: "error",
    from: { path: "^(packages|apps)/" },
    to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "unknown"], pathNot: "^(packages|apps)/" },
  },
  {
    name: "history-checker-is-independent",
    comment:
      "what judges the broker shares no code with it, nor with its clients: node and its own files",
    severity: "error",
    from: { path: "^packages/testkit/src/history/checker/", pathNot: TESTS },
    to: { pathNot: "^packages/testkit/src/history/checker/", dependencyTypesNot: ["core"] },
  },
  {
    name: "sources-need-no-development-packages",
    severity: "error",
    from: { path: "^(packages|apps)/[^/]+/src/", pathNot: [TESTS, "/contract/"] },
    to: {
      dependencyTypes: ["npm-dev"],
      dependencyTypesNot: ["type-only"],
      pathNot: "node_modules/@types/",
    },
  },
];

module.exports = {
  forbidden: [
    ...arrows,
    ...Object.entries(MAY_IMPORT).flatMap(([name, allowed]) => layer("packages", name, allowed)),
    ...Object.entries(APP_MAY_IMPORT).flatMap(([name, allowed]) => layer("apps", name, allowed)),
  ],
  options: {
    doNotFollow: { path: ["node_modules", "(^|/)dist/"] },
    exclude: { path: ["(^|/)dist/", "\\.d\\.ts$"] },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@opendxa/source", "import", "node", "default", "types"],
      extensions: [".ts", ".mts", ".js", ".mjs", ".cjs", ".json"],
    },
  },
};
