import { BackupError } from "@opendxa/pubsub-engine";
import { IndexStoreError } from "@opendxa/pubsub-index-store";
import { JournalError } from "@opendxa/pubsub-journal";
import { folderUnwritable } from "../data-folder.js";
import { EXIT_CODES, StartError } from "../exit-codes.js";

/** Runs an offline command; what the operator can solve becomes one sentence with its exit code. */
export async function orRefuse<Result>(
  folder: string,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw refusal(folder, error);
  }
}

function refusal(folder: string, error: unknown): unknown {
  if (error instanceof BackupError) {
    const isMistake = error.reason === "target_not_empty";
    const code = isMistake ? EXIT_CODES.BAD_CONFIG : EXIT_CODES.DATA_REFUSED;
    return new StartError(code, error.message, error);
  }
  if (error instanceof JournalError || error instanceof IndexStoreError) {
    return new StartError(EXIT_CODES.DATA_REFUSED, `${error.message}.`, error);
  }
  // A disk that is full or does not let write names itself; anything else is a fault.
  const isDisk = error instanceof Error && "syscall" in error && "code" in error;
  return isDisk ? folderUnwritable(folder, error) : error;
}
