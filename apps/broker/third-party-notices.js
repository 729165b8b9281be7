import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const NOTICE_FILE = /^(licen[cs]e|notice|copying)(\.(md|txt))?$/i;

/** The lines of comment that a source begins with. */
const HEADER = /^(?:\/\/.*\n)+/;

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** The folder of the package that a module belongs to. */
function packageFolder(module) {
  for (let folder = dirname(module); dirname(folder) !== folder; folder = dirname(folder)) {
    // Folders inside of a package have manifests, too: of what their modules are.
    if (existsSync(join(folder, "package.json")) && manifestOf(folder).version) return folder;
  }
  throw new Error(`${module} belongs to no package`);
}

/** What a package asks whoever hands its code on to hand on with it. */
function noticeOf(folder, modules) {
  const { name, version, license, author } = manifestOf(folder);
  const files = readdirSync(folder).filter((file) => NOTICE_FILE.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), "utf8"));
  const headers = modules.map((module) => HEADER.exec(readFileSync(module, "utf8"))?.[0]);
  const stated = texts.length > 0 ? texts : [...new Set(headers)].filter(Boolean);
  const by = author === undefined ? "" : `, by ${author.name ?? author}`;
  return [`${name} ${version} (${license})${by}`, ...stated.map((text) => text.trim())].join(
    "\n\n",
  );
}

/**
 * Writes the notices of every package whose code is in the bundle.
 *
 * @param {string} fileName where, in the folder of the output
 * @returns {import("rolldown").Plugin}
 */
export function thirdPartyNotices(fileName) {
  return {
    name: "third-party-notices",
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((file) => file.moduleIds ?? []);
      const foreign = modules.filter((id) => /[\\/]node_modules[\\/]/.test(id));
      const byPackage = new Map();
      for (const module of foreign) {
        const folder = packageFolder(module);
        byPackage.set(folder, [...(byPackage.get(folder) ?? []), module]);
      }
      const notices = [...byPackage].map(([folder, own]) => noticeOf(folder, own)).sort();
      const source = `${notices.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
      this.emitFile({ type: "asset", fileName, source });
    },
  };
}
