import { readFileSync } from "node:fs";

/** Version of this package, as its manifest states it. */
export const version: string = readVersion(new URL("../package.json", import.meta.url));

function readVersion(manifest: URL): string {
  const content: unknown = JSON.parse(readFileSync(manifest, "utf8"));
  if (typeof content === "object" && content !== null && "version" in content) {
    return String(content.version);
  }
  throw new Error("package.json states no version");
}
