import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { INSTALL_TIMEOUT_MS } from "./limits.mjs";
import { ROOT } from "./paths.mjs";
import { isDownloadFailure, runDownload } from "./process.mjs";

const STAMP = join(ROOT, "node_modules", ".install-stamp");

/** pnpm's version, as package.json pins it; turbo reads the same line. */
function packageManager() {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).packageManager;
}

/** What an install depends on: the lock file, every manifest, the platform and Node's major version. */
function fingerprint() {
  const hash = createHash("sha256");
  const manifests = ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml"];
  for (const folder of ["packages", "apps"]) {
    for (const name of readdirSync(join(ROOT, folder))) {
      manifests.push(join(folder, name, "package.json"));
    }
  }
  for (const manifest of manifests.sort()) {
    const path = join(ROOT, manifest);
    if (existsSync(path)) hash.update(manifest).update(readFileSync(path));
  }
  hash.update([process.platform, process.arch, process.versions.modules].join(" "));
  return hash.digest("hex");
}

/**
 * Installs the npm packages when the lock file or a manifest has changed since the last time.
 *
 * @throws {Error} one sentence, when they cannot be installed
 */
export async function installNodePackages() {
  const wanted = fingerprint();
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  console.log("Installing npm packages (only when the lock file has changed)");
  const { code, output } = await runDownload(
    [
      "npx",
      "--yes",
      packageManager(),
      "install",
      "--frozen-lockfile",
      "--prefer-offline",
      "--reporter=append-only",
      "--config.confirm-modules-purge=false",
    ],
    { quiet: true, timeoutMs: INSTALL_TIMEOUT_MS },
  );
  if (code !== 0) {
    process.stderr.write(output);
    throw new Error(
      isDownloadFailure(output)
        ? "The npm packages cannot be downloaded from here; check the network or the npm registry setting."
        : "The npm packages cannot be installed; pnpm says why above.",
    );
  }
  writeFileSync(STAMP, wanted);
}
