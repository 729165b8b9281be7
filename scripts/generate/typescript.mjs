import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CACHE, ROOT } from "../task/paths.mjs";
import { run } from "../task/process.mjs";
import { fileDescriptorsTypeScript } from "./descriptors.mjs";
import { filesBelow, synchronize } from "./files.mjs";
import { poetEventsTypeScript } from "./poet-events.mjs";
import { errorReasonsTypeScript, permissionsTypeScript } from "./tables.mjs";

const GEN = "packages/protocol/src/gen";

/** Messages by buf and ts-proto, tables by our own script. */
export async function generateTypeScript(image) {
  const output = join(CACHE, "generate", "typescript");
  rmSync(output, { recursive: true, force: true });
  const buf = join(ROOT, "node_modules", ".bin", "buf");
  const { code } = await run([buf, "generate", "--output", output]);
  if (code !== 0) throw new Error("buf generate failed");
  const made = join(output, GEN);
  const contents = new Map(
    filesBelow(made).map((path) => [path, readFileSync(join(made, path), "utf8")]),
  );
  contents.set("error-reasons.ts", errorReasonsTypeScript(image));
  contents.set("permissions.ts", permissionsTypeScript(image));
  contents.set("file-descriptors.ts", await fileDescriptorsTypeScript());
  contents.set("poet-events.ts", poetEventsTypeScript(image));
  synchronize(join(ROOT, GEN), contents);
}
