import { join, relative, resolve, sep } from "node:path";
import { defineConfig } from "rolldown";
import { thirdPartyNotices } from "./third-party-notices.js";

const ROOT = resolve(import.meta.dirname, "../..");

/** Their binaries lie in their packages. */
const BINDINGS = ["@node-rs/crc32", "classic-level", "lz4-napi", "rocksdb-native"];

/** Reads files beside itself; loaded with the first question of a tool. */
const READS_ITS_FILES = ["@grpc/reflection"];

/**
 * What libraries would load for what the broker does not use: schemas and injected requests of
 * fastify, channelz and load reports of grpc-js. They require it where it is used, and so never.
 */
const NEVER_LOADED = [
  "@fastify/ajv-compiler",
  "@fastify/fast-json-stringify-compiler",
  "@grpc/proto-loader",
  "light-my-request",
];

/** A source as stacks name it: below this repository, or the package that it comes from. */
function sourceName(path, mapFile) {
  const absolute = resolve(mapFile, "..", path);
  const parts = absolute.split(`${sep}node_modules${sep}`);
  const name = parts.length > 1 ? join("node_modules", parts.at(-1)) : relative(ROOT, absolute);
  return name.split(sep).join("/");
}

// Not minified: it would win a hundredth of a second and take the names out of stacks.
export default defineConfig({
  input: { broker: "src/main.ts" },
  platform: "node",
  external: [...BINDINGS, ...READS_ITS_FILES, ...NEVER_LOADED],
  resolve: { conditionNames: ["@opendxa/source", "node", "import"] },
  plugins: [thirdPartyNotices("third-party-notices.txt")],
  output: {
    dir: "dist/program",
    cleanDir: true,
    // Most of the libraries are CommonJS, and Node reads and runs one such file sooner than a module.
    format: "cjs",
    dynamicImportInCjs: false,
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name].cjs",
    comments: false,
    // V8 scans a text of one byte a character sooner.
    charset: "ascii",
    sourcemap: true,
    sourcemapExcludeSources: true,
    sourcemapPathTransform: sourceName,
  },
});
