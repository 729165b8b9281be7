import { join } from "node:path";
import { JournalAudit, type VerifyJournalOptions } from "./journal-audit.js";
import { JournalError } from "./journal-error.js";
import { fault } from "./journal-fault.js";
import {
  type JournalKind,
  type JournalMarker,
  LEVEL_FOLDER,
  MARKER_NAME,
  readKind,
} from "./journal-kind.js";
import { LevelAudit } from "./level-audit.js";
import type { AuditItem } from "./segment-audit.js";

/** Goes through a journal of either kind, read-only, whatever it finds. */
export interface OpenedAudit {
  /** Which kind it is. */
  readonly kind: JournalKind;
  /** The journal's id; undefined where nothing is left to tell it and the caller did not. */
  readonly journalId: Uint8Array | undefined;
  /** Oldest sequence that is there; 1 where nothing tells it. */
  readonly firstSequence: bigint;
  /** Newest sequence that was assigned, as far as the items so far tell. */
  readonly lastSequence: bigint;
  /** All sound entries, ascending, and all faults, each near the place where it lies. */
  items(): AsyncGenerator<AuditItem>;
}

/** Begins to look at a journal's folder. Rejects with `io_failed` where it cannot be read. */
export async function openAudit(options: VerifyJournalOptions): Promise<OpenedAudit> {
  const { disk, folder } = options;
  try {
    const marker = await markerOf(options);
    const kind = marker.kind ?? (await kindByFiles(options));
    const journalId = options.journalId ?? marker.id;
    const audit =
      kind === "segments"
        ? await JournalAudit.open({ disk, folder, ...(journalId && { journalId }) })
        : await LevelAudit.open({ disk, folder: join(folder, LEVEL_FOLDER), journalId });
    return withMarker(kind, audit, marker.isDamaged);
  } catch (error) {
    throw JournalError.from(error, `verification of ${folder}`);
  }
}

/** Files of the database by their path within the journal's folder. */
function below(item: AuditItem): AuditItem {
  if (item.kind === "entry" || item.fault.segment === LEVEL_FOLDER) return item;
  const segment = `${LEVEL_FOLDER}/${item.fault.segment}`;
  return { kind: "fault", fault: { ...item.fault, segment } };
}

interface FoundMarker extends Partial<JournalMarker> {
  readonly isDamaged: boolean;
}

async function markerOf({ disk, folder }: VerifyJournalOptions): Promise<FoundMarker> {
  try {
    return { ...(await readKind(disk, folder)), isDamaged: false };
  } catch {
    // Damaged, or on a page that the disk refuses to read: the files tell the kind.
    return { isDamaged: true };
  }
}

/** The kind of a folder without a marker. */
async function kindByFiles({ disk, folder }: VerifyJournalOptions): Promise<JournalKind> {
  return (await disk.exists(join(folder, LEVEL_FOLDER))) ? "level" : "segments";
}

function withMarker(
  kind: JournalKind,
  audit: Omit<OpenedAudit, "kind">,
  isDamaged: boolean,
): OpenedAudit {
  return {
    kind,
    journalId: audit.journalId,
    firstSequence: audit.firstSequence,
    get lastSequence() {
      return audit.lastSequence;
    },
    async *items() {
      if (isDamaged) {
        const place = { segment: MARKER_NAME, position: 0, bytes: 0 };
        const message = `${MARKER_NAME}, which says how the journal is kept, is damaged`;
        yield { kind: "fault", fault: fault("marker_damaged", message, place) };
      }
      for await (const item of audit.items()) yield kind === "level" ? below(item) : item;
    },
  };
}
