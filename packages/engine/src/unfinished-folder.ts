import { type Disk, ensureFolder } from "@opendxa/pubsub-journal";
import { BackupError } from "./backup-error.js";

/** File in a data folder that is being filled; it goes last, and no broker serves it before. */
export const UNFINISHED_NAME = "restore.unfinished";

/** What is no content of a folder: the lock, and what file systems put at their root. */
const NO_CONTENT: readonly string[] = ["lock.owner", "lock.file", "lost+found"];

/** Throws BackupError `target_not_empty` where a folder holds anything. */
export async function requireEmpty(disk: Disk, folder: string): Promise<void> {
  if (!(await disk.exists(folder))) return;
  const names = (await disk.readdir(folder)).filter((name) => !NO_CONTENT.includes(name));
  if (names.length === 0) return;
  const why = names.includes(UNFINISHED_NAME)
    ? "holds a restore or repair that was cut off: remove what is in it and begin again"
    : "is not empty: nothing is ever overwritten, so name a new one";
  throw new BackupError("target_not_empty", `The folder ${folder} ${why}.`);
}

/**
 * Fills an empty folder so that it is used whole or not at all: until `fill` is done, and after an
 * error, it holds `restore.unfinished`. Throws `target_not_empty`, and what `fill` throws.
 */
export async function fillFolder(
  disk: Disk,
  folder: string,
  fill: () => Promise<void>,
): Promise<void> {
  await requireEmpty(disk, folder);
  await ensureFolder(disk, folder);
  const marker = `${folder}/${UNFINISHED_NAME}`;
  await (await disk.open(marker, "create")).close();
  await disk.syncDirectory(folder);
  await fill();
  await disk.unlink(marker);
  await disk.syncDirectory(folder);
}
