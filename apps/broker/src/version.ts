import { createRequire } from "node:module";

/** Version of this package, as its manifest states it. */
export const version: string = readVersion();

function readVersion(): string {
  // By the package's own name, since the bundle lies elsewhere in the package than this file.
  const manifest: unknown = createRequire(import.meta.url)("@opendxa/pubsub-broker/package.json");
  if (typeof manifest === "object" && manifest !== null && "version" in manifest) {
    return String(manifest.version);
  }
  throw new Error("package.json states no version");
}
