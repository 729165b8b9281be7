import { join } from "node:path";
import { JournalError } from "./journal-error.js";
import {
  type JournalKind,
  type JournalMarker,
  LEVEL_FOLDER,
  readKind,
  writeKind,
} from "./journal-kind.js";
import {
  type OpenedJournal,
  type OpenSegmentJournalOptions,
  openSegmentJournal,
} from "./open-segment-journal.js";

/** How a journal of either kind is opened. */
export interface OpenJournalOptions extends OpenSegmentJournalOptions {
  /**
   * `segments`: files of its own, each payload is written once. `level`: inside LevelDB, on the
   * machine's own file system.
   */
  readonly kind: JournalKind;
}

/**
 * Opens the journal of a folder, or makes one of the wanted kind and records the kind in the
 * folder. Rejects with `other_kind` where the folder holds a journal of the other kind; else as
 * `openSegmentJournal`, with `locked` where another process has LevelDB open.
 */
export async function openJournal(options: OpenJournalOptions): Promise<OpenedJournal> {
  const { kind, disk, folder } = options;
  const marker = await readKind(disk, folder).catch((error: unknown) => {
    throw JournalError.from(error, `opening of ${folder}`);
  });
  if (marker !== undefined && marker.kind !== kind) throw otherKind(folder, marker.kind, kind);
  const opened = await open(options, marker?.id);
  const { id } = opened.journal;
  if (marker?.id === undefined) {
    try {
      await writeKind(disk, folder, { kind, id });
    } catch (error) {
      await opened.journal.close();
      throw JournalError.from(error, `recording of the kind of ${folder}`);
    }
  } else if (Buffer.compare(marker.id, id) !== 0) {
    await opened.journal.close();
    throw new JournalError(
      "corrupt",
      `The journal in ${folder} is not the one that was made there`,
    );
  }
  return opened;
}

async function open(
  options: OpenJournalOptions,
  knownId: JournalMarker["id"] | undefined,
): Promise<OpenedJournal> {
  if (options.kind === "segments") return await openSegmentJournal(options);
  // LevelDB's binary is loaded only where it serves.
  const { openLevelJournal } = await import("./open-level-journal.js");
  return await openLevelJournal({
    ...options,
    folder: join(options.folder, LEVEL_FOLDER),
    onFailure: options.onFailure ?? ((): void => undefined),
    ...(knownId === undefined ? {} : { knownId }),
  });
}

function otherKind(folder: string, found: JournalKind, wanted: JournalKind): JournalError {
  const message =
    `The journal in ${folder} is of kind "${found}", and "${wanted}" is configured. ` +
    `Nothing is converted: set the kind to "${found}", or give the "${wanted}" journal a new folder.`;
  return new JournalError("other_kind", message, { details: { folder, found, wanted } });
}
