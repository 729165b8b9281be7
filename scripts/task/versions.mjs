import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.mjs";

/** Where the Python distribution writes its number, and how; `$1` and `$2` surround it. */
const PYTHON_PLACES = [
  { path: "packages/python/pyproject.toml", pattern: /^(version\s*=\s*")([^"]*)(")/m },
  { path: "packages/python/uv.lock", pattern: /(name = "opendxa-pubsub"\nversion = ")([^"]*)(")/ },
  {
    path: "packages/python/src/opendxa_pubsub/__init__.py",
    pattern: /^(__version__\s*(?::[^=]*)?=\s*")([^"]*)(")/m,
  },
  {
    path: "packages/python/src/opendxa_pubsub/_version.py",
    pattern: /^(__version__\s*(?::[^=]*)?=\s*")([^"]*)(")/m,
  },
];

function manifests() {
  return ["packages", "apps"].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .map((name) => `${folder}/${name}/package.json`)
      .filter((path) => existsSync(join(ROOT, path))),
  );
}

function pythonPlaces() {
  return PYTHON_PLACES.flatMap(({ path, pattern }) => {
    if (!existsSync(join(ROOT, path))) return [];
    const text = readFileSync(join(ROOT, path), "utf8");
    const version = pattern.exec(text)?.[2];
    return version === undefined ? [] : [{ path, pattern, text, version }];
  });
}

/** Every place that states the version, npm's first. */
export function versionPlaces() {
  const npm = manifests().map((path) => ({
    path,
    version: JSON.parse(readFileSync(join(ROOT, path), "utf8")).version,
  }));
  return [...npm, ...pythonPlaces()];
}

/** Writes npm's version into the Python distribution. */
export function writePythonVersion() {
  const [{ version }] = versionPlaces();
  for (const { path, pattern, text } of pythonPlaces()) {
    writeFileSync(join(ROOT, path), text.replace(pattern, `$1${version}$3`));
  }
}
