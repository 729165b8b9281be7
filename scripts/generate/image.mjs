import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CACHE, ROOT } from "../task/paths.mjs";
import { run } from "../task/process.mjs";

const PACKAGE = "opendxa.pubsub.v1";

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

/** The enum of the contract with this name. */
export function enumOf(image, name) {
  for (const file of image.file) {
    const found = file.package === PACKAGE && file.enumType?.find((entry) => entry.name === name);
    if (found) return found;
  }
  throw new Error(`the contract has no enum ${name}`);
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
