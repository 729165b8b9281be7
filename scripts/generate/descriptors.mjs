import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, ROOT } from "../task/paths.mjs";
import { run } from "../task/process.mjs";

/** Files that reflection answers: the contract, what it imports, and health. */
const SERVED = /^(opendxa\/pubsub\/v1|google\/protobuf|grpc\/health\/v1)\//;

/** Fields of a FileDescriptorSet: tag 0x0a and a length, again and again. */
function* filesOf(set) {
  for (let at = 0; at < set.length; ) {
    at += 1;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = set[at++];
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    yield set.subarray(at, at + length);
    at += length;
  }
}

/** Name of a file: field 1, which the compiler writes first. */
function nameOf(file) {
  return file.subarray(2, 2 + file[1]).toString("utf8");
}

/** The compiler's own descriptors of the contract, without comments, as text that any build can carry. */
export async function fileDescriptorsTypeScript() {
  const path = join(CACHE, "generate", "descriptors.binpb");
  const buf = join(ROOT, "node_modules", ".bin", "buf");
  const what = ["--as-file-descriptor-set", "--exclude-source-info", "--output", path];
  const { code } = await run([buf, "build", ...what]);
  if (code !== 0) throw new Error("buf build failed");
  const files = [...filesOf(readFileSync(path))].filter((file) => SERVED.test(nameOf(file)));
  const lines = files.map((file) => `  "${file.toString("base64")}", // ${nameOf(file)}`);
  return `// Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.

/** Serialized FileDescriptorProto of each file of the contract and of its imports, in base64. */
export const fileDescriptors: readonly string[] = [
${lines.join("\n")}
];
`;
}
