import { constants } from "node:fs";
import { access, copyFile, link, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnginePreference, IndexStore } from "@opendxa/pubsub-index-store";
import { openIndexStore } from "@opendxa/pubsub-index-store";

/** Files of both engines that are never written again once they have their name. */
const IMMUTABLE = /\.(sst|ldb)$/;

/**
 * Opens a copy of an index, since merely opening one changes its files. What never changes is
 * linked, where temporary files lie on the same file system. Undefined where there is no index.
 */
export async function withIndexView<Result>(
  folder: string,
  prefer: EnginePreference,
  use: (index: IndexStore | undefined) => Promise<Result>,
): Promise<Result> {
  const isThere = await access(folder, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!isThere) return await use(undefined);
  const view = await mkdtemp(join(tmpdir(), "opendxa-pubsub-"));
  try {
    await copyFolder(folder, view);
    const index = await openIndexStore({ folder: view, prefer, log: () => undefined });
    try {
      return await use(index);
    } finally {
      await index.close();
    }
  } finally {
    await rm(view, { recursive: true, force: true });
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  for (const item of await readdir(from, { withFileTypes: true })) {
    const source = join(from, item.name);
    const target = join(to, item.name);
    if (item.isDirectory()) {
      await mkdir(target);
      await copyFolder(source, target);
    } else if (IMMUTABLE.test(item.name)) {
      // Where it cannot be linked, such as on another file system, it is copied.
      await link(source, target).catch(() => copyFile(source, target));
    } else {
      await copyFile(source, target);
    }
  }
}
