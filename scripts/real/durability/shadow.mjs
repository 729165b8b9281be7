import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** Says that everything in a folder rests on the disk: what a shadow begins with. */
export function seedShadow(folder, shadow) {
  mkdirSync(shadow, { recursive: true });
  const lines = readdirSync(folder).map((name) => {
    const path = join(folder, name);
    const found = lstatSync(path);
    if (found.isDirectory()) seedShadow(path, shadow);
    else copyFileSync(path, join(shadow, `file-${found.ino}`));
    return `${found.isDirectory() ? "d" : "f"} ${found.ino} ${name}\n`;
  });
  writeFileSync(join(shadow, `dir-${lstatSync(folder).ino}`), lines.join(""));
}

/** Builds what a power cut leaves of the folder with this inode number. */
export function restore(shadow, inode, target) {
  mkdirSync(target, { recursive: true });
  const listing = join(shadow, `dir-${inode}`);
  if (!existsSync(listing)) return;
  for (const line of readFileSync(listing, "utf8").split("\n").filter(Boolean)) {
    const [kind, of, ...words] = line.split(" ");
    const path = join(target, words.join(" "));
    const synced = join(shadow, `file-${of}`);
    if (kind === "d") restore(shadow, of, path);
    else if (existsSync(synced)) copyFileSync(synced, path);
    else writeFileSync(path, "");
  }
}
