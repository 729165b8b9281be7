// Writes the upgrade fixture of this version: node scripts/make-upgrade-fixture.mjs VERSION, after npm run build.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./task/paths.mjs";

const version = process.argv[2] ?? "";
if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error("name the version, such as 0.1.0");
const folder = join(ROOT, "packages", "engine", "fixtures", "upgrade", version);
if (existsSync(folder))
  throw new Error(`${folder} is there: a released fixture is never made again`);
const life = join(ROOT, "packages", "engine", "dist", "test", "upgrade-life.js");
const { liveUpgradeLife } = await import(pathToFileURL(life).href);
const { files, dump } = await liveUpgradeLife();
for (const [path, bytes] of files) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), bytes);
}
writeFileSync(join(folder, "dump.txt"), `${dump.join("\n")}\n`);
console.log(`${folder}: ${files.size} files, ${dump.length} keys`);
