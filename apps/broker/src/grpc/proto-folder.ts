import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file that only the contract's folder has. */
const MARK = join("opendxa", "pubsub", "v1", "broker_service.proto");

/**
 * Finds the contract's `.proto` files: `proto/` beside this package's `dist` when it was packed with
 * them, else the workspace's own above it.
 */
export function findProtoFolder(from: string = dirname(fileURLToPath(import.meta.url))): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "proto");
    if (existsSync(join(candidate, MARK))) return candidate;
    if (dirname(folder) === folder) {
      throw new Error(`The contract's proto folder is neither in ${from} nor above it.`);
    }
  }
}
