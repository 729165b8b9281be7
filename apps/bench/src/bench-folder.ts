import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

/** Makes a fresh folder, gives it to the work and removes it, whatever happened. */
export async function withFolder<T>(parent: string, work: (folder: string) => Promise<T>) {
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "run-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
