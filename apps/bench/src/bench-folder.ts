import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

/** Makes a fresh folder, gives it to the work and removes it, whatever happened. */
export async function withFolder<T>(parent: string, work: (folder: string) => Promise<T>) {
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "opendxa-bench-"));
  // A signal ends this process without a chance to wait.
  const removeAtOnce = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeAtOnce);
  try {
    return await work(folder);
  } finally {
    process.off("exit", removeAtOnce);
    await rm(folder, { recursive: true, force: true, maxRetries: REMOVAL_TRIES });
  }
}

/** A process that was just ended may have made a file while its folder was being removed. */
const REMOVAL_TRIES = 3;
