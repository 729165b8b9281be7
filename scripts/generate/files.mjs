import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Every file below a folder, as paths relative to it. */
export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("__pycache__"))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/**
 * Makes a folder hold exactly these files. What is equal already is not touched, so that builds
 * that look at times stay fresh and readers never see an empty folder.
 *
 * @param {string} folder
 * @param {Map<string, string>} contents by path relative to the folder
 */
export function synchronize(folder, contents) {
  for (const [path, text] of contents) {
    const target = join(folder, path);
    if (existsSync(target) && readFileSync(target, "utf8") === text) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  for (const path of filesBelow(folder)) {
    if (!contents.has(path)) rmSync(join(folder, path));
  }
}
