import { join } from "node:path";
import type { Disk } from "./disk.js";
import { JournalError } from "./journal-error.js";
import { isSegmentName } from "./segment.js";

/** What a journal's folder holds: segment files, or a LevelDB database. */
export type JournalKind = "segments" | "level";

/** What a folder says of the journal in it. */
export interface JournalMarker {
  /** Which implementation wrote it. */
  readonly kind: JournalKind;
  /** The journal's id. */
  readonly id: Uint8Array;
}

/** Folder of a LevelDB database within the journal's. */
export const LEVEL_FOLDER = "leveldb";
/** File that says which journal a folder holds. */
export const MARKER_NAME = "journal.json";
const MARKER_DRAFT = `${MARKER_NAME}.new`;
const FORMAT = 1;

/**
 * Which journal a folder holds; undefined for none. Segments without a marker are a journal, too:
 * the marker is written after they are. Rejects with `corrupt` where the marker is damaged.
 */
export async function readKind(
  disk: Disk,
  folder: string,
): Promise<(Partial<JournalMarker> & Pick<JournalMarker, "kind">) | undefined> {
  if (!(await disk.exists(folder))) return undefined;
  const names = await disk.readdir(folder);
  if (!names.includes(MARKER_NAME))
    return names.some(isSegmentName) ? { kind: "segments" } : undefined;
  const file = await disk.open(join(folder, MARKER_NAME), "read");
  try {
    const bytes = Buffer.alloc(await file.size());
    await file.read(bytes, 0);
    const marker = parse(bytes.toString());
    if (marker !== undefined) return marker;
  } finally {
    await file.close();
  }
  throw new JournalError(
    "corrupt",
    `${MARKER_NAME} in ${folder} is damaged, or of another version`,
    {
      segment: MARKER_NAME,
      position: 0,
    },
  );
}

/** Records, durably, which journal a folder holds. */
export async function writeKind(disk: Disk, folder: string, marker: JournalMarker): Promise<void> {
  const { kind, id } = marker;
  const draft = join(folder, MARKER_DRAFT);
  if (await disk.exists(draft)) await disk.unlink(draft);
  const file = await disk.open(draft, "create");
  try {
    const text = JSON.stringify({ format: FORMAT, kind, id: Buffer.from(id).toString("hex") });
    await file.writev([Buffer.from(`${text}\n`)], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(draft, join(folder, MARKER_NAME));
  await disk.syncDirectory(folder);
}

function parse(text: string): JournalMarker | undefined {
  try {
    const { format, kind, id } = JSON.parse(text) as Record<string, unknown>;
    if (format !== FORMAT || (kind !== "segments" && kind !== "level")) return undefined;
    if (typeof id !== "string" || !/^[0-9a-f]{32}$/.test(id)) return undefined;
    return { kind, id: Buffer.from(id, "hex") };
  } catch {
    // Torn or foreign; the caller names it.
    return undefined;
  }
}
