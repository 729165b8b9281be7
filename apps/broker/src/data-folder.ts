import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { UNFINISHED_NAME } from "@opendxa/pubsub-engine";
import { FolderLock, JournalError } from "@opendxa/pubsub-journal";
import { EXIT_CODES, StartError } from "./exit-codes.js";

/** The data folder, locked for this process. */
export interface DataFolder {
  /** Absolute path. */
  readonly path: string;
  /** Its lock. */
  readonly lock: FolderLock;
}

/** Makes the folder where needed and takes its lock, before anything else touches it. */
export async function takeDataFolder(data: string): Promise<DataFolder> {
  const path = resolve(data);
  if (existsSync(join(path, UNFINISHED_NAME))) throw halfRestored(path);
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return { path, lock: await FolderLock.acquire(path) };
  } catch (error) {
    throw refusal(path, error);
  }
}

function halfRestored(path: string): StartError {
  const message =
    `The data folder ${path} holds a restore or repair that was cut off: ` +
    "remove what is in it and begin again; what it was made from is as it was.";
  return new StartError(EXIT_CODES.DATA_REFUSED, message);
}

function refusal(path: string, error: unknown): StartError {
  if (error instanceof JournalError && error.reason === "locked") {
    const owner = error.details["pid"];
    const message =
      `The data folder ${path} is in use by another broker (process ${owner}): ` +
      "stop that one, or name another folder with --data.";
    return new StartError(EXIT_CODES.FOLDER_LOCKED, message, error);
  }
  return folderUnwritable(path, error);
}

/** The refusal of a folder below the data folder, or of itself, that the system does not let be used. */
export function folderUnwritable(path: string, error: unknown): StartError {
  const { errno = 0, code } = error as NodeJS.ErrnoException;
  const [, words] = getSystemErrorMap().get(errno) ?? [undefined, String(error)];
  const why = code === undefined ? words : `${code}, ${words}`;
  const message =
    `The folder ${path} cannot be made or written (${why}): ` +
    "give this user the right to write there, or name another data folder with --data.";
  return new StartError(EXIT_CODES.FOLDER_UNWRITABLE, message, error);
}
