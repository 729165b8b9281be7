import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's top folder. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What is private to this clone and may be deleted at any time: environments, reports. */
export const CACHE = join(ROOT, ".cache");

/** Machine-readable results of test runners. */
export const REPORTS = join(CACHE, "reports");

/** The environment of every tool: this clone's binaries first, nothing phones home. */
export function toolEnvironment(extra = {}) {
  return {
    ...process.env,
    PATH: [join(ROOT, "node_modules", ".bin"), process.env.PATH ?? ""].join(delimiter),
    TURBO_TELEMETRY_DISABLED: "1",
    TURBO_NO_UPDATE_NOTIFIER: "1",
    DO_NOT_TRACK: "1",
    ...extra,
  };
}
