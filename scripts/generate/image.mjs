import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CACHE, ROOT } from "../task/paths.mjs";
import { run } from "../task/process.mjs";

const PACKAGE = "opendxa.pubsub.v1";
const ENUMS_PATH = 5;
const VALUES_PATH = 2;

/** Everything of proto/ with comments and options, as buf describes it. */
export async function readImage() {
  const folder = join(CACHE, "generate");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "image.json");
  const buf = join(ROOT, "node_modules", ".bin", "buf");
  const { code, output } = await run([buf, "build", "--output", path], { quiet: true });
  if (code !== 0) throw new Error(`buf build failed:\n${output ?? ""}`);
  return JSON.parse(await readFile(path, "utf8"));
}

/** The comments of a file by the path of what they stand above, each on one line. */
export function commentsByPath(file) {
  const found = new Map();
  for (const { path = [], leadingComments } of file.sourceCodeInfo.location) {
    if (leadingComments !== undefined) {
      found.set(path.join("."), leadingComments.replace(/\s*\n\s*/g, " ").trim());
    }
  }
  return found;
}

/** Where an enum of the contract stands: its file, and its position in it. */
function placeOf(image, name) {
  for (const file of image.file.filter((entry) => entry.package === PACKAGE)) {
    const position = (file.enumType ?? []).findIndex((entry) => entry.name === name);
    if (position >= 0) return { file, position };
  }
  throw new Error(`the contract has no enum ${name}`);
}

/** The enum of the contract with this name. */
export function enumOf(image, name) {
  const { file, position } = placeOf(image, name);
  return file.enumType[position];
}

/** The comment of each value of an enum of the contract, by the value's name. */
export function enumCommentsOf(image, name) {
  const { file, position } = placeOf(image, name);
  const comments = commentsByPath(file);
  const { value } = file.enumType[position];
  return new Map(
    value.map((entry, index) => [
      entry.name,
      comments.get([ENUMS_PATH, position, VALUES_PATH, index].join(".")),
    ]),
  );
}

/** The value of an extension of the contract on options, or undefined. */
export function extension(options, name) {
  return options?.[`[${PACKAGE}.${name}]`];
}

/** Every RPC of the contract, in the order of files and services. */
export function methodsOf(image) {
  const files = image.file.filter((file) => file.package === PACKAGE);
  return files
    .flatMap((file) => file.service ?? [])
    .flatMap((service) =>
      service.method.map((method) => ({
        name: `/${PACKAGE}.${service.name}/${method.name}`,
        permission: extension(method.options, "required_permission"),
      })),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
